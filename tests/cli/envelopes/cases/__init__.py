"""One module for each command, named like its schema: `args` prepares what it needs and says what is called."""
