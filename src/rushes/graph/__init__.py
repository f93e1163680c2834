"""Workflow to plan: topology, rows, keys, what is reused and why. Pure: it is handed what is known."""
