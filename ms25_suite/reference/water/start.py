"""Liquid water of the classical model SPC/Fw, in LAMMPS, as initial structures of the sampling.

Starts are independent of each other: each begins with randomly rotated molecules on a lattice,
which are melted at a high temperature and cooled.

References
----------
Y. Wu, H. L. Tepper and G. A. Voth, J. Chem. Phys. 124, 024503 (2006): SPC/Fw, table 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.core.frames import FloatArray
from ms25_suite.reference.calculators.lammps_session import lammps_session, unwrapped_positions

if TYPE_CHECKING:
    from ase import Atoms

__all__ = [
    "BOND_A",
    "SPC_FW",
    "ClassicalDynamics",
    "lattice",
    "liquid",
    "molecule_commands",
    "refuse_broken",
    "scale_bonds",
    "setup_commands",
]

SYMBOLS: Final = ("O", "H", "H")
"""Atoms of a molecule, in the order of all frames."""

BOND_A: Final = 1.012
ANGLE_DEG: Final = 113.24

SPC_FW: Final = (
    "mass 1 15.999",
    "mass 2 1.008",
    "set type 1 charge -0.82",
    "set type 2 charge 0.41",
    "pair_coeff * * 0.0 1.0",
    "pair_coeff 1 1 0.1554253 3.165492",
    # LAMMPS' constants include the factor 1/2 of the published 1059.162 kcal/mol/Å^2 and
    # 75.90 kcal/mol/rad^2.
    "bond_style harmonic",
    f"bond_coeff 1 529.581 {BOND_A!r}",
    "angle_style harmonic",
    f"angle_coeff 1 37.95 {ANGLE_DEG!r}",
)
"""The model in LAMMPS' units "real" (kcal/mol, Å, e); type 1 is O, type 2 is H."""

FIRST_STEP_A: Final = 0.1
"""Largest displacement of an atom per step of the first run, in which molecules may overlap."""


@dataclass(frozen=True, slots=True)
class ClassicalDynamics:
    """Settings of a classical start: Langevin dynamics at constant volume.

    Parameters
    ----------
    melt_K, temperature_K
        Temperature of the melt, and at the end.
    melt_ps, cool_ps
        Duration of both parts.
    timestep_ps
        Time step, 1 fs as in the model's paper.
    damping_ps
        Inverse of the friction.
    cutoff_A
        Range of the terms in real space in Å; at most half the edge of the cell.
    accuracy
        Relative accuracy of the forces of the mesh Ewald sum. It is low, since only positions are
        used, and another potential continues from them.
    """

    melt_K: float = 450.0  # noqa: N815 - K is the unit
    temperature_K: float = 300.0  # noqa: N815
    melt_ps: float = 2.0
    cool_ps: float = 3.0
    timestep_ps: float = 0.001
    damping_ps: float = 0.1
    cutoff_A: float = 6.0  # noqa: N815 - Å is the unit
    accuracy: float = 1e-3


def lattice(n_molecules: int, edge_A: float, rng: np.random.Generator) -> Atoms:  # noqa: N803
    """Put molecules on random sites of a simple cubic lattice, in random orientations.

    Parameters
    ----------
    n_molecules
        Number of molecules; the order of the atoms is O, H, H, O, H, H, …
    edge_A
        Edge of the cubic cell in Å.
    rng
        Source of sites and orientations.
    """
    from ase import Atoms
    from scipy.spatial.transform import Rotation

    n_sites = int(np.ceil(n_molecules ** (1 / 3) - 1e-9))
    sites = np.array(list(np.ndindex(n_sites, n_sites, n_sites)))
    sites = sites[np.sort(rng.choice(len(sites), n_molecules, replace=False))]
    # Both O-H bonds at half of the H-O-H angle from the z axis.
    half = np.radians(ANGLE_DEG) / 2
    arm = BOND_A * np.array([np.sin(half), 0.0, np.cos(half)])
    molecule = np.array([np.zeros(3), arm, arm * [-1.0, 1.0, 1.0]])
    # Uniform over all rotations; random Euler angles would not be.
    turned = [rotation.apply(molecule) for rotation in Rotation.random(n_molecules, rng)]
    centres = (sites + 0.5) * edge_A / n_sites
    positions = (centres[:, None, :] + np.array(turned)).reshape(-1, 3)
    return Atoms(SYMBOLS * n_molecules, positions, cell=[edge_A] * 3, pbc=True)


def liquid(
    n_molecules: int,
    molecular_volume_A3: float,  # noqa: N803 - Å is the unit
    dynamics: ClassicalDynamics,
    rng: np.random.Generator,
) -> Atoms:
    """Sample one frame of liquid SPC/Fw water in a cubic cell; molecules are whole.

    Parameters
    ----------
    n_molecules
        Number of molecules; the order of the atoms is O, H, H, O, H, H, …
    molecular_volume_A3
        Volume of the cell per molecule in Å^3.
    dynamics
        Settings.
    rng
        Source of everything random.

    Raises
    ------
    ReferenceCalculatorError
        LAMMPS cannot be started, the run failed, or a molecule dissociated.
    """
    edge = float(np.cbrt(n_molecules * molecular_volume_A3))
    atoms = lattice(n_molecules, edge, rng)
    seeds = rng.integers(1, 900_000_000, 2).tolist()
    with lammps_session(f"a run of {n_molecules} molecules of SPC/Fw water") as lammps:
        for command in setup_commands(edge, dynamics):
            lammps.command(command)
        types = [1 if symbol == "O" else 2 for symbol in atoms.get_chemical_symbols()]
        lammps.create_atoms(len(atoms), None, types, atoms.positions.ravel().tolist())
        for command in (*SPC_FW, *molecule_commands(n_molecules), *_run(dynamics, seeds)):
            lammps.command(command)
        # The box starts at the origin.
        atoms.positions = unwrapped_positions(lammps, edge * np.eye(3))
    refuse_broken(atoms)
    return atoms


def scale_bonds(atoms: Atoms, factors: FloatArray) -> None:
    """Scale the O-H bonds of whole molecules in place; the angles stay the same.

    Parameters
    ----------
    atoms
        Molecules O, H, H, O, H, H, …
    factors
        Factor of each bond, shape ``(n_molecules, 2)``.
    """
    molecules = atoms.positions.reshape(-1, 3, 3)
    bonds = molecules[:, 1:] - molecules[:, :1]
    molecules[:, 1:] = molecules[:, :1] + factors[:, :, None] * bonds
    atoms.positions = molecules.reshape(-1, 3)


def setup_commands(edge: float, dynamics: ClassicalDynamics) -> tuple[str, ...]:
    """Commands of LAMMPS before the atoms are created; the edge of the cell is in Å."""
    # Up to half an edge, each pair has one image within the cutoff.
    cutoff = min(dynamics.cutoff_A, edge / 2)
    extra = "extra/bond/per/atom 2 extra/angle/per/atom 1 extra/special/per/atom 2"
    return (
        "units real",
        "atom_style full",
        "atom_modify map array",
        f"region cell block 0 {edge!r} 0 {edge!r} 0 {edge!r}",
        f"create_box 2 cell bond/types 1 angle/types 1 {extra}",
        f"pair_style lj/cut/coul/long {cutoff!r}",
        # Atoms of one molecule interact by bonds and angle alone; there is no 1-4 pair in water.
        "special_bonds lj/coul 0.0 0.0 0.5",
        f"kspace_style pppm {dynamics.accuracy!r}",
    )


def molecule_commands(n_molecules: int) -> list[str]:
    """Commands that create bonds and angles; the last one makes the list of excluded pairs."""
    commands = []
    for oxygen in range(1, 3 * n_molecules, 3):
        first, second = oxygen + 1, oxygen + 2
        commands += [
            f"create_bonds single/bond 1 {oxygen} {first} special no",
            f"create_bonds single/bond 1 {oxygen} {second} special no",
            f"create_bonds single/angle 1 {first} {oxygen} {second} special no",
        ]
    # Rebuilding the list of excluded pairs is slow, and once, after the last angle, is enough.
    commands[-1] = commands[-1].replace("special no", "special yes")
    return commands


def _run(dynamics: ClassicalDynamics, seeds: list[int]) -> tuple[str, ...]:
    step = dynamics.timestep_ps * 1000.0
    damping = dynamics.damping_ps * 1000.0
    melt, end = float(dynamics.melt_K), float(dynamics.temperature_K)
    melting, cooling = (
        round(duration / dynamics.timestep_ps) for duration in (dynamics.melt_ps, dynamics.cool_ps)
    )
    return (
        "neigh_modify every 1 delay 5 check yes",
        f"timestep {step!r}",
        "thermo 0",
        f"velocity all create {melt!r} {seeds[0]} mom yes rot no dist gaussian",
        f"fix bath all langevin {melt!r} {melt!r} {damping!r} {seeds[1]} zero yes",
        f"fix motion all nve/limit {FIRST_STEP_A!r}",
        f"run {melting}",
        "unfix motion",
        "fix motion all nve",
        # Defining a fix again under its name replaces it.
        f"fix bath all langevin {end!r} {end!r} {damping!r} {seeds[1] + 1} zero yes",
        f"run {cooling}",
    )


def refuse_broken(atoms: Atoms) -> None:
    """Refuse whole molecules of which one has an O-H bond longer than 1.5 times `BOND_A`.

    Raises
    ------
    ReferenceCalculatorError
        There is one, or positions are not finite.
    """
    molecules = atoms.positions.reshape(-1, 3, 3)
    bonds = np.linalg.norm(molecules[:, 1:] - molecules[:, :1], axis=2)
    if not (np.isfinite(bonds).all() and bonds.max() < 1.5 * BOND_A):
        msg = f"a molecule of SPC/Fw water dissociated: longest O-H bond {bonds.max():.2f} Å"
        raise ReferenceCalculatorError(msg)
