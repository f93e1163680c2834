"""`ai-content-pipeline` and `aicp`: the YAML suite's own command line, as a thin face over the same use cases."""
