"""Put a capture's rules in, check them, take them out: the only part of this room that changes anything.

All of one IP family goes in by one iptables-restore; what cannot go in whole is taken out again. A second apply of the
same capture finds its rules and changes nothing. Rules of an earlier, different capture are replaced only when asked to
(`reconcile`), in the same stroke as the new ones come in: no moment without capture, which is what Istio has guardrails
for.
"""

import contextlib
import os
import subprocess
from typing import Literal

from pillion.capture import environment, iptables, nftables, ranges, saved
from pillion.capture.config import Config
from pillion.capture.model import Family, RuleSet
from pillion.capture.plan import plan
from pillion.value import FrozenMap, Value

FAMILIES: tuple[Family, ...] = (4, 6)
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SCRATCH = "nft -f - && nft -s list ruleset inet"
ALL_HOSTS: dict[Family, str] = {4: "0.0.0.0/0", 6: "::/0"}


class CaptureError(Exception):
    """A program that changes rules failed, is missing, or found rules that it must not replace."""


class FamilyReport(Value):
    """What was found for one IP family (for nft, which knows no families in its tables, 4 stands for both)."""

    family: Family
    comparison: saved.Comparison


class Report(Value):
    """What was done, and what was found before it."""

    action: Literal["applied", "replaced", "unchanged", "removed", "absent", "equal", "different"]
    found: tuple[FamilyReport, ...] = ()


def apply(config: Config) -> Report:
    """Put the rules in, with the routes and addresses that they need.

    Raises:
        CaptureError: see there; the rules are then as they were.
    """
    if config.native_nftables:
        return _apply_nftables(config)
    rules = plan(config)
    found = _states(config, rules)
    compared = _compare(config, rules, found)
    report = tuple(FamilyReport(family=family, comparison=each) for family, each in compared.items())
    if all(each.equal for each in compared.values()) and not config.force_apply:
        _prepare(config)
        return Report(action="unchanged", found=report)
    residue = any(each.residue for each in compared.values())
    if residue and not (config.reconcile or config.force_apply):
        raise CaptureError("rules of a different capture are in place: pass --reconcile to replace them")
    for family, state in found.items():
        before = saved.removal_text(rules, family, state, _ids(config)) if residue else ""
        try:
            _restore(config, family, _joined(before, iptables.restore_text(rules, family)))
        except CaptureError:
            if not residue:
                _remove(config, rules)
            raise
    _prepare(config)
    return Report(action="replaced" if residue else "applied", found=report)


def verify(config: Config) -> Report:
    """Compare the rules that are in with the ones that should be.

    Raises:
        CaptureError: the rules cannot be read.
    """
    if config.native_nftables:
        found = (FamilyReport(family=4, comparison=_compare_nftables(config)),)
    else:
        rules = plan(config)
        compared = _compare(config, rules, _states(config, rules))
        found = tuple(FamilyReport(family=family, comparison=each) for family, each in compared.items())
    equal = all(each.comparison.equal for each in found)
    return Report(action="equal" if equal else "different", found=found)


def clean(config: Config) -> Report:
    """Take out what `apply` puts in, and nothing else; fine if there is nothing.

    Raises:
        CaptureError: the rules cannot be read or changed.
    """
    _forget_routes(config)
    if config.native_nftables:
        _run(("nft", "-f", "-"), nftables.removal())
        return Report(action="removed")
    return Report(action="removed" if _remove(config, plan(config)) else "absent")


def _states(config: Config, rules: RuleSet) -> dict[Family, saved.SavedState]:
    return {family: _state(config, family) for family in FAMILIES if family == 4 or rules.ipv6}


def _ids(config: Config) -> FrozenMap[str]:
    groups = ranges.owner_groups(config.owner_groups_include, config.owner_groups_exclude)
    return environment.group_ids(name for name in groups.groups if not name.isdecimal())


def _compare(config: Config, rules: RuleSet, states: dict[Family, saved.SavedState]) -> dict[Family, saved.Comparison]:
    ids = _ids(config)
    return {family: saved.compare(rules, family, state, ids) for family, state in states.items()}


def _remove(config: Config, rules: RuleSet) -> bool:
    removed = False
    for family in FAMILIES:
        try:
            state = _state(config, family)
        except CaptureError:
            if family == 6 and not rules.ipv6:  # a machine without ip6tables has no rules of ours there
                continue
            raise
        if text := saved.removal_text(rules, family, state, _ids(config)):
            _restore(config, family, text)
            removed = True
    return removed


def _joined(before: str, after: str) -> str:
    """Return one text in which each table is left and entered at one stroke."""
    parts: dict[str, list[str]] = {}
    for text in (before, after):
        for block in text.split("COMMIT\n")[:-1]:
            head, _, lines = block.partition("\n")
            parts.setdefault(head.removeprefix("*").strip(), []).append(lines)
    return "".join(f"*{table}\n{''.join(lines)}COMMIT\n" for table, lines in parts.items())


def _program(config: Config, family: Family, verb: str) -> str:
    variant = f"-{config.force_iptables_binary}" if config.force_iptables_binary else ""
    return f"ip{'6' if family == 6 else ''}tables{variant}-{verb}"


def _state(config: Config, family: Family) -> saved.SavedState:
    return saved.parse(_run((_program(config, family, "save"),)))


def _restore(config: Config, family: Family, text: str) -> None:
    if text:
        _run((_program(config, family, "restore"), "--noflush", "--wait"), text)


def _run(command: tuple[str, ...], text: str = "") -> str:
    try:
        done = subprocess.run(
            command,
            input=text,
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": PATH, "LC_ALL": "C"},
            pipesize=1 << 16,
        )
    except FileNotFoundError:
        package = "nftables" if command[0] == "nft" else "iproute2" if command[0] == "ip" else "iptables"
        raise CaptureError(f"{command[0]} is missing: install {package}") from None
    if done.returncode != 0:
        raise CaptureError(f"{' '.join(command)}: {done.stderr.strip() or f'exit code {done.returncode}'}")
    return done.stdout


def _prepare(config: Config) -> None:
    """Add what the rules rely on: `::6` on loopback, which Envoy calls from, and TPROXY's way back to loopback."""
    commands: list[tuple[str, ...]] = []
    if config.enable_ipv6:
        commands.append(("ip", "-6", "addr", "replace", "::6/128", "dev", "lo"))
    if config.transparent and config.inbound_ports_include:
        for family in FAMILIES if config.enable_ipv6 else (4,):
            option, table = f"-{family}", config.inbound_tproxy_route_table
            if not _has_policy(config, family):
                commands.append(("ip", option, "rule", "add", "fwmark", config.inbound_tproxy_mark, "lookup", table))
            commands.append(("ip", option, "route", "replace", "local", ALL_HOSTS[family], "dev", "lo", "table", table))
    for command in commands:
        _run(command)


def _forget_routes(config: Config) -> None:
    if config.enable_ipv6:
        with contextlib.suppress(CaptureError):
            _run(("ip", "-6", "addr", "del", "::6/128", "dev", "lo"))
    if not (config.transparent and config.inbound_ports_include):
        return
    for family in FAMILIES if config.enable_ipv6 else (4,):
        option, table = f"-{family}", config.inbound_tproxy_route_table
        if _has_policy(config, family):
            _run(("ip", option, "rule", "del", "fwmark", config.inbound_tproxy_mark, "lookup", table))
        with contextlib.suppress(CaptureError):
            _run(("ip", option, "route", "del", "local", ALL_HOSTS[family], "dev", "lo", "table", table))


def _has_policy(config: Config, family: Family) -> bool:
    mark = f"fwmark {int(config.inbound_tproxy_mark):#x} lookup {config.inbound_tproxy_route_table}"
    return any(line.strip().endswith(mark) for line in _run(("ip", f"-{family}", "rule", "list")).splitlines())


def _apply_nftables(config: Config) -> Report:
    compared = _compare_nftables(config)
    report = (FamilyReport(family=4, comparison=compared),)
    if not compared.equal or config.force_apply:
        _run(("nft", "-f", "-"), nftables.transaction(plan(config, "nftables")))
    _prepare(config)
    if compared.equal:
        return Report(action="unchanged", found=report)
    return Report(action="replaced" if compared.residue else "applied", found=report)


def _compare_nftables(config: Config) -> saved.Comparison:
    """Compare what nft lists with what it lists in a scratch network namespace that holds the plan and nothing else."""
    rules = nftables.transaction(plan(config, "nftables"))
    wanted = _nft_lines(_run(("unshare", "--net", "sh", "-c", SCRATCH), rules))
    present = _nft_lines(_run(("nft", "-s", "list", "ruleset", "inet")))
    return saved.Comparison(
        missing=tuple(line for line in wanted if line not in present),
        foreign=tuple(line for line in present if line not in wanted),
        misplaced=() if sorted(wanted) != sorted(present) or wanted == present else ("the order of rules",),
        residue=bool(present),
    )


def _nft_lines(listing: str) -> list[str]:
    """Return the rules of our tables, each with its table and chain; empty tables and chains count for nothing."""
    found: list[str] = []
    table = chain = ""
    for raw in listing.splitlines():
        line = raw.strip()
        words = line.split()
        if line.startswith("table "):
            table = words[2]
        elif line.startswith("chain "):
            chain = words[1]
        elif line and line != "}" and table.startswith("istio-proxy-"):
            found.append(f"{table} {chain}: {line}")
    return found


def is_root() -> bool:
    """Return whether this process may change rules."""
    return os.geteuid() == 0
