"""All of sprig's functions, as a mapping for `template.parse`."""

from collections.abc import Mapping

from pillion.inject.gotemplate.functions import Function
from pillion.inject.gotemplate.sprig import (
    casing,
    dates,
    defaults,
    dicts,
    encoding,
    json,
    lists,
    numbers,
    paths,
    regex,
    semver,
    strings,
    unavailable,
    urls,
)

FUNCTIONS: Mapping[str, Function] = {
    **strings.FUNCTIONS,
    **casing.FUNCTIONS,
    **lists.FUNCTIONS,
    **dates.FUNCTIONS,
    **dicts.FUNCTIONS,
    **numbers.FUNCTIONS,
    **defaults.FUNCTIONS,
    **json.FUNCTIONS,
    **encoding.FUNCTIONS,
    **paths.FUNCTIONS,
    **regex.FUNCTIONS,
    **semver.FUNCTIONS,
    **urls.FUNCTIONS,
    **unavailable.FUNCTIONS,
}
"""sprig's functions; those that need randomness, keys, a network or a clock refuse to be called."""
