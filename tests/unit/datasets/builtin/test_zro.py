"""The Zr-O data that is shipped."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from ase import Atoms

from ms25_suite.core.fields import REF_ENERGY, REF_FORCES, REF_STRESS
from ms25_suite.datasets import open_dataset
from ms25_suite.reference.zro.exploration import thermal_energy
from ms25_suite.reference.zro.frames import calculator
from ms25_suite.reference.zro.selection import REASONS
from ms25_suite.reference.zro.structures import closeness, volume
from ms25_suite.reference.zro.trajectories import ZroSampling
from tests.helpers.built_files import check_labels, shipped_frames


@pytest.fixture(scope="module")
def shipped() -> list[Atoms]:
    return shipped_frames("zro")


def test_frames_follow_the_recipe(shipped: list[Atoms]) -> None:
    assert len(shipped) == 400
    sampling = ZroSampling()
    structures = sampling.structures
    kinds = [atoms.info["config_type"] for atoms in shipped]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "random": 100,
        "md": 150,
        "contour": 150,
    }
    for atoms in shipped:
        assert set(atoms.numbers) == {8, 40}
        assert structures.fewest_atoms <= len(atoms) <= structures.most_atoms
        n_oxygen = int(np.count_nonzero(atoms.numbers == 8))
        share = n_oxygen / len(atoms)
        assert structures.lowest_oxygen <= share <= structures.highest_oxygen
        relative = atoms.get_volume() / volume(len(atoms) - n_oxygen, n_oxygen)
        assert structures.smallest_volume - 1e-6 < relative < structures.largest_volume + 1e-6
        assert closeness(atoms) >= sampling.closest
        assert np.abs(atoms.arrays[REF_FORCES]).max() <= sampling.largest_force_eV_A
        assert set(REASONS) | {REF_ENERGY, REF_STRESS, "trajectory"} <= set(atoms.info)
        if atoms.info["config_type"] == "md":
            assert sampling.lowest_K <= atoms.info["temperature_K"] <= sampling.highest_K
        if atoms.info["config_type"] == "contour":
            low, high = (
                thermal_energy(1, temperature)
                for temperature in (sampling.lowest_K, sampling.highest_K)
            )
            assert low <= atoms.info["excess_eV_atom"] <= high


def test_frames_span_compositions_and_volumes(shipped: list[Atoms]) -> None:
    shares = [np.mean(atoms.numbers == 8) for atoms in shipped]
    counts, _ = np.histogram(shares, bins=[0.4, 0.5, 0.6, 0.7, 0.8, 0.86])
    assert counts.min() > 15
    assert len({str(atoms.symbols) for atoms in shipped}) > 50


def test_frames_of_a_trajectory_are_distinct(shipped: list[Atoms]) -> None:
    for first, second in pairwise(shipped):
        if first.info["trajectory"] == second.info["trajectory"]:
            assert str(first.symbols) == str(second.symbols)
            moved = second.positions - first.positions
            moved -= moved.mean(axis=0)
            assert np.sqrt(np.mean(moved**2)) > 0.02


def test_card_and_splits() -> None:
    dataset = open_dataset("zr-o")
    assert dataset.card.name == "zro"
    assert dataset.card.stand_in
    assert dataset.card.cutoff == 6.0
    assert dataset.card.threshold_class == "complex"
    assert (len(dataset.splits.validation(1)), len(dataset.splits.test(3))) == (40, 160)
    assert dataset.splits.train_sizes == (25, 50, 100, 200)
    assert dataset.splits.n_sets == 3


@pytest.mark.xtb
def test_reference_gives_the_labels(shipped: list[Atoms]) -> None:
    pytest.importorskip("tblite")
    reference = calculator()
    smallest = sorted(shipped, key=len)[:3]
    for atoms in smallest:
        # The charges are converged to 1e-7 Hartree, and another BLAS sums in another order.
        check_labels(atoms, reference, energy=1e-5, forces=1e-4, stress=1e-5)
