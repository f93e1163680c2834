"""Advice on a document: one class per rule, each its own documentation."""
