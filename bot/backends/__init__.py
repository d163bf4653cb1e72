"""Places where notebooks run."""
