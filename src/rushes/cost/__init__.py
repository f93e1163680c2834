"""Money before a run: quotes to an estimate with its unknowns listed."""
