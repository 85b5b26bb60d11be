"""Equation-of-state curves of random FeNiCrCoCu alloys, the reference of their lattice constants.

The paper has 200 compositions, "energies and lattices sampled at ±10% of the EAM volume" (Maxson
et al., MS25, "Analysis of Observable Errors"). As in the paper the atoms stay on the sites of the
fcc lattice at all volumes. Compositions are drawn as for the frames, from other random numbers.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.reference.builder import Builder, Run
from ms25_suite.reference.calculators.lammps_session import lammps_version
from ms25_suite.reference.eos_curve import Volumes, labelled_curve
from ms25_suite.reference.hea.frames import calculator
from ms25_suite.reference.hea.potential_file import ELEMENTS, SHA256, find_potential_file
from ms25_suite.reference.hea.sampling import LATTICE_CONSTANT_A, random_composition
from ms25_suite.reference.jobs import Plan

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["HeaCurveSampling", "alloy", "build", "equilibrium"]

_STREAM: Final = 1
"""Third number of the seeds. The frames have seeds of two numbers; with the same seeds the curves
would have the compositions of the frames."""


@dataclass(frozen=True, slots=True)
class HeaCurveSampling:
    """Settings of the curves.

    Parameters
    ----------
    cells
        Conventional fcc cells along each axis, as for the frames.
    least_fraction
        Smallest share of each element, as for the frames.
    volumes
        Volumes of a curve.
    """

    cells: int = 3
    least_fraction: float = 0.1
    volumes: Volumes = field(default_factory=Volumes)


@dataclass(frozen=True, slots=True)
class _Job:
    """The curve of one composition."""

    index: int
    seed: int
    sampling: HeaCurveSampling
    potential_file: Path

    @property
    def n_frames(self) -> int:
        return self.sampling.volumes.n_points

    def frames(self) -> list[Atoms]:
        reference = calculator(str(self.potential_file))
        atoms = alloy(self.sampling, np.random.default_rng([self.seed, self.index, _STREAM]))
        equilibrium(atoms, reference)
        frames = labelled_curve(atoms, f"hea-{self.index:03d}", reference, self.sampling.volumes)
        reference.clean()
        for image in frames:
            image.info["config_type"] = "hea-eos"
        return frames


def alloy(sampling: HeaCurveSampling, rng: np.random.Generator) -> Atoms:
    """Draw a random alloy on the fcc lattice, near its equilibrium volume."""
    from ase.build import bulk

    atoms = bulk("Fe", "fcc", a=LATTICE_CONSTANT_A, cubic=True).repeat(sampling.cells)
    # Random occupation of the sites: a solid solution without short-range order.
    counts = random_composition(len(atoms), len(ELEMENTS), sampling.least_fraction, rng)
    atoms.symbols = rng.permutation(np.repeat(ELEMENTS, counts)).tolist()
    return atoms


def equilibrium(atoms: Atoms, reference: Any) -> None:
    """Scale a crystal to its volume of lowest energy; fractional coordinates stay the same.

    Parameters
    ----------
    atoms
        Crystal within a few per cent of that volume; its cell is changed in place.
    reference
        ASE calculator.
    """
    from scipy.optimize import minimize_scalar

    cell = atoms.cell.array.copy()
    trial = atoms.copy()
    trial.calc = reference

    def energy(scale: float) -> float:
        trial.set_cell(cell * scale, scale_atoms=True)
        return float(trial.get_potential_energy())

    # 1e-7: finer than the digits of a stored cell, coarser than the noise of -450 eV. Brent's
    # method on the energy alone. SciPy widens the bracket where the minimum is outside.
    found = minimize_scalar(energy, bracket=(0.98, 1.02), options={"xtol": 1e-7})
    atoms.set_cell(cell * found.x, scale_atoms=True)


def plan(
    run: Run,
    *,
    n_compositions: int = 20,
    seed: int = 25,
    potential_file: Path | None = None,
    sampling: HeaCurveSampling | None = None,
) -> Plan:
    """Plan the curves; the options are those of `Builder`.

    The first curves of a longer build are those of a shorter one. The paper has 200.
    """
    sampling = HeaCurveSampling() if sampling is None else sampling
    potential = find_potential_file(potential_file)
    return Plan(
        "HEA curves",
        [_Job(index, seed, sampling, potential) for index in range(n_compositions)],
        settings={
            "recipe": asdict(sampling),
            "curves": "hea-eos",
            "n_compositions": n_compositions,
            "seed": seed,
            "potential": SHA256,
            "lammps": lammps_version(),
        },
    )


build = Builder(plan)
