"""Single values that many kinds hold: durations, ports, shares, expressions."""

from pillion.resources import re2
from pillion.resources.duration import Duration
from pillion.resources.istio.virtual_service import Destination, Percent, PortSelector, StringMatch
from pillion.resources.protocol import parse_protocol
from pillion.resources.validation.names import host_problem, is_dns_label
from pillion.resources.validation.report import Report

MILLISECOND = 10**6
LONGEST_EXPRESSION = 1024


def check_duration(duration: Duration | None, report: Report) -> None:
    """Refuse less than a millisecond, and fractions of one."""
    if duration is None:
        return
    if duration.nanoseconds < MILLISECOND:
        report.error("invalid-duration", f"is {duration}, expected at least 1ms")
    elif duration.nanoseconds % MILLISECOND:
        report.error("invalid-duration", f"is {duration}, which is finer than a millisecond")


def check_port(number: int, report: Report) -> None:
    """Refuse what is no port."""
    if not 1 <= number <= 65535:
        report.error("invalid-port", f"is {number}, expected a port from 1 to 65535")


def check_port_name(name: str, report: Report) -> None:
    """Refuse what is no DNS label."""
    if not is_dns_label(name):
        report.error("invalid-name", f"port name {name!r} is not a DNS label")


def check_protocol(protocol: str, report: Report) -> None:
    """Refuse unknown protocols; an empty one means sniffing."""
    if protocol and parse_protocol(protocol) == "Unsupported":
        report.error("unknown-protocol", f"protocol {protocol!r} is not known")


def check_whole_percent(value: int, report: Report) -> None:
    """Refuse what is not from 0 to 100."""
    if not 0 <= value <= 100:
        report.error("out-of-range", f"is {value}, expected a percentage from 0 to 100")


def check_fraction(percent: Percent | None, report: Report) -> None:
    """Refuse shares that Envoy cannot count: less than 0, above 100, or finer than a millionth."""
    if percent is not None and not (percent.value == 0 or 0.0001 <= percent.value <= 100):
        report.error("out-of-range", f"is {percent.value}, expected 0 or a percentage from 0.0001 to 100", "value")


def check_natural(value: int, report: Report, field: str) -> None:
    """Refuse negative numbers."""
    if value < 0:
        report.error("out-of-range", f"is {value}, expected 0 or more", field)


def check_destination(destination: Destination | None, report: Report) -> None:
    """Check host, subset and port of a destination."""
    if destination is None:
        return
    problem = "a destination cannot be every host" if destination.host == "*" else host_problem(destination.host)
    if problem:
        report.error("invalid-host", problem, "host")
    if destination.subset:
        check_subset_name(destination.subset, report.at("subset"))
    check_port_selector(destination.port, report.at("port"))


def check_subset_name(name: str, report: Report) -> None:
    """Refuse what is no DNS label."""
    if not is_dns_label(name):
        report.error("invalid-name", f"subset name {name!r} is not a DNS label" if name else "a subset needs a name")


def check_port_selector(port: PortSelector | None, report: Report) -> None:
    """Refuse a selector without a valid number."""
    if port is not None:
        check_port(port.number, report.at("number"))


def check_string_match(match: StringMatch | None, report: Report) -> None:
    """Refuse an empty prefix, and what RE2 refuses."""
    if match is not None and match.prefix == "":
        report.error("required", "an empty prefix matches everything", "prefix")
    check_expression_match(match, report)


def check_expression_match(match: StringMatch | None, report: Report) -> None:
    """Refuse a regular expression that is empty or not RE2's."""
    if match is None or match.regex is None:
        return
    if not match.regex:
        report.error("required", "a regular expression must not be empty", "regex")
    else:
        check_expression(match.regex, report.at("regex"))


def check_expression(expression: str, report: Report) -> None:
    """Refuse what RE2 refuses, and what is too long for Envoy."""
    if len(expression.encode()) > LONGEST_EXPRESSION:
        report.error("invalid-expression", f"is longer than {LONGEST_EXPRESSION} letters")
        return
    problem = re2.problem_of(expression)
    if problem:
        report.error("invalid-expression", problem, hint="Istio's regular expressions are RE2's")
