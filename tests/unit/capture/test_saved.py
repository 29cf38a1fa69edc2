import pytest

from pillion.capture import saved
from pillion.capture.config import Config
from pillion.capture.plan import plan
from pillion.value import FrozenMap

PLAN = plan(Config(proxy_uid="1337", proxy_gid="1337", inbound_ports_include="*", exclude_interfaces="eth9"))


def save(*changes: tuple[str, str]) -> saved.SavedState:
    """What iptables-save would say after the plan was put in, with some lines replaced."""
    chains = ("ISTIO_INBOUND", "ISTIO_IN_REDIRECT", "ISTIO_OUTPUT", "ISTIO_REDIRECT")
    text = f"""*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
{"".join(f":{chain} - [0:0]" + chr(10) for chain in chains)}-A PREROUTING -i eth9 -j RETURN
-A PREROUTING -p tcp -j ISTIO_INBOUND
-A OUTPUT -d 9.9.9.9/32 -j RETURN
-A OUTPUT -o eth9 -j RETURN
-A OUTPUT -j ISTIO_OUTPUT
-A ISTIO_INBOUND -p tcp -m tcp --dport 15008 -j RETURN
-A ISTIO_INBOUND -p tcp -j ISTIO_IN_REDIRECT
-A ISTIO_IN_REDIRECT -p tcp -j REDIRECT --to-ports 15006
-A ISTIO_OUTPUT -s 127.0.0.6/32 -o lo -j RETURN
-A ISTIO_OUTPUT ! -d 127.0.0.1/32 -o lo -p tcp -m tcp ! --dport 15008 -m owner --uid-owner 1337 -j ISTIO_IN_REDIRECT
-A ISTIO_OUTPUT -o lo -m owner ! --uid-owner 1337 -j RETURN
-A ISTIO_OUTPUT -m owner --uid-owner 1337 -j RETURN
-A ISTIO_OUTPUT ! -d 127.0.0.1/32 -o lo -p tcp -m tcp ! --dport 15008 -m owner --gid-owner 1337 -j ISTIO_IN_REDIRECT
-A ISTIO_OUTPUT -o lo -m owner ! --gid-owner 1337 -j RETURN
-A ISTIO_OUTPUT -m owner --gid-owner 1337 -j RETURN
-A ISTIO_OUTPUT -d 127.0.0.1/32 -j RETURN
-A ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports 15001
COMMIT
"""
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return saved.parse(text)


def test_the_kernel_s_spelling_of_the_plan_is_equal() -> None:
    compared = saved.compare(PLAN, 4, save())
    assert compared == saved.Comparison(residue=True)
    assert compared.equal


def test_nothing_there_means_everything_is_missing_and_no_residue() -> None:
    compared = saved.compare(PLAN, 4, saved.parse(""))
    assert not compared.residue
    assert "nat: -A OUTPUT -j ISTIO_OUTPUT" in compared.missing
    assert compared.foreign == ()


def test_a_changed_rule_of_ours_is_missing_and_foreign() -> None:
    compared = saved.compare(PLAN, 4, save(("--to-ports 15001", "--to-ports 16001")))
    assert compared.missing == ("nat: -A ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports 15001",)
    assert compared.foreign == ("nat: -A ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports 16001",)


def test_order_counts_in_our_chains() -> None:
    one, two = (
        "-A ISTIO_INBOUND -p tcp -m tcp --dport 15008 -j RETURN\n",
        "-A ISTIO_INBOUND -p tcp -j ISTIO_IN_REDIRECT\n",
    )
    compared = saved.compare(PLAN, 4, save((one + two, two + one)))
    assert compared.misplaced == ("nat: ISTIO_INBOUND",)
    assert not compared.equal


def test_a_chain_or_a_jump_that_nobody_planned_is_foreign() -> None:
    state = save(
        (":ISTIO_REDIRECT", ":ISTIO_OLD - [0:0]\n:ISTIO_REDIRECT"),
        ("-A OUTPUT -j", "-A OUTPUT -j ISTIO_OLD\n-A OUTPUT -j"),
    )
    assert saved.compare(PLAN, 4, state).foreign == ("nat: -A OUTPUT -j ISTIO_OLD", "nat: -N ISTIO_OLD")


def test_removal_leaves_what_is_not_ours() -> None:
    text = saved.removal_text(PLAN, 4, save())
    assert "9.9.9.9" not in text
    assert text.splitlines() == [
        "*nat",
        "-D PREROUTING -i eth9 -j RETURN",
        "-D PREROUTING -p tcp -j ISTIO_INBOUND",
        "-D OUTPUT -o eth9 -j RETURN",
        "-D OUTPUT -j ISTIO_OUTPUT",
        *(f"-F {chain}" for chain in ("ISTIO_INBOUND", "ISTIO_IN_REDIRECT", "ISTIO_OUTPUT", "ISTIO_REDIRECT")),
        *(f"-X {chain}" for chain in ("ISTIO_INBOUND", "ISTIO_IN_REDIRECT", "ISTIO_OUTPUT", "ISTIO_REDIRECT")),
        "COMMIT",
    ]
    assert saved.removal_text(PLAN, 4, saved.parse("")) == ""


@pytest.mark.parametrize(
    ("planned", "kept"),
    [
        ("-A X -j MARK --set-mark 1337", "-A X -j MARK --set-xmark 0x539/0xffffffff"),
        ("-A X -p tcp -m mark ! --mark 1338 -j RETURN", "-A X -p tcp -m mark ! --mark 0x53a -j RETURN"),
        (
            "-A X -p udp --dport 53 -j REDIRECT --to-port 15053",
            "-A X -p udp -m udp --dport 53 -j REDIRECT --to-ports 15053",
        ),
        ("-A X -d 10.1.2.3/8 -j Y", "-A X -d 10.0.0.0/8 -j Y"),
        ("-A X -d 0.0.0.0/0 -j Y", "-A X -j Y"),
        (
            "-A X -m conntrack --ctstate RELATED,ESTABLISHED -j Y",
            "-A X -m conntrack --ctstate ESTABLISHED,RELATED -j Y",
        ),
        ("-A X -m owner ! --gid-owner java -j RETURN", "-A X -m owner ! --gid-owner 202 -j RETURN"),
    ],
)
def test_spellings_of_one_rule(planned: str, kept: str) -> None:
    assert saved.form(planned, FrozenMap({"java": "202"})) == saved.form(kept)


def test_a_negation_makes_another_rule() -> None:
    assert saved.form("-A X ! -d 10.0.0.0/8 -j Y") != saved.form("-A X -d 10.0.0.0/8 -j Y")
