"""nbci: run the Jupyter notebooks a change affects, and report on each."""
