"""Checks on results, one file each."""
