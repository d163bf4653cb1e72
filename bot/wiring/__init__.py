"""The one place where real objects are built."""
