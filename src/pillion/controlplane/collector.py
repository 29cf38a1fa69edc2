"""When Python looks for circles among the objects of a control plane: seldom, since nearly all of them stay.

What is decoded and built has no circles. A full look costs tens of milliseconds a hundred thousand objects, in the
middle of a push.
"""

import ctypes
import gc


def spare() -> None:
    """Look rarely from now on; for the process of a control plane alone."""
    gc.set_threshold(50_000, 20, 100)


def settle() -> None:
    """Look once more, and never again at what is there now; to be called when the first world is told.

    What listing the cluster took and left goes back to the system: glibc keeps it by itself.
    """
    gc.collect()
    gc.freeze()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:  # another C library has no such function
        trim(0)
