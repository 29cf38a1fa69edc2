"""What the agent says on standard error."""

import sys


def say(message: str) -> None:
    """Write one line."""
    sys.stderr.write(f"agent: {message}\n")
    sys.stderr.flush()
