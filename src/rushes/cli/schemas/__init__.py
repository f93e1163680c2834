"""What each command prints with `--json`: a JSON Schema a command, as data. `rushes schema COMMAND` prints them."""
