"""The MgO data: Lewis and Catlow's Buckingham model in LAMMPS, and the sampling of the slabs.

`calculator` labels slabs, `bulk_calculator` the bulk; `build_2x2` and `build_4x4` make the data.
The recipe is the paper's (Maxson et al., MS25, "MgO Training Data"): MgO(100) slabs of four layers,
two of them fixed, 300 to 1200 K. The slabs are repetitions of the primitive surface cell, a/sqrt(2)
wide: only then has the paper's smaller slab atoms within 6 Å of their own images, as it says.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.core.errors import UsageError
from ms25_suite.core.frames import FloatArray
from ms25_suite.reference.builder import build_frames, label, refuse_numbers, shares
from ms25_suite.reference.calculators.lammps_instance import lammps_version
from ms25_suite.reference.calculators.lammps_md import Dynamics, Interactions, sample_nvt

if TYPE_CHECKING:
    from ase import Atoms

__all__ = [
    "Recipe",
    "build",
    "build_2x2",
    "build_4x4",
    "bulk_calculator",
    "calculator",
    "slab",
]

ELEMENTS: Final = ("Mg", "O")

CHARGES: Final = {"Mg": 2.0, "O": -2.0}
"""Formal charges, in e."""

BUCKINGHAM: Final = {
    ("Mg", "Mg"): (0.0, 1.0, 0.0),
    ("Mg", "O"): (1428.5, 0.2945, 0.0),
    ("O", "O"): (22764.3, 0.1490, 27.879),
}
"""A (eV), rho (Å) and C (eV Å^6) of A exp(-r / rho) - C / r^6.

G. V. Lewis and C. R. A. Catlow, J. Phys. C 18 (1985) 1149; without the shells, which the lattice
constant of the cubic crystal does not depend on.
"""

CUTOFF_A: Final = 10.0
"""Range in Å of the short-ranged terms, which are shifted to vanish there."""

LATTICE_CONSTANT_A: Final = 4.1985
"""Lattice constant in Å of the model at 0 K; the known one is 4.21 Å."""

VACUUM_A: Final = 15.0
"""Distance in Å between the outermost layers of two images of a slab; the paper gives none."""

N_LAYERS: Final = 4
N_HELD_LAYERS: Final = 2

_LABEL_ACCURACY: Final = 1e-8
"""Accuracy of the Ewald sum of the labels, relative to the force between two unit charges 1 Å
apart."""

_SAMPLING_ACCURACY: Final = 1e-5
"""The same for the dynamics, where more does not matter."""

_SHIPPED_FRAMES: Final = {2: 500, 4: 400}

_DYNAMICS: Final = Dynamics(
    thermostat="nose-hoover",
    damping_ps=0.1,
    timestep_ps=0.0025,
    equilibration_ps=5.0,
    spacing_ps=2.0,
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Settings of the sampling.

    Parameters
    ----------
    dynamics
        The paper's thermostat (chain length 1, 100 fs) and time step; the time between frames is
        longer than the paper's 25 fs, see ``docs/datasets/mgo.md``.
    lowest_K, highest_K
        Range of the temperatures.
    frames_per_trajectory
        Frames of one temperature.
    """

    dynamics: Dynamics = _DYNAMICS
    lowest_K: float = 300.0  # noqa: N815 - K is the unit
    highest_K: float = 1200.0  # noqa: N815
    frames_per_trajectory: int = 2


@dataclass(frozen=True, slots=True)
class _Job:
    """One trajectory at one temperature."""

    index: int
    n_frames: int
    seed: int
    recipe: Recipe
    repeat: int
    temperature_K: float  # noqa: N815

    def frames(self) -> list[Atoms]:
        """Run and label the trajectory."""
        start = slab(self.repeat)
        start.set_cell(np.round(start.cell.array, 6))  # as that of the frames
        held = range(len(start) * N_HELD_LAYERS // N_LAYERS)
        positions = sample_nvt(
            start,
            _interactions(_SAMPLING_ACCURACY),
            self.recipe.dynamics,
            self.temperature_K,
            self.n_frames,
            np.random.default_rng([self.seed, self.index]),
            held=held,
        )
        # A calculator of its own for each trajectory, as each has a LAMMPS of its own.
        reference = calculator()
        images = []
        for frame in positions:
            atoms = start.copy()
            atoms.positions = frame
            label(atoms, reference)
            atoms.info["config_type"] = f"mgo-{self.repeat}x{self.repeat}"
            atoms.info["temperature_K"] = round(self.temperature_K, 3)
            atoms.info["trajectory"] = self.index
            images.append(atoms)
        reference.clean()
        return images


def slab(repeat: int) -> Atoms:
    """MgO(100), four layers as cut from the bulk, with vacuum; the lowest layers come first.

    Parameters
    ----------
    repeat
        Number of primitive surface cells along both edges; ``8 * repeat**2`` atoms.

    Raises
    ------
    UsageError
        ``repeat`` is below 1.
    """
    from ase import Atoms

    refuse_numbers(repeat=repeat)
    edge = LATTICE_CONSTANT_A / np.sqrt(2.0)
    spacing = LATTICE_CONSTANT_A / 2.0
    symbols: list[str] = []
    positions: list[tuple[float, float, float]] = []
    for layer in range(N_LAYERS):
        height = VACUUM_A / 2 + layer * spacing
        for x, y in np.ndindex(repeat, repeat):
            # Each layer is shifted by half a cell: Mg on top of O.
            for symbol, shift in (("Mg", layer % 2 / 2), ("O", (layer + 1) % 2 / 2)):
                symbols.append(symbol)
                positions.append(((x + shift) * edge, (y + shift) * edge, height))
    height = VACUUM_A + (N_LAYERS - 1) * spacing
    return Atoms(symbols, positions, cell=[repeat * edge, repeat * edge, height], pbc=True)


def calculator(potential_file: str | None = None) -> Any:
    """ASE calculator of the reference: energy, forces and stress of slabs of Mg and O.

    With the dipole correction along the surface normal, as the paper's calculations. The stress
    is that of the whole cell, vacuum included.

    Parameters
    ----------
    potential_file
        Not used: the parameters are part of this module.

    Raises
    ------
    ReferenceCalculatorError
        LAMMPS is not installed; later, on a frame without vacuum, of another element, not
        neutral, or not periodic.
    """
    from ms25_suite.reference.mgo.slab_dipole import SlabCalculator

    return SlabCalculator(
        _interactions(_LABEL_ACCURACY).commands, ELEMENTS, CHARGES, **_lammpslib_settings()
    )


def bulk_calculator() -> Any:
    """ASE calculator of the same model without the dipole correction, for cells without vacuum.

    Raises
    ------
    ReferenceCalculatorError
        LAMMPS is not installed; later, on a frame of another element or that is not periodic.
    """
    from ms25_suite.reference.calculators.lammps import LammpsCalculator

    return LammpsCalculator(
        _interactions(_LABEL_ACCURACY).commands, ELEMENTS, **_lammpslib_settings()
    )


def build(
    repeat: int,
    out: Path,
    *,
    n_frames: int | None = None,
    seed: int = 25,
    potential_file: Path | None = None,
    workers: int | None = None,
    progress: bool = True,
    recipe: Recipe | None = None,
) -> Path:
    """Sample and label the data of one slab; `build_frames` says what can be relied on.

    Parameters
    ----------
    repeat
        Number of primitive surface cells along both edges: 2 or 4 in the paper.
    out
        File to write, extended XYZ; compressed if its name ends with ``.xz`` or ``.gz``.
    n_frames
        Number of frames; None for as many as are shipped, 10,000 is the paper's full protocol.
    seed
        Seed of temperatures and velocities.
    potential_file
        None: this potential has no file.
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
        There is nothing to build with these numbers, or a file of a potential is given.
    ReferenceCalculatorError
        LAMMPS is missing, a run failed, or a worker process died.
    """
    if potential_file is not None:
        msg = f"the potential of the MgO data has no file, found --potential-file {potential_file}"
        raise UsageError(msg)
    refuse_numbers(repeat=repeat, n_frames=n_frames, workers=workers)
    recipe = Recipe() if recipe is None else recipe
    if n_frames is None:
        n_frames = _SHIPPED_FRAMES.get(repeat, 400)
    version = lammps_version()

    settings = {
        "recipe": asdict(recipe),
        "repeat": repeat,
        "sampling": _interactions(_SAMPLING_ACCURACY).commands,
        "labels": _interactions(_LABEL_ACCURACY).commands,
        "slab": slab(repeat).positions.tolist(),
        "n_frames": n_frames,
        "seed": seed,
        "lammps": version,
    }
    numbers = shares(n_frames, recipe.frames_per_trajectory)
    jobs = [
        _Job(
            index=index,
            n_frames=number,
            seed=seed,
            recipe=recipe,
            repeat=repeat,
            temperature_K=float(temperature),
        )
        for index, (temperature, number) in enumerate(
            zip(_temperatures(len(numbers), recipe, seed), numbers, strict=True)
        )
    ]
    title = f"MgO {repeat}x{repeat} frames"
    return build_frames(
        out, jobs, settings=settings, title=title, workers=workers, progress=progress
    )


build_2x2 = partial(build, 2)
build_4x4 = partial(build, 4)


def _interactions(accuracy: float) -> Interactions:
    charges = [
        f"set type {number} charge {CHARGES[symbol]!r}"
        for number, symbol in enumerate(ELEMENTS, start=1)
    ]
    pairs = [
        f"pair_coeff {ELEMENTS.index(first) + 1} {ELEMENTS.index(second) + 1} "
        + " ".join(repr(value) for value in values)
        for (first, second), values in BUCKINGHAM.items()
    ]
    commands = (
        *charges,
        f"pair_style buck/coul/long {CUTOFF_A!r}",
        "pair_modify table 0 shift yes",  # tables interpolate: forces would be no exact gradient
        *pairs,
        f"kspace_style ewald {accuracy!r}",
    )
    return Interactions(ELEMENTS, commands, "charge")


def _lammpslib_settings() -> dict[str, Any]:
    """Settings of ASE's ``LAMMPSlib``: atoms with charges, also after it has made them anew."""
    header = ["units metal", "atom_style charge", "atom_modify map array sort 0 0"]
    charges = [
        command
        for command in _interactions(_LABEL_ACCURACY).commands
        if command.startswith("set type")
    ]
    return {"lammps_header": header, "amendments": charges}


def _temperatures(n_trajectories: int, recipe: Recipe, seed: int) -> FloatArray:
    """Evenly spaced over the range, in random order, so that any first part is even, too."""
    middles = (np.arange(n_trajectories) + 0.5) / n_trajectories
    values = recipe.lowest_K + (recipe.highest_K - recipe.lowest_K) * middles
    return np.random.default_rng([seed]).permutation(values)
