"""A process that judges big resources: reviews come in on standard input, rulings go out, until input ends.

A frame is four bytes of length, and a review's body or a ruling as msgpack.
"""

import sys
from typing import BinaryIO

import msgspec

from pillion.controlplane.validation.review import rule

LENGTH = 4


def work(reviews: BinaryIO, rulings: BinaryIO) -> None:
    """Rule until there are no more reviews."""
    while len(head := reviews.read(LENGTH)) == LENGTH:
        content = msgspec.msgpack.encode(rule(reviews.read(int.from_bytes(head, "big"))))
        rulings.write(len(content).to_bytes(LENGTH, "big") + content)
        rulings.flush()


if __name__ == "__main__":
    work(sys.stdin.buffer, sys.stdout.buffer)
