"""Text to workflow: one small file per format, all problems at once, hostile input bounded."""
