"""The HEA data: the paper's own EAM potential in LAMMPS, and the sampling of its frames.

`calculator` labels any frame of Fe, Ni, Cr, Co and Cu; `build` makes the data set. The recipe is
the paper's (Maxson et al., MS25, "High Entropy Alloy (HEA) Training Data") with one change, the
damping times: `ms25_suite.reference.sampling.Recipe` says which and why.

Frames are stored trajectory by trajectory, in the order of time within each. The temperatures of
the trajectories are in random order, so that the first part of a file is as even as the whole.
"""

from __future__ import annotations

import lzma
import multiprocessing
import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.cache import atomic_path, content_key
from ms25_suite.errors import ReferenceCalculatorError, UsageError
from ms25_suite.fields import REF_ENERGY, REF_FORCES, REF_STRESS
from ms25_suite.reference.lammps_session import open_lammps, quoted
from ms25_suite.reference.potential_file import ELEMENTS, SHA256, find_potential_file
from ms25_suite.reference.progress import progress_bar
from ms25_suite.reference.sampling import Recipe, Trajectory, run_trajectory, temperatures

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["build", "calculator", "label"]

POSITION_DECIMALS: Final = 6
"""Positions and cells are rounded to 1e-6 Å before they are labelled."""

FORCE_DECIMALS: Final = 8
"""Forces are stored to 1e-8 eV/Å, what the extxyz writer of ASE prints."""

ENERGY_DECIMALS: Final = 8
STRESS_DECIMALS: Final = 10


@dataclass(frozen=True, slots=True)
class _Job:
    """One trajectory: everything that its frames depend on, and where they go."""

    index: int
    temperature_K: float  # noqa: N815 - K is the unit
    n_frames: int
    seed: int
    recipe: Recipe
    potential_file: Path
    target: Path


def calculator(potential_file: str | None = None) -> Any:
    """ASE calculator of the reference: energy, forces and stress of any FeNiCrCoCu frame.

    Cells may be triclinic, and cell, composition and number of atoms may change between frames.
    LAMMPS runs in this process, single-threaded.

    Parameters
    ----------
    potential_file
        File of the potential; None to look for it as `find_potential_file` does.

    Raises
    ------
    ReferenceCalculatorError
        There is no such file, or LAMMPS is not installed; later, on a frame that holds another
        element or is not periodic.
    """
    path = find_potential_file(None if potential_file is None else Path(potential_file))
    from ms25_suite.reference.lammps_calculator import LammpsCalculator

    commands = ("pair_style eam/alloy", f"pair_coeff * * {quoted(path)} {' '.join(ELEMENTS)}")
    return LammpsCalculator(commands, ELEMENTS)


def label(atoms: Atoms, reference: Any) -> None:
    """Round the frame to what a file keeps, and attach the reference labels to it.

    Parameters
    ----------
    atoms
        Frame; gets ``REF_energy`` and ``REF_stress`` in ``info`` and ``REF_forces`` as an array.
    reference
        ASE calculator.
    """
    # First the rounding, then the labels: they are then those of the stored positions.
    atoms.set_cell(np.round(atoms.cell.array, POSITION_DECIMALS), scale_atoms=False)
    atoms.positions = np.round(atoms.positions, POSITION_DECIMALS)
    atoms.calc = reference
    energy = atoms.get_potential_energy()
    forces = atoms.get_forces()
    stress = atoms.get_stress()
    atoms.calc = None
    # `+ 0.0` turns a negative zero into zero.
    atoms.info[REF_ENERGY] = round(float(energy), ENERGY_DECIMALS)
    atoms.info[REF_STRESS] = np.round(stress, STRESS_DECIMALS) + 0.0
    atoms.arrays[REF_FORCES] = np.round(forces, FORCE_DECIMALS) + 0.0


def build(
    out: Path,
    *,
    n_frames: int = 660,
    seed: int = 25,
    potential_file: Path | None = None,
    workers: int | None = None,
    progress: bool = True,
    recipe: Recipe | None = None,
) -> Path:
    """Sample and label the HEA data.

    Finished trajectories are kept in a folder beside ``out``; the same call after an
    interruption goes on from there, and the file is the same, bit by bit, as without it. Neither
    does it depend on the number of workers. On another machine or with another LAMMPS the
    trajectories differ, as chaotic ones do, while their statistics do not.

    Parameters
    ----------
    out
        File to write, extended XYZ; compressed if its name ends with ``.xz``.
    n_frames
        Number of frames; 10,000 is the paper's full protocol.
    seed
        Seed of compositions, temperatures and velocities.
    potential_file
        File of the potential; None to look for it as `find_potential_file` does.
    workers
        Number of processes; None for one per core that this process may use.
    progress
        Whether to show a progress bar on the standard error stream.
    recipe
        Settings of the sampling; None for those of the shipped data.

    Returns
    -------
    :
        ``out``.

    Raises
    ------
    UsageError
        There is nothing to build with these numbers.
    ReferenceCalculatorError
        The potential or LAMMPS is missing, a run failed, or a worker process died.
    """
    for name, number in (("n_frames", n_frames), ("workers", workers)):
        if number is not None and number < 1:
            msg = f"expected `{name}` to be at least 1, found {number}"
            raise UsageError(msg)
    recipe = Recipe() if recipe is None else recipe
    potential = find_potential_file(potential_file)
    lammps = open_lammps()  # before any worker starts, so that what is missing is said once
    version = int(lammps.version())
    lammps.close()

    settings = {
        "recipe": asdict(recipe),
        "n_frames": n_frames,
        "seed": seed,
        "potential": SHA256,
        "lammps": version,
    }
    root = out.with_name(f"{out.name}.work")
    folder = root / content_key(settings)[:16]
    folder.mkdir(parents=True, exist_ok=True)
    jobs = _jobs(n_frames, seed, recipe, potential, folder)
    _run(jobs, workers or _n_cores(), progress)
    with atomic_path(out) as temporary, _opened(temporary, out.suffix == ".xz") as file:
        for job in jobs:
            file.write(job.target.read_bytes())
    shutil.rmtree(folder)
    if not any(root.iterdir()):  # another build to the same file may be unfinished
        root.rmdir()
    return out


def _jobs(n_frames: int, seed: int, recipe: Recipe, potential: Path, folder: Path) -> list[_Job]:
    n_trajectories = -(-n_frames // recipe.frames_per_trajectory)
    # Numbers of frames differ by one at most, so that temperatures stay even.
    shares = np.full(n_trajectories, n_frames // n_trajectories)
    shares[: n_frames % n_trajectories] += 1
    return [
        _Job(
            index=index,
            temperature_K=float(temperature),
            n_frames=int(shares[index]),
            seed=seed,
            recipe=recipe,
            potential_file=potential,
            target=folder / f"trajectory-{index:05d}.extxyz",
        )
        for index, temperature in enumerate(temperatures(n_trajectories, recipe, seed))
    ]


def _run(jobs: Sequence[_Job], workers: int, progress: bool) -> None:
    """Run the trajectories that are not there yet, each in one of the worker processes."""
    waiting = [job for job in jobs if not job.target.is_file()]
    n_frames = sum(job.n_frames for job in jobs)
    n_done = n_frames - sum(job.n_frames for job in waiting)
    # Spawned, not forked: LAMMPS and MPI are already loaded in this process.
    context = multiprocessing.get_context("spawn")
    with progress_bar("HEA frames", n_frames, n_done, progress) as advance:
        if not waiting:
            return
        size = min(workers, len(waiting))
        with ProcessPoolExecutor(size, mp_context=context, initializer=_end_with_parent) as pool:
            futures = {pool.submit(_sample, job): job for job in waiting}
            try:
                for future in as_completed(futures):
                    future.result()
                    advance(futures[future].n_frames)
            except BrokenProcessPool as error:
                folder = jobs[0].target.parent
                msg = (
                    "a worker process ended unexpectedly (out of memory?); finished trajectories "
                    f"are kept in {folder}: run the same command again to go on"
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


def _sample(job: _Job) -> None:
    """Run, label and store one trajectory."""
    from ase import Atoms
    from ase.io import write

    rng = np.random.default_rng([job.seed, job.index])
    trajectory: Trajectory = run_trajectory(
        job.recipe, job.potential_file, job.temperature_K, job.n_frames, rng
    )
    # A calculator of its own for each trajectory: what LAMMPS did before could show in the
    # last digits, and would depend on which worker ran what.
    reference = calculator(str(job.potential_file))
    images = []
    for positions, lengths in zip(trajectory.positions, trajectory.lengths, strict=True):
        atoms = Atoms(trajectory.symbols, positions=positions, cell=lengths, pbc=True)
        label(atoms, reference)
        atoms.info["config_type"] = "hea"
        atoms.info["temperature_K"] = round(job.temperature_K, 3)
        atoms.info["trajectory"] = job.index
        images.append(atoms)
    reference.clean()
    with atomic_path(job.target) as temporary:
        write(temporary, images, format="extxyz")


def _n_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _opened(path: Path, compressed: bool) -> Iterator[IO[bytes]]:
    if compressed:
        with lzma.open(path, "wb", preset=9 | lzma.PRESET_EXTREME) as packed:
            yield packed
    else:
        with path.open("wb") as plain:
            yield plain
