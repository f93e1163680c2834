"""The rules, one class each, in the files of their kind."""
