"""The ledger room: every fact a run records, once, in SQLite or PostgreSQL, and what can be read back from it."""
