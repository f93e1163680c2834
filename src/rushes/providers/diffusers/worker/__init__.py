"""The other process: only `paint` imports torch, and it runs nowhere else."""
