"""The durable, append-only record of runs, attempts, results and decisions, on SQLite or PostgreSQL."""
