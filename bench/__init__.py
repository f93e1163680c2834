"""Benchmarks: `python -m bench` runs all, `python -m bench NAME...` some. Each file measures one promise."""
