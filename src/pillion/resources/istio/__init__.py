"""Istio's resources, field for field after its API.

A field that a user left out holds the API's default: `None` for a message, wrapper or member of a oneof, `()` for a
list, the empty map for a map, the zero for a scalar, the zero's name for an enum. A class may carry `ONEOFS`: groups
of fields (by Python name) of which a user may set one; and `ALIASES`: fields that may be spelt as here, too.
"""
