"""Building the Zr-O data with cheap calculators: deterministic, resumable, and all is counted."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.calculator import all_changes
from ase.calculators.lj import LennardJones
from ase.io import read

from ms25_suite.architectures.mace.trainer import MaceTrainer
from ms25_suite.core.errors import (
    ArchitectureNotInstalledError,
    PredictionError,
    ReferenceCalculatorError,
    UsageError,
)
from ms25_suite.core.fields import REF_ENERGY, REF_FORCES, REF_STRESS
from ms25_suite.reference import builder
from ms25_suite.reference.calculators import xtb as xtb_calculator
from ms25_suite.reference.zro import frames as zro
from ms25_suite.reference.zro import trajectories as zro_jobs
from ms25_suite.reference.zro.exploration import ExplorationRecipe
from ms25_suite.reference.zro.selection import REASONS, dropped
from ms25_suite.reference.zro.structures import StructureRecipe
from ms25_suite.reference.zro.trajectories import ExplorationJob, Recipe, SeedJob, SeedRecipe

RECIPE = Recipe(
    structures=StructureRecipe(fewest_atoms=3, most_atoms=6),
    seeds=SeedRecipe(n_structures=2, steps=2, spacing=1, rattles_A=(0.05,)),
    exploration=ExplorationRecipe(
        equilibration_steps=2,
        spacing_steps=2,
        contour_equilibration_steps=2,
        contour_spacing_steps=2,
    ),
    relaxation_steps=5,
    shortest_relaxation=1,
    longest_relaxation=5,
    closest=0.3,
    frames_per_job=8,
    refinement_frames=2,
)
N_FRAMES = 10


def lennard_jones() -> LennardJones:
    """Cheap reference, with forces of some eV/Å where O atoms meet."""
    return LennardJones(sigma=1.9, epsilon=0.5, rc=4.0, smooth=True)


class Fussy(LennardJones):
    """Fails for every other number of O atoms, as charges may."""

    def calculate(
        self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes
    ) -> None:
        if np.count_nonzero(atoms.numbers == 8) % 2:
            raise ReferenceCalculatorError("the charges do not converge")
        super().calculate(atoms, properties, system_changes)


def fussy() -> Fussy:
    return Fussy(sigma=1.9, epsilon=0.5, rc=4.0, smooth=True)


class Impossible(LennardJones):
    """Fails for every frame."""

    def calculate(self, *arguments: Any, **options: Any) -> None:
        raise ReferenceCalculatorError("the charges never converge")


@dataclass(frozen=True, slots=True)
class Approximate:
    """Stands for a trained potential; fails for the first frames if told so."""

    sha256: str = "ab"
    not_finite: bool = False

    @contextmanager
    def calculator(self) -> Iterator[Any]:
        yield NotFinite() if self.not_finite else lennard_jones()


class NotFinite(LennardJones):
    """Returns numbers that are not finite, as a potential outside of what it learned."""

    def calculate(self, *arguments: Any, **options: Any) -> None:
        raise PredictionError("energies that are not finite", ())


class InProcess:
    """Runs what it is given at once; the processes themselves are tested with the builder."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        pass

    def __enter__(self) -> InProcess:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(function(*arguments))
        return future

    def shutdown(self, **options: Any) -> None:
        pass


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Numbers of frames of the trainings that were asked for, which are none here."""
    numbers: list[int] = []

    def train(images: Sequence[Atoms], **options: Any) -> Approximate:
        numbers.append(len(images))
        assert options["cutoff"] == 6.0
        return Approximate(sha256=f"of {len(images)} frames")

    monkeypatch.setattr(zro, "approximate_potential", train)
    monkeypatch.setattr(zro, "calculator", lennard_jones)
    monkeypatch.setattr(xtb_calculator, "version", lambda name: "0.8")
    monkeypatch.setattr(builder, "ProcessPoolExecutor", InProcess)
    monkeypatch.setattr(MaceTrainer, "require_installed", lambda self: None)
    return numbers


def build(out: Path, *, seed: int = 25, recipe: Recipe = RECIPE) -> Path:
    return zro.build(out, n_frames=N_FRAMES, seed=seed, workers=1, progress=False, recipe=recipe)


def exploration(**settings: Any) -> ExplorationJob:
    return ExplorationJob(
        **{
            "index": 3,
            "n_frames": 8,
            "seed": 25,
            "stage": 2,
            "recipe": RECIPE,
            "approximate": Approximate(),
            "reference": lennard_jones,
            **settings,
        }
    )


def test_killed_build_goes_on_and_gives_the_same_bytes(
    trained: list[int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    whole = build(tmp_path / "whole" / "zro.extxyz.xz")
    # Seeds (2 structures, 4 frames each), then two more frames.
    assert trained == [8, 10]
    images = read(whole, index=":", format="extxyz")
    assert len(images) == N_FRAMES
    n_dropped = sum(dropped(images).values())
    message = capsys.readouterr().err
    assert f"10 Zr-O frames of {10 + n_dropped} candidates; dropped: " in message

    run = ExplorationJob.frames

    def killed(job: ExplorationJob) -> list[Atoms]:
        if (job.stage, job.index) == (2, 1):
            raise KeyboardInterrupt
        return run(job)

    out = tmp_path / "other" / "zro.extxyz.xz"
    with monkeypatch.context() as interrupted:
        interrupted.setattr(ExplorationJob, "frames", killed)
        with pytest.raises(KeyboardInterrupt):
            build(out)
    kept = sorted((tmp_path / "other" / "zro.extxyz.xz.stages").iterdir())
    assert [path.name.split("-")[0] for path in kept] == ["refinement", "seeds"]
    assert not out.exists()

    def only_the_missing_one(job: ExplorationJob) -> list[Atoms]:
        assert (job.stage, job.index) == (2, 1)
        return run(job)

    with monkeypatch.context() as watched:
        watched.setattr(ExplorationJob, "frames", only_the_missing_one)
        watched.setattr(SeedJob, "frames", None)
        build(out)
    assert out.read_bytes() == whole.read_bytes()
    assert [path.name for path in out.parent.iterdir()] == [out.name]


def test_jobs_can_be_sent_to_another_process() -> None:
    seed = SeedJob(0, 25, RECIPE.structures, RECIPE.seeds, zro.calculator)
    for job in (seed, exploration()):
        assert pickle.loads(pickle.dumps(job)) == job


def test_frames_are_of_all_kinds_and_say_where_they_are_from() -> None:
    images = exploration().frames()
    kinds = [atoms.info["config_type"] for atoms in images]
    assert kinds == ["random", "md", "md", "md", "random", "contour", "contour", "contour"]
    numbers = [atoms.info["trajectory"] for atoms in images]
    assert numbers == sorted(numbers)
    assert 3000 <= numbers[0] <= numbers[-1] < 4000
    of_kind = {
        kind: {atoms.info["trajectory"] for atoms in images if atoms.info["config_type"] == kind}
        for kind in set(kinds)
    }
    assert not of_kind["md"] & of_kind["contour"] | of_kind["random"] & of_kind["md"]
    keys = {"random": "relaxation_steps", "md": "temperature_K", "contour": "excess_eV_atom"}
    for atoms in images:
        kind = atoms.info["config_type"]
        assert {key for key in keys.values() if key in atoms.info} == {keys[kind]}
        assert set(REASONS) | {REF_ENERGY, REF_STRESS} <= set(atoms.info)
        assert set(atoms.arrays) == {"numbers", "positions", REF_FORCES}
        assert np.abs(atoms.arrays[REF_FORCES]).max() <= RECIPE.largest_force_eV_A
        bare = Atoms(atoms.numbers, positions=atoms.positions, cell=atoms.cell, pbc=True)
        bare.calc = lennard_jones()
        assert bare.get_potential_energy() == pytest.approx(atoms.info[REF_ENERGY], abs=1e-7)


def test_job_depends_on_its_seed_stage_and_index_only() -> None:
    def positions(**settings: Any) -> np.ndarray:
        return np.concatenate([a.positions for a in exploration(n_frames=2, **settings).frames()])

    same = positions()
    np.testing.assert_array_equal(positions(), same)
    for settings in ({"seed": 26}, {"stage": 1}, {"index": 4}):
        other = positions(**settings)
        assert other.shape != same.shape or not np.allclose(other, same)


def test_large_forces_and_failures_of_the_reference_are_dropped_and_counted() -> None:
    strict = replace(RECIPE, largest_force_eV_A=3.0)
    images = exploration(recipe=strict, reference=fussy, n_frames=12).frames()
    assert len(images) == 12
    counts = dropped(images)
    assert counts["dropped_forces"] > 0
    assert counts["dropped_charges"] > 0
    for atoms in images:
        assert np.abs(atoms.arrays[REF_FORCES]).max() <= 3.0
        assert np.count_nonzero(atoms.numbers == 8) % 2 == 0


def test_atoms_that_come_too_close_end_the_trajectory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zro_jobs, "closeness", lambda atoms: 0.29)
    with pytest.raises(ReferenceCalculatorError, match=r"20 where the approximate .* too close"):
        exploration().frames()
    monkeypatch.setattr(zro_jobs, "closeness", lambda atoms: 0.31)
    assert dropped(exploration(n_frames=1).frames())["dropped_approximate"] == 0


def test_potential_that_is_not_finite_is_counted_not_raised() -> None:
    with pytest.raises(ReferenceCalculatorError, match="20 where the approximate potential failed"):
        exploration(approximate=Approximate(not_finite=True)).frames()


def test_reference_that_always_fails_is_named() -> None:
    with pytest.raises(ReferenceCalculatorError, match=r"gave too few.*The last failure: .* never"):
        exploration(reference=Impossible).frames()
    seeds = SeedJob(0, 25, RECIPE.structures, RECIPE.seeds, Impossible)
    with pytest.raises(ReferenceCalculatorError, match=r"none of 20 random structures .* never"):
        seeds.frames()


def test_seed_that_fails_is_replaced_and_counted() -> None:
    counts = 0
    for index in range(4):
        job = SeedJob(index, 25, RECIPE.structures, RECIPE.seeds, fussy)
        images = job.frames()
        assert len(images) == job.n_frames == 4
        assert {str(atoms.symbols) for atoms in images} == {str(images[0].symbols)}
        counts += images[0].info["dropped_charges"]
        energies = [atoms.info[REF_ENERGY] for atoms in images]
        assert energies[2] < energies[1] < energies[0]  # relaxed; the last one is rattled
    assert counts > 0


@pytest.mark.parametrize("name", ["n_frames", "workers"])
def test_nothing_to_build_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=f"`{name}` to be at least 1, found 0"):
        zro.build(tmp_path / "zro.extxyz", **{name: 0})
    with pytest.raises(UsageError, match="no file of a potential, found --potential-file a"):
        zro.build(tmp_path / "zro.extxyz", potential_file=Path("a"))
    with pytest.raises(UsageError, match="`frames_per_job`"):
        Recipe(frames_per_job=0)
    with pytest.raises(UsageError, match="`spacing`"):
        SeedRecipe(spacing=0)


def test_missing_packages_are_named_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> str:
        raise xtb_calculator.PackageNotFoundError(name)

    with monkeypatch.context() as without:
        without.setattr(xtb_calculator, "version", missing)
        with pytest.raises(ReferenceCalculatorError, match="needs the package tblite"):
            build(tmp_path / "zro.extxyz")
    monkeypatch.setattr(xtb_calculator, "version", lambda name: "0.8")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ArchitectureNotInstalledError, match="mace-torch"):
        build(tmp_path / "zro.extxyz")
    assert list(tmp_path.iterdir()) == []
