"""Which notebooks a change makes us run, and why: decided from files that are read, never run."""
