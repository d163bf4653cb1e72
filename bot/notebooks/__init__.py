"""What nbci knows of notebooks: running one, reading what happened, showing it."""
