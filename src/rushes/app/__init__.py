"""Use cases: the one surface that all doors share."""
