"""The GitHub Action: a workflow step as a way into nbci."""
