"""The two consoles of every command: what it says goes to `out`; what it is at, and what went wrong, to `err`."""

from rich.console import Console

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)
