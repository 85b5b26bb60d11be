"""The zeolite data: Vashishta's SiO2 in LAMMPS, and the sampling of pure silica frameworks.

`calculator` labels any frame of Si and O; `build_cha`, `build_lta` and so on make the datasets. The
sampling is the paper's (Maxson et al., MS25, "Zeolite Training Data"): Langevin dynamics at 300 K
over a range of volumes. The reference takes milliseconds, so that it also drives the dynamics.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.reference.builder import Builder, Run
from ms25_suite.reference.calculators.lammps_md import Dynamics, Interactions, sample_nvt
from ms25_suite.reference.calculators.lammps_session import lammps_version, quoted
from ms25_suite.reference.calculators.parameter_files import find_lammps_file
from ms25_suite.reference.jobs import Plan
from ms25_suite.reference.labels import POSITION_DECIMALS, label_trajectory
from ms25_suite.reference.spread import even_values, shares
from ms25_suite.reference.zeolites.frameworks import framework_atoms, repeated_primitive_cell

if TYPE_CHECKING:
    from ase import Atoms

__all__ = [
    "ZeoliteSampling",
    "build_bea",
    "build_cha",
    "build_cha_288",
    "build_fau",
    "build_lta",
    "build_mfi",
    "calculator",
    "plan",
    "relaxed_framework",
]

FILE_NAME: Final = "SiO.1994.vashishta"
"""Parameter file in the LAMMPS distribution.

Of the three files for SiO2 in LAMMPS, this one keeps the symmetry of all five frameworks and
reproduces their volumes within a few per cent (``docs/datasets/zeolites.md``). Its interactions
are screened and end at 5.5 Å.

References
----------
A. Nakano, R. K. Kalia and P. Vashishta, J. Non-Cryst. Solids 171 (1994) 157.
"""

SHA256: Final = "152a64a6296bbfe15ee61e13045437c1118d6081c16a2cec48dbaab66663c36d"
"""SHA-256 of that file in LAMMPS 22 July 2025."""

ELEMENTS: Final = ("Si", "O")

_SHIPPED_FRAMES: Final = {
    "cha": 400,
    "cha-288": 60,
    "lta": 120,
    "fau": 120,
    "mfi": 60,
    "bea": 60,
}

_SUPERCELLS: Final = {"cha-288": 2}
"""Primitive cells along each vector, where frames have another cell than `FRAMEWORKS` says."""

_START_RATTLE_A: Final = 0.05
"""Standard deviation in Å of the displacements that bend Si-O-Si away from 180 degrees."""

_RELAXED_DECIMALS: Final = 3
"""Decimals of a relaxed structure that are kept: later ones depend on the number of threads."""

_RELAXED_FORCE_eV_A: Final = 0.002
"""Largest force at which a relaxation ends."""

_DYNAMICS: Final = Dynamics(
    thermostat="langevin",
    damping_ps=0.02,
    timestep_ps=0.002,
    equilibration_ps=20.0,
    spacing_ps=10.0,
)


@dataclass(frozen=True, slots=True)
class ZeoliteSampling:
    """Settings of the sampling.

    Parameters
    ----------
    dynamics
        Thermostat (friction 0.05 per fs) and time step are the paper's. The time between frames
        is shorter than the paper's, at least 50 ps; ``docs/datasets/zeolites.md`` shows the
        correlations.
    temperature_K
        Temperature.
    lowest_volume, highest_volume
        Range of the volumes, relative to the reference's equilibrium volume at 0 K.
    frames_per_trajectory
        Frames at one volume.
    """

    dynamics: Dynamics = _DYNAMICS
    temperature_K: float = 300.0  # noqa: N815 - K is the unit
    lowest_volume: float = 0.9
    highest_volume: float = 1.1
    frames_per_trajectory: int = 2


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    """One trajectory at one volume."""

    index: int
    volume_ratio: float
    n_frames: int
    seed: int
    sampling: ZeoliteSampling
    name: str
    relaxed: Atoms
    potential_file: Path

    def frames(self) -> list[Atoms]:
        return label_trajectory(
            self._images(),
            calculator(str(self.potential_file)),
            config_type=self.name,
            temperature_K=self.sampling.temperature_K,
            volume_ratio=round(self.volume_ratio, 6),
            trajectory=self.index,
        )

    def _images(self) -> Iterator[Atoms]:
        start = self.relaxed.copy()
        start.set_cell(start.cell.array * self.volume_ratio ** (1 / 3), scale_atoms=True)
        # The run has exactly the cell of its frames, which is rounded.
        start.set_cell(np.round(start.cell.array, POSITION_DECIMALS), scale_atoms=True)
        trajectory = sample_nvt(
            start,
            _interactions(self.potential_file),
            self.sampling.dynamics,
            self.sampling.temperature_K,
            self.n_frames,
            np.random.default_rng([self.seed, self.index]),
        )
        for positions in trajectory:
            atoms = start.copy()
            atoms.positions = positions
            yield atoms


def calculator(potential_file: str | None = None) -> Any:
    """ASE calculator of the reference: energy, forces and stress of any frame of Si and O.

    Parameters
    ----------
    potential_file
        File of the potential; None for the one that comes with LAMMPS.

    Raises
    ------
    ReferenceCalculatorError
        There is no such file, or LAMMPS is not installed; later, for a frame that contains another
        element or is not periodic.
    """
    path = find_lammps_file(
        FILE_NAME, SHA256, None if potential_file is None else Path(potential_file)
    )
    from ms25_suite.reference.calculators.lammps import LammpsCalculator

    return LammpsCalculator(_interactions(path).commands, ELEMENTS)


def relaxed_framework(code: str, reference: Any) -> Atoms:
    """Relax a framework with the reference, cell lengths included.

    The cell keeps the angles of the Atlas. Only the volume of FAU's primitive cell changes, which
    keeps its lattice cubic.

    Parameters
    ----------
    code
        Code of the framework type.
    reference
        ASE calculator.

    Raises
    ------
    UsageError
        There is no framework with this code.
    ReferenceCalculatorError
        The relaxation did not converge.
    """
    from ase.filters import FrechetCellFilter
    from ase.optimize import LBFGS

    atoms = framework_atoms(code)
    angles = atoms.cell.angles()
    rng = np.random.default_rng(0)
    # Straight Si-O-Si are a saddle point: without displacements no force bends them.
    atoms.positions += rng.normal(0.0, _START_RATTLE_A, atoms.positions.shape)
    atoms.calc = reference
    # Three free lengths would let the lattice lose its cubic symmetry.
    cubic = bool(np.allclose(angles, 60.0))  # primitive cell of a face-centred cubic lattice
    filtered = FrechetCellFilter(
        atoms, mask=np.diag(np.ones(3)) if not cubic else None, hydrostatic_strain=cubic
    )
    converged = LBFGS(filtered, logfile=None).run(fmax=_RELAXED_FORCE_eV_A, steps=5000)
    atoms.calc = None
    if not converged:
        msg = (
            f"expected {code} to relax to {_RELAXED_FORCE_eV_A} eV/Å in 5000 steps, found that it "
            "does not"
        )
        raise ReferenceCalculatorError(msg)
    # The angles are the exact ones of the space group again.
    lengths = np.round(atoms.cell.lengths(), _RELAXED_DECIMALS)
    fractional = atoms.get_scaled_positions(wrap=False)
    atoms.set_cell([*lengths, *angles])
    # LAMMPS needs lower triangular cell vectors.
    atoms.set_cell(atoms.cell.standard_form()[0])
    atoms.positions = np.round(fractional @ atoms.cell.array, _RELAXED_DECIMALS)
    return atoms


def plan(
    name: str,
    run: Run,
    *,
    n_frames: int | None = None,
    seed: int = 25,
    potential_file: Path | None = None,
    sampling: ZeoliteSampling | None = None,
) -> Plan:
    """Plan the frames of one dataset, named by its framework; the options are those of `Builder`.

    Raises
    ------
    UsageError
        There is no framework with this code.
    """
    sampling = ZeoliteSampling() if sampling is None else sampling
    code = name.split("-", maxsplit=1)[0].upper()
    if n_frames is None:
        n_frames = _SHIPPED_FRAMES.get(name, 120)
    potential = find_lammps_file(FILE_NAME, SHA256, potential_file)
    version = lammps_version()
    reference = calculator(str(potential))
    relaxed = relaxed_framework(code, reference)
    reference.clean()
    if name in _SUPERCELLS:
        # The cell of the conventional relaxation: the same volume of an atom in both datasets.
        relaxed = repeated_primitive_cell(relaxed, _SUPERCELLS[name])
        relaxed.positions = np.round(relaxed.positions, _RELAXED_DECIMALS)

    numbers = shares(n_frames, sampling.frames_per_trajectory)
    low, high = sampling.lowest_volume, sampling.highest_volume
    ratios = even_values(low, high, len(numbers), np.random.default_rng([seed]))
    return Plan(
        f"{name} frames",
        [
            _Job(index, float(ratio), number, seed, sampling, name, relaxed, potential)
            for index, (ratio, number) in enumerate(zip(ratios, numbers, strict=True))
        ],
        settings={
            "recipe": asdict(sampling),
            "name": name,
            "cell": relaxed.cell.array.tolist(),
            "positions": relaxed.positions.tolist(),
            "n_frames": n_frames,
            "seed": seed,
            "potential": SHA256,
            "lammps": version,
        },
    )


build_cha = Builder(partial(plan, "cha"))
build_cha_288 = Builder(partial(plan, "cha-288"))
build_lta = Builder(partial(plan, "lta"))
build_fau = Builder(partial(plan, "fau"))
build_mfi = Builder(partial(plan, "mfi"))
build_bea = Builder(partial(plan, "bea"))


def _interactions(potential_file: Path) -> Interactions:
    commands = (
        "pair_style vashishta",
        f"pair_coeff * * {quoted(potential_file)} {' '.join(ELEMENTS)}",
    )
    return Interactions(ELEMENTS, commands)
