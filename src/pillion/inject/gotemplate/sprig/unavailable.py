"""sprig's functions that a pure engine cannot have: randomness, keys and certificates, the network, the machine.

They are defined, so that a template that has them in a branch it never takes still parses; to call one is an error. The
environment is empty: `env` gives nothing, as it should to somebody else's template.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pillion.inject.gotemplate.errors import FunctionError
from pillion.inject.gotemplate.functions import Function

_RANDOM = {
    **dict.fromkeys(("randAlphaNum", "randAlpha", "randAscii", "randNumeric"), "func(int) string"),
    "randBytes": "func(int) string",
    "randInt": "func(int, int) int",
    "shuffle": "func(string) string",
    "uuidv4": "func() string",
    "bcrypt": "func(string) string",
    "htpasswd": "func(string, string) string",
    "genPrivateKey": "func(string) string",
    "genCA": "func(string, int) sprig.certificate",
    "genCAWithKey": "func(string, int, string) sprig.certificate",
    "genSelfSignedCert": "func(string, []interface {}, []interface {}, int) sprig.certificate",
    "genSelfSignedCertWithKey": "func(string, []interface {}, []interface {}, int, string) sprig.certificate",
    "genSignedCert": "func(string, []interface {}, []interface {}, int, sprig.certificate) sprig.certificate",
    "genSignedCertWithKey": (
        "func(string, []interface {}, []interface {}, int, sprig.certificate, string) sprig.certificate"
    ),
    "encryptAES": "func(string, string) string",
}
_CRYPTOGRAPHY = {
    "decryptAES": "func(string, string) string",
    "derivePassword": "func(uint32, string, string, string, string) string",
    "buildCustomCert": "func(string, string) sprig.certificate",
}


def _refusing(reason: str) -> Callable[..., Any]:
    def refuse(*_values: Any) -> Any:
        raise FunctionError(reason)

    return refuse


def _environment(_name: str) -> str:
    return ""


def _expanded(text: str) -> str:
    """Replace `$name` and `${name}` by nothing."""
    found: list[str] = []
    at = 0
    while True:
        dollar = text.find("$", at)
        if dollar < 0 or dollar + 1 >= len(text):
            return "".join([*found, text[at:]])
        found.append(text[at:dollar])
        at = _after_name(text, dollar + 1)
        if at == dollar + 1:
            found.append("$")


def _after_name(text: str, at: int) -> int:
    if text[at] == "{":
        close = text.find("}", at)
        return close + 1 if close > at + 1 else at + 1 if close < 0 else close + 1
    if text[at] in "*#$@!?-0123456789":
        return at + 1
    while at < len(text) and text[at].isascii() and (text[at].isalnum() or text[at] == "_"):
        at += 1
    return at


FUNCTIONS: Mapping[str, Function] = {
    **{name: Function(_refusing("randomness is not available here"), kind) for name, kind in _RANDOM.items()},
    **{name: Function(_refusing("cryptography is not available here"), kind) for name, kind in _CRYPTOGRAPHY.items()},
    "getHostByName": Function(_refusing("the network is not available here"), "func(string) string"),
    "env": Function(_environment, "func(string) string"),
    "expandenv": Function(_expanded, "func(string) string"),
}
