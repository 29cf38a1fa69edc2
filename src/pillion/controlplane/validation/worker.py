"""A process that judges big resources: reviews come in on standard input, rulings go out, until input ends.

A frame holds a review's body, or a ruling as msgpack.
"""

import sys
from typing import BinaryIO

import msgspec

from pillion.controlplane.frames import framed, frames
from pillion.controlplane.validation.review import rule


def work(reviews: BinaryIO, rulings: BinaryIO) -> None:
    """Rule until there are no more reviews."""
    for body in frames(reviews):
        rulings.write(framed(msgspec.msgpack.encode(rule(body))))
        rulings.flush()


if __name__ == "__main__":
    work(sys.stdin.buffer, sys.stdout.buffer)
