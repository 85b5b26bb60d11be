"""The filter of the Zr-O data: what is dropped is counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.core.fields import REF_ENERGY, REF_FORCES, REF_STRESS
from ms25_suite.reference.zro.selection import REASONS, Selection, dropped


class Pull(Calculator):
    """Pulls the first atom by as much as its x coordinate; refuses negative ones."""

    implemented_properties = ("energy", "free_energy", "forces", "stress")

    def calculate(
        self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes
    ) -> None:
        super().calculate(atoms, properties, system_changes)
        x = self.atoms.positions[0, 0]
        if x < 0:
            raise ReferenceCalculatorError("the charges do not converge")
        forces = np.zeros((len(self.atoms), 3))
        forces[0, 1] = -x
        self.results = {"energy": 1.0, "free_energy": 1.0, "forces": forces, "stress": np.zeros(6)}


def candidate(x: float) -> Atoms:
    return Atoms("ZrO", [[x, 0, 0], [0, 2, 0]], cell=[9, 9, 9], pbc=True)


def selection(largest: float = 10.0) -> Selection:
    return Selection(Pull(), largest, np.random.default_rng(1))


def test_large_force_is_dropped_and_counted() -> None:
    chosen = selection()
    assert not chosen.keeps(candidate(10.1))
    assert not chosen.keeps(candidate(500.0))
    kept = candidate(0.0)
    assert chosen.keeps(kept)
    assert kept.info["dropped_forces"] == 2
    assert {REF_ENERGY, REF_STRESS} <= set(kept.info)
    assert REF_FORCES in kept.arrays
    after = candidate(0.0)
    assert chosen.keeps(after)
    assert after.info["dropped_forces"] == 0


def test_the_probability_falls_linearly_with_the_force() -> None:
    chosen = selection()
    for force in (2.0, 5.0, 8.0):
        shares = np.mean([chosen.keeps(candidate(force)) for _ in range(200)])
        # Three standard deviations of the share of 200.
        assert shares == pytest.approx(1 - force / 10, abs=0.11)


def test_failure_of_the_reference_is_counted_and_kept_in_mind() -> None:
    chosen = selection()
    assert not chosen.keeps(candidate(-1.0))
    assert chosen.last_problem == "the charges do not converge"
    chosen.drop("dropped_approximate")
    kept = candidate(0.0)
    assert chosen.keeps(kept)
    expected = {"dropped_forces": 0, "dropped_charges": 1, "dropped_approximate": 1}
    assert {key: kept.info[key] for key in REASONS} == expected


def test_sums_over_frames() -> None:
    first, second = candidate(0.0), candidate(0.0)
    first.info.update(dropped_forces=2, dropped_charges=1)
    second.info.update(dropped_forces=3, dropped_approximate=4)
    expected = {"dropped_forces": 5, "dropped_charges": 1, "dropped_approximate": 4}
    assert dropped([first, second]) == expected
    assert dropped([]) == dict.fromkeys(REASONS, 0)
