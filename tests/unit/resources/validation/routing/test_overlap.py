import pytest

from support.verdicts import verdicts

TO = "route: [{destination: {host: a}}]"
BELOW = f"{{match: [{{uri: {{prefix: /b/c}}}}], {TO}}}"


@pytest.mark.parametrize(
    ("routes", "found"),
    [
        (f"{{match: [{{uri: {{prefix: /b}}}}], {TO}}}, {{{TO}}}", []),
        (f"{{{TO}}}, {{{TO}}}", ["warning unreachable-rule spec.http[1]"]),
        (f"{{{TO}}}, {{match: [{{uri: {{prefix: /b}}}}], {TO}}}", ["warning unreachable-rule spec.http[1]"]),
        (
            f"{{match: [{{uri: {{prefix: /b}}}}], {TO}}}, {{match: [{{name: x, uri: {{prefix: /b}}}}], {TO}}}",
            ["warning unreachable-match spec.http[1].match[0]", "warning unreachable-rule spec.http[1]"],
        ),
        (
            f"{{match: [{{uri: {{prefix: /b}}}}], {TO}}}, {{match: [{{uri: {{prefix: /b/c}}}}], {TO}}}",
            ["warning unreachable-match spec.http[1].match[0].uri.prefix"],
        ),
        (f"{{match: [{{uri: {{prefix: /b/c}}}}], {TO}}}, {{match: [{{uri: {{prefix: /b}}}}], {TO}}}", []),
        (f"{{match: [{{uri: {{prefix: /b}}, port: 1}}], {TO}}}, {{match: [{{uri: {{prefix: /b/c}}}}], {TO}}}", []),
        (
            f"{{match: [{{uri: {{prefix: /b}}, headers: {{x: {{exact: y}}}}}}], {TO}}}, {BELOW}",
            [],
        ),
        (
            f"{{match: [{{uri: {{prefix: /b}}, method: {{exact: PUT}}}}], {TO}}}, {BELOW}",
            [],
        ),
    ],
)
def test_rules_that_are_never_used(routes: str, found: list[str]) -> None:
    assert verdicts("VirtualService", f"{{hosts: [a], http: [{routes}]}}") == found
