"""Places where the files of a review come from."""
