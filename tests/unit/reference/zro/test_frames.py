"""The Zr-O reference, and whole builds with cheap calculators."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.io import read

from ms25_suite.architectures.mace.trainer import MaceTrainer
from ms25_suite.core.errors import (
    ArchitectureNotInstalledError,
    ReferenceCalculatorError,
    UsageError,
)
from ms25_suite.reference import jobs
from ms25_suite.reference.calculators import xtb as xtb_calculator
from ms25_suite.reference.zro import frames as zro
from ms25_suite.reference.zro.selection import dropped
from ms25_suite.reference.zro.trajectories import ExplorationJob, SeedJob, ZroSampling
from tests.helpers.reference_calculators import ReferenceCalculatorTests
from tests.helpers.zro_fakes import SAMPLING, Approximate, lennard_jones

N_FRAMES = 10


def structure(seed: int) -> Atoms:
    """Zr3O6 in a triclinic cell, rattled: small, so that it is quick."""
    rng = np.random.default_rng(seed)
    edge = 5.6
    scaled = [[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5]]
    scaled += [[x, y, z] for x, y, z in np.ndindex(2, 2, 2)][:6]
    scaled = np.array(scaled, dtype=float)
    scaled[3:] = 0.25 + 0.5 * scaled[3:]
    atoms = Atoms("Zr3O6", scaled_positions=scaled, cell=edge * np.eye(3), pbc=True)
    atoms.set_cell(atoms.cell @ (np.eye(3) + rng.normal(0.0, 0.03, (3, 3))), scale_atoms=True)
    atoms.positions += rng.normal(0.0, 0.1, (len(atoms), 3))
    return atoms


@pytest.mark.xtb
class TestCalculator(ReferenceCalculatorTests):
    """Not size-extensive at the gamma point alone in such a small cell."""

    KINDS = ("triclinic",)
    N_DIRECTIONS = 1
    STEP = 1e-3
    FORCE = 1e-4
    STRESS = 2e-5
    # Threads of BLAS may sum in another order. Charges of an earlier frame, taken as the first
    # guess, change forces by 2e-6 to 7e-6 eV/Å.
    HISTORY = 1e-7
    test_is_size_extensive = None

    @pytest.fixture
    def make_reference(self) -> Callable[[], Any]:
        pytest.importorskip("tblite")
        return zro.calculator

    def frame(self, seed: int, kind: str) -> Atoms:
        return structure(seed)


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
    monkeypatch.setattr(jobs, "ProcessPoolExecutor", InProcess)
    monkeypatch.setattr(MaceTrainer, "require_installed", lambda self: None)
    return numbers


def build(out: Path, *, seed: int = 25, sampling: ZroSampling = SAMPLING) -> Path:
    return zro.build(
        out, n_frames=N_FRAMES, seed=seed, workers=1, progress=False, sampling=sampling
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
    kept = sorted((tmp_path / "other" / "zro.extxyz.xz.stages").glob("*.extxyz"))
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


def test_bad_options_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="`n_frames` to be at least 1, found 0"):
        zro.build(tmp_path / "zro.extxyz", n_frames=0)
    with pytest.raises(TypeError, match="potential_file"):  # GFN1-xTB has no file
        zro.build(tmp_path / "zro.extxyz", potential_file=Path("a"))


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
    with pytest.raises(ArchitectureNotInstalledError, match=r"ms25-suite\[mace\]"):
        build(tmp_path / "zro.extxyz")
    assert list(tmp_path.iterdir()) == []
