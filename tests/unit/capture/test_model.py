from pillion.capture.model import OUTPUT, RETURN, Rule, RuleSet


def test_a_family_sees_its_own_rules_and_the_shared_ones() -> None:
    shared = Rule(table="nat", chain=OUTPUT, target=RETURN)
    four = Rule(table="nat", chain=OUTPUT, target=RETURN, family=4)
    six = Rule(table="nat", chain=OUTPUT, target=RETURN, family=6)
    rules = RuleSet(rules=(six, shared, four), ipv6=True)
    assert rules.of_family(4) == (shared, four)
    assert rules.of_family(6) == (six, shared)
    assert RuleSet(rules=(six, shared, four)).of_family(6) == ()
