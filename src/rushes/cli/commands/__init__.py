"""The commands: flags to a use case, its answer to words. Each module is loaded when one of its commands is named."""
