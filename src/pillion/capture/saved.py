"""What iptables-save says, compared with a plan.

The kernel does not give rules back as they were put in: `--set-mark 1337` comes back as `--set-xmark 0x539/0xffffffff`,
networks lose their host bits, matches change places. So both sides are brought into one form first. Inside our chains
everything is ours and order counts; in the chains of others our rules must be there, in order, among whatever else is.
"""

import ipaddress
from collections import Counter
from collections.abc import Mapping

from pillion.capture import iptables
from pillion.capture.model import OURS, Family, Rule, RuleSet
from pillion.value import FrozenMap, Value

Form = frozenset[tuple[str, bool, str]]
Chain = tuple[str, str]
"""`(table, chain)`."""

NO_IDS: FrozenMap[str] = FrozenMap()
EVERYTHING = {"0.0.0.0/0", "::/0"}
IMPLIED = {("--on-ip", "0.0.0.0"), ("--on-ip", "::"), ("--nfmask", "0xffffffff"), ("--ctmask", "0xffffffff")}  # noqa: S104
SYNONYMS = {"--to-port": "--to-ports", "--set-mark": "--set-xmark"}
MARKS = {"--mark", "--set-xmark", "--tproxy-mark"}


class SavedState(Value):
    """The rules of one IP family, as iptables-save printed them."""

    chains: tuple[Chain, ...] = ()
    """Chains of ours."""
    rules: tuple[tuple[str, str, str], ...] = ()
    """`(table, chain, line)` of all rules, ours and others'; the line without its table."""


class Comparison(Value):
    """How a plan and the kernel differ; lines are written with their table, `nat: -A OUTPUT -j ISTIO_OUTPUT`."""

    missing: tuple[str, ...] = ()
    """Planned and not there."""
    foreign: tuple[str, ...] = ()
    """In our chains, or leading there, and not planned."""
    misplaced: tuple[str, ...] = ()
    """Chains that have the right rules in the wrong order."""
    residue: bool = False
    """Whether chains of ours are there at all."""

    @property
    def equal(self) -> bool:
        """Whether nothing is to be done."""
        return not (self.missing or self.foreign or self.misplaced)


def parse(text: str) -> SavedState:
    """Read the output of iptables-save."""
    chains: list[Chain] = []
    rules: list[tuple[str, str, str]] = []
    table = ""
    for line in text.splitlines():
        if line.startswith("*"):
            table = line[1:].strip()
        elif line.startswith(f":{OURS}"):
            chains.append((table, line[1:].split(" ", 1)[0]))
        elif line.startswith("-A "):
            rules.append((table, line.split(" ", 2)[1], line))
    return SavedState(chains=tuple(chains), rules=tuple(rules))


def compare(plan: RuleSet, family: Family, state: SavedState, ids: FrozenMap[str] = NO_IDS) -> Comparison:
    """Say what is missing, foreign and misplaced; `ids` resolves the names of groups to numbers."""
    expected = _expected(plan.of_family(family))
    actual: dict[Chain, list[str]] = {chain: [] for chain in state.chains}
    for table, chain, line in state.rules:
        actual.setdefault((table, chain), []).append(line)
    missing: list[str] = []
    foreign: list[str] = []
    misplaced: list[str] = []
    for chain in dict.fromkeys((*expected, *actual)):
        wanted, present = expected.get(chain, []), actual.get(chain, [])
        if chain[1].startswith(OURS):
            if chain in expected and chain not in actual and not wanted:
                missing.append(f"{chain[0]}: -N {chain[1]}")
            if chain not in expected and not present:
                foreign.append(f"{chain[0]}: -N {chain[1]}")
            mine = present
        else:
            mine = _guests(wanted, present, ids)
        wanted_forms, forms = [form(line, ids) for line in wanted], [form(line, ids) for line in mine]
        missing += _without(chain, wanted, wanted_forms, forms)
        foreign += _without(chain, mine, forms, wanted_forms)
        if wanted_forms != forms and Counter(wanted_forms) == Counter(forms):
            misplaced.append(f"{chain[0]}: {chain[1]}")
    return Comparison(
        missing=tuple(missing), foreign=tuple(foreign), misplaced=tuple(misplaced), residue=bool(state.chains)
    )


def removal_text(plan: RuleSet, family: Family, state: SavedState, ids: FrozenMap[str] = NO_IDS) -> str:
    """Return input for `iptables-restore --noflush` that takes out what is ours and no more; empty if nothing is.

    Ours are all chains of our prefix, the rules of other chains that jump there, and the planned rules of other chains.
    """
    expected = _expected(plan.of_family(family))
    lines: dict[str, list[str]] = {}
    others = dict.fromkeys((table, chain) for table, chain, _ in state.rules if not chain.startswith(OURS))
    for table, chain in others:
        present = [line for at, name, line in state.rules if (at, name) == (table, chain)]
        for line in _guests(expected.get((table, chain), []), present, ids):
            lines.setdefault(table, []).append("-D" + line[2:])
    for command in ("-F", "-X"):
        for table, chain in state.chains:
            lines.setdefault(table, []).append(f"{command} {chain}")
    return "".join(
        f"*{table}\n" + "".join(f"{line}\n" for line in lines[table]) + "COMMIT\n" for table in sorted(lines)
    )


def form(line: str, ids: Mapping[str, str] = NO_IDS) -> Form:
    """Return the meaning of a rule (`-A CHAIN ...`), however it is spelled."""
    found: set[tuple[str, bool, str]] = set()
    words = line.split(" ")[2:]
    negated = False
    index = 0
    while index < len(words):
        option = SYNONYMS.get(words[index], words[index])
        index += 1
        if option == "!":
            negated = True
            continue
        values: list[str] = []
        while index < len(words) and not words[index].startswith("-") and words[index] != "!":
            values.append(words[index])
            index += 1
        value = _value(option, " ".join(values), ids)
        if option != "-m" and (option, value) not in IMPLIED and not (option in {"-s", "-d"} and value in EVERYTHING):
            found.add((option, negated, value))
        negated = False
    return frozenset(found)


def _value(option: str, value: str, ids: Mapping[str, str]) -> str:
    if option in {"-s", "-d"}:
        return str(ipaddress.ip_network(value, strict=False))
    if option in MARKS:
        return str(int(value.removesuffix("/0xffffffff"), 0))
    if option == "--ctstate":
        return ",".join(sorted(value.split(",")))
    if option in {"--gid-owner", "--uid-owner"}:
        return ids.get(value, value)
    return value


def _expected(rules: tuple[Rule, ...]) -> dict[Chain, list[str]]:
    """Return the lines of each chain as they stand when all rules are in."""
    chains: dict[Chain, list[str]] = {chain: [] for chain in iptables.chains(rules)}
    for rule in rules:
        lines = chains.setdefault((rule.table, rule.chain), [])
        line = " ".join(("-A", rule.chain, iptables.line(rule).split(f" {rule.chain} ", 1)[1]))
        if rule.position is None:
            lines.append(line)
        else:
            lines.insert(rule.position - 1, line.replace(f" {rule.position} ", " ", 1))
    return chains


def _guests(wanted: list[str], present: list[str], ids: Mapping[str, str]) -> list[str]:
    """Return the lines of another's chain that are ours: those that jump to us, and the planned ones, each once."""
    left = Counter(form(line, ids) for line in wanted)
    found: list[str] = []
    for line in present:
        meaning = form(line, ids)
        if f" -j {OURS}" in line or left[meaning] > 0:
            left[meaning] -= 1
            found.append(line)
    return found


def _without(chain: Chain, lines: list[str], forms: list[Form], others: list[Form]) -> list[str]:
    left = Counter(others)
    found: list[str] = []
    for line, meaning in zip(lines, forms, strict=True):
        if left[meaning] > 0:
            left[meaning] -= 1
        else:
            found.append(f"{chain[0]}: {line}")
    return found
