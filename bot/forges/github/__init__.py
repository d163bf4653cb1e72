"""GitHub as the place that a review comes from and is reported to."""
