"""Time: the only floor where things happen one after another. It never sees a file format and names no vendor."""
