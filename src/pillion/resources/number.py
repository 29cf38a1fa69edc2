"""Whole numbers with the ranges that protobuf gives them."""

from typing import Annotated, TypeAlias

import msgspec

Unsigned: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]
"""An unsigned number of 32 bits: ports, limits, percentages."""
