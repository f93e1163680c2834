"""The simulator: a local server that speaks providers' real wire protocols, keeps books, and can be made to fail."""
