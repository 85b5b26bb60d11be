"""Kinds of deployed files, and the tools that make them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ms25_suite.core.errors import UsageError
from ms25_suite.environments.installation import Installation
from ms25_suite.lammps.deploy.targets import TARGETS, Target, find_target

PLACE = Installation()


def test_unknown_targets_name_the_known_ones() -> None:
    with pytest.raises(UsageError, match="'pair_nequip'; possible kinds: mliap, pair_mace"):
        find_target("pair_nequip", "mace")
    with pytest.raises(UsageError, match="possible kinds: none"):
        find_target("pair_nequip", "eam")


def test_a_name_may_mean_another_tool_for_another_architecture() -> None:
    mace, nequip = find_target("mliap", "mace"), find_target("mliap", "nequip")
    assert mace.suffix != nequip.suffix
    assert find_target("mliap", "allegro") is nequip


@pytest.mark.parametrize("given", TARGETS, ids=lambda given: f"{given.name} {given.architectures}")
def test_every_kind_has_a_source_or_an_obstacle(given: Target) -> None:
    assert given.source or given.obstacle
    if given.arguments is not None:
        words = given.arguments(Path("a.model"), Path("b.out"), "cpu", "float64")
        assert words[0] == "-m"
        assert "a.model" in words
        # A tool that takes no name for its output appends a suffix to that of its input.
        assert ("b.out" in words) != bool(given.produced)
