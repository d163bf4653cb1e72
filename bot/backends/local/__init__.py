"""This machine as a place where notebooks run."""
