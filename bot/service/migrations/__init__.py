"""The revisions of the database, each of which the version before it can still work with."""
