"""Every suite passes at least as many cases as it did."""

import importlib
import sys
from pathlib import Path

import pytest

from conformance import data, ratchet
from conformance.outcome import Outcome
from conformance.suites import SUITES, modules_for

MODULES = [module.__name__ for module in modules_for()]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", MODULES)
def test_no_suite_falls_behind(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    outcomes: dict[str, Outcome] = importlib.import_module(name).run(data.folder())
    assert list(ratchet.fallen(outcomes)) == []
    with capsys.disabled():
        for line in ratchet.risen(outcomes):
            sys.stdout.write(f"\n{line}; hold it with: python -m conformance --data DIR --raise")


def test_what_falls_and_what_rises_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ratchet, "FIGURES", tmp_path / "ratchet.json")
    monkeypatch.setattr(ratchet, "DELIBERATE", tmp_path / "deliberate.json")
    (tmp_path / "ratchet.json").write_text('{"a": 2, "b": 1}')
    (tmp_path / "deliberate.json").write_text('{"a": {"on/*": "why"}}')
    outcomes = {
        "a": Outcome(passed=1, total=3, failed=("on/purpose", "broken")),
        "b": Outcome(passed=2, total=2),
        "c": Outcome(passed=1, total=1),
    }
    assert list(ratchet.fallen(outcomes)) == ["a: 1 of 3 pass, 2 did; look at broken"]
    assert list(ratchet.risen(outcomes)) == ["b: 2 pass, the ratchet holds 1", "c: 1 pass, the ratchet holds 0"]
    ratchet.write(outcomes)
    assert ratchet.figures() == {"a": 2, "b": 2, "c": 1}


def test_the_ratchet_knows_no_suite_that_nobody_answers() -> None:
    assert set(ratchet.figures()) <= set(SUITES)
    assert set(ratchet.deliberate()) <= set(SUITES)
    answering = {name.rpartition(".")[2] for name in MODULES}
    assert {SUITES[suite] for suite in ratchet.figures()} <= answering
