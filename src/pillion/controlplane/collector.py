"""When Python looks for circles among the objects of a control plane: seldom, since nearly all of them stay.

What is decoded and built has no circles. A full look costs tens of milliseconds a hundred thousand objects, in the
middle of a push.
"""

import gc


def spare() -> None:
    """Look rarely from now on; for the process of a control plane alone."""
    gc.set_threshold(50_000, 20, 100)


def settle() -> None:
    """Look once more, and never again at what is there now; to be called when the first world is told."""
    gc.collect()
    gc.freeze()
