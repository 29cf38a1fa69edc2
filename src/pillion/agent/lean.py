"""Keep the agent small: every pod of a mesh pays for what it imports."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import cast


@contextmanager
def without_tls() -> Generator[None, None, None]:
    """Import asyncio inside without `ssl`, as on a Python that was built without it: a sixth of the agent's memory.

    Nothing is changed if `ssl` is there already.
    """
    if "ssl" in sys.modules:
        yield
        return
    modules = cast(dict[str, object], sys.modules)
    modules["ssl"] = None
    try:
        yield
    finally:
        del modules["ssl"]
