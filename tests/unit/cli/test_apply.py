from typing import Any

import pytest

from pillion.cli.apply import print_reach


def _answer(*results: str, told: int = 0, proxies: int = 3, **more: Any) -> dict[str, Any]:
    named = [dict(zip(("resource", "action"), each.rsplit(" ", 1), strict=True)) for each in results]
    return {"results": named, "told": told, "proxies": proxies, "seconds": 0.007, "waiting": [], "refused": {}, **more}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (_answer("Sidecar shop/a created", told=2), "in force at 2 proxies after 7 ms\n"),
        (_answer("Sidecar shop/a created", told=1), "in force at 1 proxy after 7 ms\n"),
        (_answer("Sidecar shop/a created"), "changes nothing at any proxy\n"),
        (_answer("Sidecar shop/a created", proxies=0), "no proxy is connected\n"),
        (_answer("ProxyConfig shop/a created"), "a ProxyConfig counts for pods that start from now on\n"),
        (_answer("ProxyConfig shop/a unchanged"), "changes nothing at any proxy\n"),
        (
            _answer("ProxyConfig shop/a configured", "Sidecar shop/a created", told=3),
            "in force at 3 proxies after 7 ms\na ProxyConfig counts for pods that start from now on\n",
        ),
        (_answer("Deployment shop/a created"), "proxies are told of pods when these start or stop\n"),
    ],
)
def test_only_those_that_are_told_something_else_count(
    answer: dict[str, Any], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    print_reach(answer)
    assert capsys.readouterr() == (said, "")


def test_who_has_not_taken_it_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    print_reach(_answer("Sidecar shop/a created", told=2, waiting=["shop/web-1"]))
    assert capsys.readouterr() == ("", "in force at 1 of 2; waiting for shop/web-1\n")
