"""Run the jobs of a build in worker processes, resumable, and write their frames to one file.

A job is usually one trajectory. It is an object that can be pickled, and samples and labels its
frames in a worker process. Everything that its frames depend on is part of the job itself, so that
they depend neither on the worker that runs it nor on earlier jobs.
"""

from __future__ import annotations

import gzip
import lzma
import multiprocessing
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Protocol, cast

from ms25_suite.core.cache import atomic_path, content_key
from ms25_suite.core.errors import DatasetError, ReferenceCalculatorError
from ms25_suite.core.machine import available_cores
from ms25_suite.core.sealed import DamagedError, read_sealed, seal
from ms25_suite.core.text.progress import ProgressTerminal, progress, progress_on
from ms25_suite.datasets.writer import naming_errors
from ms25_suite.environments.guard import end_with_parent
from ms25_suite.environments.processes import safe_path
from ms25_suite.reference.spread import refuse_numbers

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["Job", "Plan", "build_frames", "opened"]

_RESUME: Final = "finished trajectories are kept in {folder}: run the same command again to resume"


class Job(Protocol):
    """One trajectory. It is pickled and run in another process."""

    @property
    def n_frames(self) -> int:
        """Number of frames that `frames` returns."""

    def frames(self) -> Sequence[Atoms]:
        """Sample and label the frames, in the order in which they are stored."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What one system contributes to a build.

    Parameters
    ----------
    title
        Label of the progress bar.
    jobs
        Trajectories, in the order in which their frames are stored.
    settings
        Everything that the frames depend on, JSON-able. An interrupted build is resumed only
        where its settings were the same.
    finish
        Called once the file is complete; None for nothing to do.
    """

    title: str
    jobs: Sequence[Job]
    settings: Mapping[str, Any]
    finish: Callable[[], None] | None = None


def build_frames(
    out: Path, plan: Plan, *, workers: int | None = None, progress: bool = True
) -> Path:
    """Run the jobs of a plan and write their frames to one file, in the order of the jobs.

    Each finished trajectory is stored in a folder beside ``out`` until the file is complete. The
    same call after an interruption reads them from there.

    Parameters
    ----------
    out
        File to write, extended XYZ; compressed if its name ends with ``.xz`` or ``.gz``.
    plan
        What to build.
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
        There are no jobs, or fewer than one worker.
    ReferenceCalculatorError
        A job raised it, or a worker process died.
    DatasetError
        The disk is full; finished trajectories are kept.
    """
    refuse_numbers(jobs=len(plan.jobs), workers=workers)
    root = out.with_name(f"{out.name}.work")
    # Another recipe, seed or version of LAMMPS gets another folder: trajectories of two recipes
    # never mix in one file.
    folder = root / content_key(plan.settings)[:16]
    with naming_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    # The number is the place in the file, whatever order the jobs finish in.
    targets = [folder / f"trajectory-{index:05d}.extxyz" for index in range(len(plan.jobs))]
    tasks = list(zip(plan.jobs, targets, strict=True))
    _run(tasks, plan.title, workers or available_cores(), progress)
    with (
        naming_errors(out, _RESUME.format(folder=folder)),
        atomic_path(out) as temporary,
        opened(temporary, out.suffix) as file,
    ):
        for target in targets:
            # Extended XYZ files can be concatenated.
            file.write(_finished(target))
    shutil.rmtree(folder)
    if not any(root.iterdir()):  # an unfinished build of the same file has other settings
        root.rmdir()
    return out


def _run(tasks: Sequence[tuple[Job, Path]], title: str, workers: int, shown: bool) -> None:
    """Run the jobs whose file is missing or damaged, each in one of the worker processes."""
    waiting = [task for task in tasks if not _is_finished(task[1])]
    n_frames = sum(job.n_frames for job, _ in tasks)
    n_done = n_frames - sum(job.n_frames for job, _ in waiting)
    # Spawned, not forked: LAMMPS and MPI may already be loaded in this process.
    context = multiprocessing.get_context("spawn")
    shown_on = ProgressTerminal(sys.stderr) if shown else None
    with progress_on(shown_on), progress(title, n_frames, "frames", n_done) as bar:
        if not waiting:
            return
        size = min(workers, len(waiting))
        with (
            safe_path(),
            ProcessPoolExecutor(size, mp_context=context, initializer=end_with_parent) as pool,
        ):
            futures = {pool.submit(_store, *task): task[0] for task in waiting}
            try:
                for future in as_completed(futures):
                    future.result()
                    bar.advance(futures[future].n_frames)
            except BrokenProcessPool as error:
                folder = waiting[0][1].parent
                msg = (
                    "a worker process ended unexpectedly (out of memory?); "
                    f"{_RESUME.format(folder=folder)}"
                )
                raise ReferenceCalculatorError(msg) from error
            finally:
                pool.shutdown(wait=False, cancel_futures=True)


def _finished(target: Path) -> bytes:
    """Frames of a finished job.

    Raises
    ------
    DatasetError
        The file is missing or damaged.
    """
    try:
        return read_sealed(target, _label(target))
    except (FileNotFoundError, DamagedError) as error:
        # Since this build began: before, it was whole.
        msg = f"{error}. Run the same command again: that job is then done again"
        raise DatasetError(msg) from error


def _is_finished(target: Path) -> bool:
    try:
        read_sealed(target, _label(target))
    except (FileNotFoundError, DamagedError):
        return False
    return True


def _label(target: Path) -> str:
    """What a file is: the folder is named by the settings of the build."""
    return f"{target.parent.name}/{target.name}"


def _store(job: Job, target: Path) -> None:
    """Run one job, and store all of its frames in one step."""
    from ase.io import write

    images = job.frames()
    if len(images) != job.n_frames:
        msg = f"expected {job.n_frames} frames of {job}, found {len(images)}: a bug in the job"
        raise RuntimeError(msg)
    # Atomic: a file with the final name is a finished trajectory, also after a crash.
    hint = _RESUME.format(folder=target.parent)
    with naming_errors(target, hint), atomic_path(target) as temporary:
        write(temporary, images, format="extxyz")
        temporary.write_bytes(seal(temporary.read_bytes(), _label(target)))


@contextmanager
def opened(path: Path, suffix: str) -> Iterator[IO[bytes]]:
    """Open a file for writing, compressed or not, without a time stamp in its header.

    Parameters
    ----------
    path
        The file.
    suffix
        Extension of its final name: ``.xz``, ``.gz``, or any other for plain text.
    """
    if suffix.lower() == ".xz":
        # Smallest file: it is built once and shipped.
        with lzma.open(path, "wb", preset=9 | lzma.PRESET_EXTREME) as packed:
            yield packed
    elif suffix.lower() == ".gz":
        with path.open("wb") as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as zipped:
            yield cast("IO[bytes]", zipped)
    else:
        with path.open("wb") as plain:
            yield plain
