"""Rules as an nft transaction, in tables of our own: `istio-proxy-nat`, `istio-proxy-mangle`, `istio-proxy-raw`.

One `inet` table serves both IP families, so a rule that the families share is written once.
"""

from pillion.capture.model import (
    OUTPUT,
    PREROUTING,
    Address,
    ConnectionMark,
    ConnectionState,
    ConnectionZone,
    Interface,
    Jump,
    Mark,
    Match,
    Owner,
    Port,
    Protocol,
    Redirect,
    Rule,
    RuleSet,
    SetMark,
    Table,
    Target,
    TransparentProxy,
    Verdict,
)

TABLES: tuple[Table, ...] = ("nat", "mangle", "raw")

HOOKS: dict[tuple[Table, str], str] = {
    ("nat", PREROUTING): "{ type nat hook prerouting priority -100 ; }",
    ("nat", OUTPUT): "{ type nat hook output priority -100 ; }",
    ("mangle", PREROUTING): "{ type filter hook prerouting priority -150 ; }",
    ("mangle", OUTPUT): "{ type route hook output priority -150 ; }",
    ("raw", PREROUTING): "{ type filter hook prerouting priority -300 ; }",
    ("raw", OUTPUT): "{ type filter hook output priority -300 ; }",
}
CHAINS: dict[Table, tuple[str, ...]] = {
    "nat": (
        PREROUTING,
        OUTPUT,
        "ISTIO_INBOUND",
        "ISTIO_REDIRECT",
        "ISTIO_IN_REDIRECT",
        "ISTIO_OUTPUT",
        "ISTIO_OUTPUT_DNS",
    ),
    "mangle": (PREROUTING, OUTPUT, "ISTIO_DIVERT", "ISTIO_TPROXY", "ISTIO_INBOUND", "ISTIO_DROP"),
    "raw": (PREROUTING, OUTPUT, "ISTIO_INBOUND", "ISTIO_OUTPUT_DNS"),
}
"""The chains of each table, in the order in which they are made."""

ORDER: tuple[type[Match], ...] = (Interface, Protocol, ConnectionState, Address, Port, Owner, Mark)
RAW_ORDER: tuple[type[Match], ...] = (Port, Address, Owner)
NFT_NAMES = {"source": "saddr", "destination": "daddr"}


def transaction(rules: RuleSet) -> str:
    """Return the commands that put the rules in, for `nft -f`: tables made, emptied and filled at one stroke."""
    return "".join(f"{text}\n" for table in TABLES for text in _table(rules, table))


def removal() -> str:
    """Return the commands that take every table of ours away, whether or not it is there."""
    return "".join(f"{verb} table inet {table_name(table)}\n" for table in TABLES for verb in ("add", "delete"))


def table_name(table: Table) -> str:
    """Return nft's name of a table."""
    return f"istio-proxy-{table}"


def _table(rules: RuleSet, table: Table) -> list[str]:
    written = _written(rules, table)
    if not written:
        return []
    used = {rule.chain for rule in written}
    name = table_name(table)
    lines = [f"add table inet {name}", f"flush table inet {name}"]
    lines += (
        f"add chain inet {name} {_chain(chain)} {HOOKS.get((table, chain), '')}".rstrip()
        for chain in CHAINS[table]
        if chain in used
    )
    counts = dict.fromkeys(used, 0)
    for rule in written:
        lines.append(f"{_place(rule, counts[rule.chain], name)} {rule_text(rule)}")
        counts[rule.chain] += 1
    return lines


def _written(rules: RuleSet, table: Table) -> list[Rule]:
    found: list[Rule] = []
    for rule in rules.rules:
        if rule.table != table or (rule.family == 6 and not rules.ipv6 and _has_address(rule)):
            continue
        shared = found and rule.family == 6 and not _has_address(rule) and _alike(found[-1], rule)
        if not shared:
            found.append(rule)
    return found


def _has_address(rule: Rule) -> bool:
    return any(isinstance(match, Address) for match in rule.matches)


def _alike(one: Rule, other: Rule) -> bool:
    return one.family == 4 and rule_text(one) == rule_text(other) and one.chain == other.chain


def _place(rule: Rule, present: int, table: str) -> str:
    """Return the command of a rule; nft cannot insert at a position that is not there yet, so it adds the rule."""
    index = None if rule.position is None else rule.position - 1
    if index is None or index >= present:
        return f"add rule inet {table} {_chain(rule.chain)}"
    return f"insert rule inet {table} {_chain(rule.chain)} index {index}"


def rule_text(rule: Rule) -> str:
    """Return one rule: matches in nft's order, a counter, the target."""
    order = RAW_ORDER if rule.table == "raw" else ORDER
    matches = sorted(
        (match for match in rule.matches if type(match) in order), key=lambda match: order.index(type(match))
    )
    words = [_match(match, rule) for match in matches]
    return " ".join((*(word for word in words if word), _target(rule.target, rule)))


def _match(match: Match, rule: Rule) -> str:
    match match:
        case Interface(direction=direction, name=name):
            return f"{'i' if direction == 'in' else 'o'}ifname {name}"
        case Protocol(name=name, implied=implied):
            return "" if implied else f"meta l4proto {name}"
        case Address(side=side, cidr=cidr, negated=negated):
            return f"{_ip(cidr)} {NFT_NAMES[side]} {_not(negated)}{cidr}"
        case Port(side=side, ports=ports, protocol=protocol, negated=negated):
            values = ports[0] if len(ports) == 1 else f"{{ {', '.join(ports)} }}"
            return f"{protocol} {side[0]}port {_not(negated)}{values}"
        case Owner(kind=kind, name=name, negated=negated):
            return f"{'meta ' if rule.table == 'raw' else ''}sk{kind} {_not(negated)}{name}"
        case ConnectionState(states=states):
            return f"ct state {','.join(states).lower()}"
        case Mark(of=of, value=value, negated=negated):
            return f"{'' if of == 'packet' else 'ct '}mark {_not(negated)}{value}"


def _target(target: Target, rule: Rule) -> str:
    match target:
        case Jump(chain=chain):
            return f"counter jump {_chain(chain)}"
        case Verdict(verdict=verdict):
            return f"counter {verdict.lower()}"
        case Redirect(port=port):
            return f"counter redirect to :{port}"
        case TransparentProxy(port=port, mark=mark):
            version = "ip6" if rule.family == 6 else "ip"
            return f"tproxy {version} to :{port} meta mark set {mark} counter accept"
        case SetMark(mark=mark):
            return f"counter meta mark set {mark}"
        case ConnectionMark(action="save"):
            return "counter ct mark set mark"
        case ConnectionMark():
            return "counter meta mark set ct mark"
        case ConnectionZone(zone=zone):
            return f"counter ct zone set {zone}"


def _ip(cidr: str) -> str:
    return "ip6" if ":" in cidr else "ip"


def _chain(chain: str) -> str:
    return chain.lower().replace("_", "-")


def _not(negated: bool) -> str:
    return "!= " if negated else ""
