"""YAML files of a mesh, mutated: half of them still right, the others wrong in the ways in which people are."""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import yaml

from pillion.resources.meta import Ref

Document = dict[str, Any]


class Mutant(NamedTuple):
    """A file's text."""

    what: str
    text: str
    ref: Ref
    is_right: bool


def mutants(seed: int, count: int) -> Iterator[Mutant]:
    """Make that many files, every other one right; each declares a resource of its own in namespace `junk`."""
    chance = random.Random(seed)
    for number in range(count):
        is_right = number % 2 == 0
        base = chance.choice(BASES)(f"r{number}", chance)
        change = chance.choice(RIGHT if is_right else WRONG)
        ref = Ref(kind=base["kind"], namespace="junk", name=f"r{number}")
        yield Mutant(change.__name__, change(base, chance), ref, is_right)


def service(name: str, chance: random.Random) -> Document:
    port = {"name": "http", "port": chance.randrange(9000, 60000), "targetPort": 8080}
    return _document("v1", "Service", name, {"selector": {"app": name}, "ports": [port]})


def sidecar(name: str, chance: random.Random) -> Document:
    hosts = chance.sample(["./*", "shop/*", "callers/*", "*/*.example.org", "~/*"], 1)
    spec = {"workloadSelector": {"labels": {"app": name}}, "egress": [{"hosts": hosts}]}
    return _document("networking.istio.io/v1", "Sidecar", name, spec)


def service_entry(name: str, chance: random.Random) -> Document:
    port = {"number": chance.randrange(9000, 60000), "name": "http", "protocol": chance.choice(["HTTP", "TCP", "TLS"])}
    spec = {"hosts": [f"{name}.example.org"], "ports": [port], "resolution": "STATIC",
            "endpoints": [{"address": "192.0.2.7"}]}  # fmt: skip
    return _document("networking.istio.io/v1", "ServiceEntry", name, spec)


BASES: tuple[Callable[[str, random.Random], Document], ...] = (service, sidecar, service_entry)


def _document(version: str, kind: str, name: str, spec: Document) -> Document:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": "junk"}, "spec": spec}


def as_it_is(document: Document, chance: random.Random) -> str:
    return yaml.safe_dump(document, sort_keys=False)


def more_metadata(document: Document, chance: random.Random) -> str:
    document["metadata"]["labels"] = {f"key-{chance.randrange(99)}": "on", "empty": ""}
    document["metadata"]["annotations"] = {"note": "\u00fcber: # not a comment\nand a line more"}
    return yaml.safe_dump(document, allow_unicode=chance.random() < 0.5)


def as_json(document: Document, chance: random.Random) -> str:
    return json.dumps(document, indent=chance.choice([None, 2, 4]))


def as_flow(document: Document, chance: random.Random) -> str:
    return yaml.safe_dump(document, default_flow_style=True, width=40)


def with_comments(document: Document, chance: random.Random) -> str:
    lines = yaml.safe_dump(document).splitlines()
    for _ in range(4):
        lines.insert(chance.randrange(len(lines)), "# a remark: with [brackets and 'quotes")
    return "---\n" + "\n".join(lines) + "\n---\n# nothing\n...\n"


def with_other_line_ends(document: Document, chance: random.Random) -> str:
    return yaml.safe_dump(document).replace("\n", "\r\n")


def quoted(document: Document, chance: random.Random) -> str:
    return yaml.safe_dump(document, default_style=None).replace("kind: ", "'kind': ").replace("spec:", '"spec":')


RIGHT = (as_it_is, more_metadata, as_json, as_flow, with_comments, with_other_line_ends, quoted)


def typo(document: Document, chance: random.Random) -> str:
    part = document if chance.random() < 0.3 else document["spec"]
    name = chance.choice([key for key in part if key not in {"metadata", "hosts"}])
    at = chance.randrange(1, len(name))
    wrong = chance.choice([name[:at] + name[at - 1] + name[at:], name[:at] + name[at + 1 :] or "x", name.upper()])
    part[wrong] = part.pop(name)
    return yaml.safe_dump(document, sort_keys=False)


def wrong_type(document: Document, chance: random.Random) -> str:
    part: Document = chance.choice([document, document["spec"]])
    name = chance.choice(list(part))
    wrong = [5, "a text", [1, 2]] if isinstance(part[name], dict) else [{"a": "map"}, [[{}]], True]
    part[name] = chance.choice(wrong)
    return yaml.safe_dump(document, sort_keys=False)


def cut(document: Document, chance: random.Random) -> str:
    text = json.dumps(document, indent=1)
    return text[: chance.randrange(20, len(text) - 3)]


def badly_indented(document: Document, chance: random.Random) -> str:
    lines = yaml.safe_dump(document, sort_keys=False).splitlines()
    inner = [number for number, line in enumerate(lines) if line.startswith(" ")]
    at = chance.choice(inner)
    lines[at] = "\t" + lines[at].lstrip()
    return "\n".join(lines) + "\n"


def odd_host(document: Document, chance: random.Random) -> str:
    odd = chance.choice(["a b", "ex..ample", "-", "x" * 300, "*/*/*", "//", "\u2603.org"])
    spec = document["spec"]
    if "egress" in spec:
        spec["egress"][0]["hosts"] = [chance.choice([odd, "no-slash", f"junk/{odd}"])]
    elif "hosts" in spec:
        spec["hosts"] = [odd]
    else:
        spec["ports"][0]["name"] = odd
    return yaml.safe_dump(document)


def wrong_port(document: Document, chance: random.Random) -> str:
    wrong = chance.choice([0, -1, 65536, 10**9, 10**30, "http", 80.5, None, True])
    spec = document["spec"]
    if "egress" in spec:
        spec["egress"][0]["port"] = {"number": wrong, "protocol": "HTTP", "name": "x"}
    else:
        spec["ports"][0]["number" if "hosts" in spec else "port"] = wrong
    return yaml.safe_dump(document)


def no_name(document: Document, chance: random.Random) -> str:
    document["metadata"] = chance.choice([{}, None, {"name": ""}, {"name": 7}, {"name": "x" * 300}, {"name": "A b/c"}])
    return yaml.safe_dump(document)


def not_text(document: Document, chance: random.Random) -> str:
    return yaml.safe_dump(document) + chance.choice(["\x00\x01\n", "spec: {}\n", "  - [\n", "&a *b !c\n", "%YAML 9\n"])


WRONG = (typo, wrong_type, cut, badly_indented, odd_host, wrong_port, no_name, not_text)
