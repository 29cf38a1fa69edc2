"""The kinds that `pillion get` knows."""

from typing import get_args

from pillion.cli.get import KINDS, PLURALS
from pillion.resources.kinds import IstioResource, KubernetesResource


def test_every_kind_that_apply_takes_can_be_got_by_its_names() -> None:
    kinds = {kind.__name__ for kind in (*get_args(IstioResource), *get_args(KubernetesResource))}
    assert set(KINDS.values()) == kinds - {"Endpoints"}, "endpoints are shown as slices"
    assert all(KINDS[kind.lower()] == kind for kind in kinds - {"Endpoints"})
    assert {KINDS[plural] for plural in PLURALS} == set(KINDS.values())
