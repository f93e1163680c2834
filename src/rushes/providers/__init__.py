"""Providers, one file each, loaded only when named."""
