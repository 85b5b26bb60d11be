"""Build a dataset of independent trajectories: on all cores, resumable, the same bytes each time.

A recipe is a list of jobs. A job is one trajectory: an object that can be pickled, knows how many
frames it gives, and makes them, labelled. All that its frames depend on is in the job itself, so
that they depend neither on the worker that runs it nor on what was run before::

    @dataclass(frozen=True, slots=True)
    class Rattled:
        n_frames: int
        seed: int

        def frames(self) -> list[Atoms]:
            images = [...]
            reference = calculator()
            for atoms in images:
                label(atoms, reference)
            return images


    build_frames(out, jobs, settings={"recipe": ..., "seed": 25}, title="MgO frames")
"""

from __future__ import annotations

import gzip
import lzma
import multiprocessing
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Protocol, cast

import numpy as np

from ms25_suite.core.cache import atomic_path, content_key
from ms25_suite.core.errors import ReferenceCalculatorError, UsageError
from ms25_suite.core.fields import REF_ENERGY, REF_FORCES, REF_STRESS
from ms25_suite.datasets.writer import naming_errors

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["Job", "build_frames", "label", "opened", "progress_bar", "refuse_numbers", "shares"]

POSITION_DECIMALS: Final = 6
"""Positions and cells are rounded to 1e-6 Å before they are labelled."""

FORCE_DECIMALS: Final = 8
"""Forces are stored to 1e-8 eV/Å, what the extxyz writer of ASE prints."""

ENERGY_DECIMALS: Final = 8
STRESS_DECIMALS: Final = 10


_GO_ON: Final = "finished trajectories are kept in {folder}: run the same command again to go on"


class Job(Protocol):
    """One trajectory. It is pickled and run in another process."""

    @property
    def n_frames(self) -> int:
        """Number of frames that `frames` returns."""

    def frames(self) -> Sequence[Atoms]:
        """Sample and label the frames, in the order in which they are stored."""


def label(atoms: Atoms, reference: Any) -> None:
    """Round the frame to what a file keeps, and attach the reference labels to it.

    Parameters
    ----------
    atoms
        Frame; gets ``REF_energy`` and ``REF_stress`` in ``info`` and ``REF_forces`` as an array.
        Forces are those of the potential, also on atoms that a constraint holds.
    reference
        ASE calculator.
    """
    # First the rounding, then the labels: they are then those of the stored positions.
    atoms.set_cell(np.round(atoms.cell.array, POSITION_DECIMALS), scale_atoms=False)
    atoms.positions = np.round(atoms.positions, POSITION_DECIMALS)
    atoms.calc = reference
    energy = atoms.get_potential_energy(apply_constraint=False)
    forces = atoms.get_forces(apply_constraint=False)
    stress = atoms.get_stress(apply_constraint=False)
    atoms.calc = None
    # `+ 0.0` turns a negative zero into zero.
    atoms.info[REF_ENERGY] = round(float(energy), ENERGY_DECIMALS)
    atoms.info[REF_STRESS] = np.round(stress, STRESS_DECIMALS) + 0.0
    atoms.arrays[REF_FORCES] = np.round(forces, FORCE_DECIMALS) + 0.0


def refuse_numbers(**numbers: int | None) -> None:
    """Refuse numbers below 1; None stands for a default.

    Raises
    ------
    UsageError
        One of them is below 1; the message has its name.
    """
    for name, number in numbers.items():
        if number is not None and number < 1:
            msg = f"expected `{name}` to be at least 1, found {number}"
            raise UsageError(msg)


def shares(n_frames: int, frames_per_trajectory: int) -> list[int]:
    """Numbers of frames of the trajectories that make ``n_frames``; they differ by one at most."""
    n_trajectories = -(-n_frames // frames_per_trajectory)
    rest = n_frames % n_trajectories
    return [n_frames // n_trajectories + (index < rest) for index in range(n_trajectories)]


def build_frames(
    out: Path,
    jobs: Sequence[Job],
    *,
    settings: Mapping[str, Any],
    title: str,
    workers: int | None = None,
    progress: bool = True,
) -> Path:
    """Run the jobs, and write their frames in the order of the jobs.

    Finished trajectories are kept in a folder beside ``out``; the same call after an
    interruption goes on from there, and the file is the same, bit by bit, as without it. Neither
    does it depend on the number of workers.

    Parameters
    ----------
    out
        File to write, extended XYZ; compressed if its name ends with ``.xz`` or ``.gz``.
    jobs
        The trajectories.
    settings
        All that the frames depend on, JSON-able: the finished trajectories of an interrupted
        build are used if theirs are the same.
    title
        What the progress bar counts.
    workers
        Number of processes; None for one per core that this process may use.
    progress
        Whether to show a progress bar on the standard error stream.

    Returns
    -------
    :
        ``out``.

    Raises
    ------
    UsageError
        There is nothing to build, or no worker to do it.
    ReferenceCalculatorError
        A job raised it, or a worker process died.
    DatasetError
        The disk is full; what is finished is kept.
    """
    refuse_numbers(jobs=len(jobs), workers=workers)
    root = out.with_name(f"{out.name}.work")
    folder = root / content_key(settings)[:16]
    with naming_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    targets = [folder / f"trajectory-{index:05d}.extxyz" for index in range(len(jobs))]
    _run(list(zip(jobs, targets, strict=True)), title, workers or _n_cores(), progress)
    with (
        naming_errors(out, _GO_ON.format(folder=folder)),
        atomic_path(out) as temporary,
        opened(temporary, out.suffix) as file,
    ):
        for target in targets:
            file.write(target.read_bytes())
    shutil.rmtree(folder)
    if not any(root.iterdir()):  # another build to the same file may be unfinished
        root.rmdir()
    return out


def _run(tasks: Sequence[tuple[Job, Path]], title: str, workers: int, progress: bool) -> None:
    """Run the trajectories that are not there yet, each in one of the worker processes."""
    waiting = [task for task in tasks if not task[1].is_file()]
    n_frames = sum(job.n_frames for job, _ in tasks)
    n_done = n_frames - sum(job.n_frames for job, _ in waiting)
    # Spawned, not forked: LAMMPS and MPI are already loaded in this process.
    context = multiprocessing.get_context("spawn")
    with progress_bar(title, n_frames, n_done, progress) as advance:
        if not waiting:
            return
        size = min(workers, len(waiting))
        with ProcessPoolExecutor(size, mp_context=context, initializer=_end_with_parent) as pool:
            futures = {pool.submit(_store, *task): task[0] for task in waiting}
            try:
                for future in as_completed(futures):
                    future.result()
                    advance(futures[future].n_frames)
            except BrokenProcessPool as error:
                folder = waiting[0][1].parent
                msg = (
                    "a worker process ended unexpectedly (out of memory?); "
                    f"{_GO_ON.format(folder=folder)}"
                )
                raise ReferenceCalculatorError(msg) from error
            finally:
                pool.shutdown(wait=False, cancel_futures=True)


def _end_with_parent() -> None:
    """End this worker process when its parent is killed: the pool itself would wait for ever."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _store(job: Job, target: Path) -> None:
    """Run one job, and store its frames all at once."""
    from ase.io import write

    images = job.frames()
    if len(images) != job.n_frames:
        msg = f"{job} gave {len(images)} frames, expected {job.n_frames}: an error of the recipe"
        raise RuntimeError(msg)
    hint = _GO_ON.format(folder=target.parent)
    with naming_errors(target, hint), atomic_path(target) as temporary:
        write(temporary, images, format="extxyz")


def _n_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def opened(path: Path, suffix: str) -> Iterator[IO[bytes]]:
    """A file to write, compressed as the last extension of its name says; no time enters it.

    Parameters
    ----------
    path
        The file.
    suffix
        Extension of the name that it will have: ``.xz``, ``.gz``, or any other for plain text.
    """
    if suffix.lower() == ".xz":
        with lzma.open(path, "wb", preset=9 | lzma.PRESET_EXTREME) as packed:
            yield packed
    elif suffix.lower() == ".gz":
        with path.open("wb") as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as zipped:
            yield cast("IO[bytes]", zipped)
    else:
        with path.open("wb") as plain:
            yield plain


@contextmanager
def progress_bar(title: str, total: int, done: int, shown: bool) -> Iterator[Callable[[int], None]]:
    """Show on the standard error stream how far a build is.

    Parameters
    ----------
    title
        What is counted.
    total, done
        Number of things in all, and of those that were there before.
    shown
        False for no bar; the returned function can be called all the same.

    Yields
    ------
    :
        Function that is told how many more are finished.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    # A long period: things finish seldom, and several at a time.
    with Progress(
        *columns, console=Console(stderr=True), disable=not shown, speed_estimate_period=600.0
    ) as bar:
        task = bar.add_task(title, total=total, completed=done)

        def advance(number: int) -> None:
            bar.advance(task, number)

        yield advance
