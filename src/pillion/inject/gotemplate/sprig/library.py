"""All of sprig's functions, as a mapping for `template.parse`."""

from collections.abc import Mapping

from pillion.inject.gotemplate.functions import Function
from pillion.inject.gotemplate.sprig import defaults, lists, numbers, strings

FUNCTIONS: Mapping[str, Function] = {
    **strings.FUNCTIONS,
    **lists.FUNCTIONS,
    **numbers.FUNCTIONS,
    **defaults.FUNCTIONS,
}
"""sprig's functions that need neither a clock, nor randomness, nor the machine."""
