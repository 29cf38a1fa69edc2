"""Rules as iptables-restore reads them."""

from pillion.capture.model import (
    OURS,
    Address,
    ConnectionMark,
    ConnectionState,
    ConnectionZone,
    Family,
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
    Target,
    TransparentProxy,
    Verdict,
)


def restore_text(rules: RuleSet, family: Family) -> str:
    """Return the input of `iptables-restore --noflush` that puts one IP family's rules in; empty if there are none.

    Chains are made first: those that hold rules, then those that are only jumped to; tables go by name.
    """
    lines: dict[str, list[str]] = {}
    for table, chain in chains(rules.of_family(family)):
        lines.setdefault(table, []).append(f"-N {chain}")
    for rule in rules.of_family(family):
        lines.setdefault(rule.table, []).append(line(rule))
    return "".join(
        f"* {table}\n" + "".join(f"{text}\n" for text in lines[table]) + "COMMIT\n" for table in sorted(lines)
    )


def chains(rules: tuple[Rule, ...]) -> tuple[tuple[str, str], ...]:
    """Return `(table, chain)` of every chain of ours that the rules need, in the order in which they are made."""
    needed = [(rule.table, rule.chain) for rule in rules]
    needed += [(rule.table, rule.target.chain) for rule in rules if isinstance(rule.target, Jump)]
    return tuple(dict.fromkeys(pair for pair in needed if pair[1].startswith(OURS)))


def line(rule: Rule) -> str:
    """Return one rule as a command: `-A ISTIO_OUTPUT -o lo -s 127.0.0.6/32 -j RETURN`."""
    head = f"-A {rule.chain}" if rule.position is None else f"-I {rule.chain} {rule.position}"
    return " ".join((head, *(match_text(match) for match in rule.matches), f"-j {target_text(rule.target)}"))


def match_text(match: Match) -> str:
    """Return one match with its negation where iptables wants it."""
    match match:
        case Interface(direction=direction, name=name):
            return f"{'-i' if direction == 'in' else '-o'} {name}"
        case Protocol(name=name):
            return f"-p {name}"
        case Address(side=side, cidr=cidr, negated=negated):
            return f"{_not(negated)}{'-s' if side == 'source' else '-d'} {cidr}"
        case Port(ports=(port,), side=side, negated=negated):
            return f"{_not(negated)}{'--sport' if side == 'source' else '--dport'} {port}"
        case Port(ports=ports, side=side, negated=negated):
            option = "--sports" if side == "source" else "--dports"
            return f"-m multiport {_not(negated)}{option} {','.join(ports)}"
        case Owner(kind=kind, name=name, negated=negated):
            return f"-m owner {_not(negated)}--{kind}-owner {name}"
        case ConnectionState(states=states):
            return f"-m conntrack --ctstate {','.join(states)}"
        case Mark(of=of, value=value, negated=negated):
            return f"-m {'mark' if of == 'packet' else 'connmark'} {_not(negated)}--mark {value}"


def target_text(target: Target) -> str:
    """Return what follows `-j`. UDP redirects say `--to-port` where TCP ones say `--to-ports`, as Istio's do."""
    match target:
        case Jump(chain=chain):
            return chain
        case Verdict(verdict=verdict):
            return verdict
        case Redirect(port=port, protocol=protocol):
            return f"REDIRECT --to-port{'s' if protocol == 'tcp' else ''} {port}"
        case TransparentProxy(port=port, mark=mark):
            return f"TPROXY --tproxy-mark {mark}/0xffffffff --on-port {port}"
        case SetMark(mark=mark):
            return f"MARK --set-mark {mark}"
        case ConnectionMark(action=action):
            return f"CONNMARK --{action}-mark"
        case ConnectionZone(zone=zone):
            return f"CT --zone {zone}"


def _not(negated: bool) -> str:
    return "! " if negated else ""
