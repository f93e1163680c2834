"""Rushes: a build system for generated media."""
