"""Values: what a workflow, a request, an artifact, an event *is*. No I/O, no clock, no async."""
