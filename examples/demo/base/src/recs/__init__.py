"""Recommending films from ratings."""
