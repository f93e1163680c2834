"""Content-addressed bytes: kept whole, named by digest, probed for their media facts."""
