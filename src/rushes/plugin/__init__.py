"""Contracts: all that the author of a provider, a check, a file format or a blob store ever imports."""
