"""The tools that Rushes is tested with, shipped for authors of providers, checks and stores."""
