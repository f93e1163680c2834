"""Rich's console, except that a closed pipe is said to the caller and ends no process by itself."""

from __future__ import annotations

from rich import console


class Console(console.Console):
    """Raises BrokenPipeError once, when whoever reads the output has gone, and is quiet after that."""

    def on_broken_pipe(self) -> None:
        """Called by rich while it handles the error."""
        self.quiet = True
        raise BrokenPipeError
