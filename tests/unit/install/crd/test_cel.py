"""What is said in CEL and what is said in Python are about the same types and fields."""

import pytest

from pillion.install.crd import cel
from pillion.install.crd.cel import Rule, at_most_one
from pillion.resources import cel as syntax
from pillion.resources.admission import rules

TABLES = (cel.OF_OBJECTS, cel.OF_FIELDS, cel.OF_ITEMS)
CEL_RULES = {rule.expression: rule for table in TABLES for each in table.values() for rule in each}


def test_types_with_rules_are_those_of_admission() -> None:
    assert set(cel.OF_OBJECTS) == set(rules.OF_OBJECTS)


def test_fields_with_rules_are_those_of_admission() -> None:
    assert set(cel.OF_FIELDS) | set(cel.OF_ITEMS) | set(cel.KEYS) == set(rules.OF_FIELDS)


@pytest.mark.parametrize("rule", [*CEL_RULES.values(), cel.TELLS_TIME], ids=lambda rule: rule.message)
def test_every_rule_is_an_expression(rule: Rule) -> None:
    assert syntax.problem_of(rule.expression) is None
    assert rule.message
    assert not rule.message.endswith(".")


def test_at_most_one_counts_what_is_there() -> None:
    assert at_most_one("a", "b").expression == "(has(self.a) ? 1 : 0) + (has(self.b) ? 1 : 0) <= 1"
