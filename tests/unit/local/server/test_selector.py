"""Selectors as kubectl takes them."""

import pytest

from pillion.local.server.selector import SelectorError, parse, selects
from pillion.value import FrozenMap

WEB = FrozenMap({"app": "web", "tier": "front", "example.com/zone": "a", "empty": ""})


@pytest.mark.parametrize(
    "text",
    [
        "", "app=web", "app==web", "app = web", "app!=api", "other!=web", "app", "!other", "app in (web,api)",
        "app in (api, web),tier", "app notin (api)", "other notin (web)", "example.com/zone=a", "empty=",
        "app=web,tier=front",
    ],
)  # fmt: skip
def test_these_select(text: str) -> None:
    assert selects(parse(text), WEB)


@pytest.mark.parametrize(
    "text",
    ["app=api", "app!=web", "other", "!app", "app in (api)", "app notin (web,api)", "app=web,tier=back", "nonsense"],
)
def test_these_do_not(text: str) -> None:
    assert not selects(parse(text), WEB)


@pytest.mark.parametrize(
    "text", ["=web", "app=web=x", "app in web", "app in (web", "app=web,", "a b", "app=a b", "app in (a b)", "-app=web"]
)
def test_these_are_none(text: str) -> None:
    with pytest.raises(SelectorError, match="is no label selector"):
        parse(text)
