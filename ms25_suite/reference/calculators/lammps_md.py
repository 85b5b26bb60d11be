"""Molecular dynamics at constant volume in LAMMPS, to sample frames of any cell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.core.frames import FloatArray
from ms25_suite.reference.calculators.lammps_instance import open_lammps

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["Dynamics", "Interactions", "sample_nvt"]


@dataclass(frozen=True, slots=True)
class Interactions:
    """What LAMMPS needs to know of the potential, in metal units.

    Parameters
    ----------
    elements
        Chemical symbols in the order of the atom types.
    commands
        Commands of the interactions, run after the atoms are there.
    atom_style
        LAMMPS' atom style: ``charge`` where the atoms carry charges.
    """

    elements: tuple[str, ...]
    commands: tuple[str, ...]
    atom_style: Literal["atomic", "charge"] = "atomic"


@dataclass(frozen=True, slots=True)
class Dynamics:
    """How a trajectory is run.

    Parameters
    ----------
    thermostat
        Langevin dynamics, or a Nose-Hoover chain of length 1.
    damping_ps
        Damping time of the thermostat; for Langevin, one over the friction.
    timestep_ps
        Time step.
    equilibration_ps
        Run before the first frame.
    spacing_ps
        Time between two frames.
    """

    thermostat: Literal["langevin", "nose-hoover"]
    damping_ps: float
    timestep_ps: float
    equilibration_ps: float
    spacing_ps: float

    def steps(self, duration_ps: float) -> int:
        """Number of time steps that last at least so long."""
        # 1e-9: a whole number of steps must not become one more by rounding.
        return math.ceil(duration_ps / self.timestep_ps - 1e-9)


def sample_nvt(
    atoms: Atoms,
    interactions: Interactions,
    dynamics: Dynamics,
    temperature_K: float,  # noqa: N803 - K is the unit
    n_frames: int,
    rng: np.random.Generator,
    held: Sequence[int] = (),
) -> FloatArray:
    """Run at constant volume and temperature, and take the positions.

    Velocities start at twice the temperature, since half of that kinetic energy goes into the
    potential energy of a relaxed structure at once.

    Parameters
    ----------
    atoms
        Start; periodic in all directions, cell vectors lower triangular (``standard_form``).
    interactions, dynamics
        Potential and settings.
    temperature_K
        Temperature.
    n_frames
        Number of frames.
    rng
        Where the seeds of velocities and thermostat come from.
    held
        Indices of the atoms that do not move.

    Returns
    -------
    :
        Positions in Å, not wrapped into the cell, shape ``(n_frames, n_atoms, 3)``.

    Raises
    ------
    ReferenceCalculatorError
        LAMMPS cannot be started, or the run failed.
    """
    seeds = rng.integers(1, 900_000_000, 2).tolist()
    lammps = open_lammps()
    try:
        _prepare(lammps, atoms, interactions)
        _thermostat(lammps, len(atoms), dynamics, float(temperature_K), seeds, held)
        frames = []
        for number in range(n_frames):
            duration = dynamics.spacing_ps if number else dynamics.equilibration_ps
            lammps.command(f"run {dynamics.steps(duration)}")
            frames.append(_positions(lammps, atoms.cell.array))
    except Exception as error:  # the type is LAMMPS' own, known only once it is imported
        msg = (
            f"LAMMPS failed in a run at {temperature_K:.1f} K of {atoms.get_chemical_formula()}: "
            f"{error}"
        )
        raise ReferenceCalculatorError(msg) from error
    finally:
        lammps.close()
    return np.array(frames)


def _prepare(lammps: Any, atoms: Atoms, interactions: Interactions) -> None:
    from ase.data import atomic_masses, atomic_numbers

    elements = interactions.elements
    cell = atoms.cell.array
    if np.abs(np.triu(cell, 1)).max() > 0.0:
        msg = f"expected lower triangular cell vectors (cell.standard_form), found {cell.tolist()}"
        raise ValueError(msg)
    edges = " ".join(f"0 {float(length)!r}" for length in np.diag(cell))
    tilts = " ".join(repr(float(cell[i, j])) for i, j in ((1, 0), (2, 0), (2, 1)))
    for command in (
        "units metal",
        f"atom_style {interactions.atom_style}",
        "atom_modify map array",
        "boundary p p p",
        "box tilt large",
        f"region cell prism {edges} {tilts}",
        f"create_box {len(elements)} cell",
    ):
        lammps.command(command)
    types = [elements.index(symbol) + 1 for symbol in atoms.get_chemical_symbols()]
    created = lammps.create_atoms(len(atoms), None, types, atoms.positions.ravel().tolist())
    if created != len(atoms):
        msg = f"LAMMPS took {created} of {len(atoms)} atoms"
        raise RuntimeError(msg)
    for number, symbol in enumerate(elements, start=1):
        lammps.command(f"mass {number} {float(atomic_masses[atomic_numbers[symbol]])!r}")
    for command in interactions.commands:
        lammps.command(command)


def _thermostat(
    lammps: Any,
    n_atoms: int,
    dynamics: Dynamics,
    temperature: float,
    seeds: Sequence[int],
    held: Sequence[int],
) -> None:
    mobile = [str(index + 1) for index in range(n_atoms) if index not in set(held)]
    lammps.command(f"group mobile id {' '.join(mobile)}")
    lammps.command(f"timestep {dynamics.timestep_ps!r}")
    lammps.command("neigh_modify every 1 delay 5 check yes")
    lammps.command("thermo 0")
    momentum = "no" if held else "yes"
    lammps.command(
        f"velocity mobile create {2 * temperature!r} {seeds[0]} mom {momentum} rot no dist gaussian"
    )
    target = f"{temperature!r} {temperature!r} {dynamics.damping_ps!r}"
    if dynamics.thermostat == "langevin":
        # `zero`: the random forces add up to none, so that a crystal does not drift.
        zero = "no" if held else "yes"
        lammps.command(f"fix bath mobile langevin {target} {seeds[1]} zero {zero}")
        lammps.command("fix motion mobile nve")
    else:
        lammps.command(f"fix motion mobile nvt temp {target} tchain 1")
        if held:  # the momentum of atoms on a held substrate is not conserved
            lammps.command("compute_modify motion_temp extra/dof 0")


def _positions(lammps: Any, cell: FloatArray) -> FloatArray:
    """Unwrapped positions in Å; the box starts at the origin."""
    wrapped = np.array(lammps.gather_atoms("x", 1, 3)).reshape(-1, 3)
    images = np.array(lammps.gather_atoms("image", 0, 3)).reshape(-1, 3)
    return np.asarray(wrapped + images @ cell)
