"""A door: the command line. Translates arguments to use cases and results to words and exit codes."""
