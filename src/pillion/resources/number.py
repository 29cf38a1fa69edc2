"""Whole numbers with the ranges that protobuf and Kubernetes give them."""

from typing import Annotated, TypeAlias

import msgspec

Unsigned: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]
"""An unsigned number of 32 bits: limits, percentages, and ports where Istio checks them itself."""
Signed: TypeAlias = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
"""A number of 32 bits, where a negative one means that nothing is set."""
Natural: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
"""A number of 32 bits that Istio refuses when it is negative."""
Size: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
"""An unsigned number of 64 bits, as far as one can be told from a negative one."""
PortNumber: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**16 - 1)]
"""A port; 0 where none is set."""
