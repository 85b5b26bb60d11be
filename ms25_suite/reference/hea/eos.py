"""Equation-of-state curves of random FeNiCrCoCu alloys, the reference of their lattice constants.

The paper has 200 compositions, "energies and lattices sampled at ±10% of the EAM volume" (Maxson
et al., MS25, "Analysis of Observable Errors"). Here as there the atoms stay on the sites of the
fcc lattice at all volumes. Compositions are drawn as those of the frames are, from other random
numbers.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.reference.builder import build_frames, refuse_numbers
from ms25_suite.reference.calculators.lammps_instance import lammps_version
from ms25_suite.reference.eos_curve import Volumes, labelled_curve
from ms25_suite.reference.hea.frames import calculator
from ms25_suite.reference.hea.potential_file import ELEMENTS, SHA256, find_potential_file
from ms25_suite.reference.hea.sampling import LATTICE_CONSTANT_A, random_composition

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["Recipe", "alloy", "build", "equilibrium"]

_STREAM: Final = 1
"""Third number of the seeds. Those of the frames have two; with theirs the compositions would be
those of the frames as well."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Settings of the curves.

    Parameters
    ----------
    cells
        Conventional fcc cells along each axis, as of the frames.
    least_fraction
        Smallest share of each element, as of the frames.
    volumes
        Where to sample.
    """

    cells: int = 3
    least_fraction: float = 0.1
    volumes: Volumes = field(default_factory=Volumes)


@dataclass(frozen=True, slots=True)
class _Job:
    """The curve of one composition."""

    index: int
    seed: int
    recipe: Recipe
    potential_file: Path

    @property
    def n_frames(self) -> int:
        """Number of frames of the curve."""
        return self.recipe.volumes.n_points

    def frames(self) -> list[Atoms]:
        """Draw the alloy, find its volume, and label the curve."""
        reference = calculator(str(self.potential_file))
        atoms = alloy(self.recipe, np.random.default_rng([self.seed, self.index, _STREAM]))
        equilibrium(atoms, reference)
        frames = labelled_curve(atoms, f"hea-{self.index:03d}", reference, self.recipe.volumes)
        reference.clean()
        for image in frames:
            image.info["config_type"] = "hea-eos"
        return frames


def alloy(recipe: Recipe, rng: np.random.Generator) -> Atoms:
    """Random alloy on the fcc lattice, near its volume."""
    from ase.build import bulk

    atoms = bulk("Fe", "fcc", a=LATTICE_CONSTANT_A, cubic=True).repeat(recipe.cells)
    counts = random_composition(len(atoms), len(ELEMENTS), recipe.least_fraction, rng)
    atoms.symbols = rng.permutation(np.repeat(ELEMENTS, counts)).tolist()
    return atoms


def equilibrium(atoms: Atoms, reference: Any) -> None:
    """Scale a crystal to the volume of lowest energy, atoms on their sites.

    Parameters
    ----------
    atoms
        Crystal within some per cent of that volume; its cell is changed in place.
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

    # 1e-7: below the digits of a cell that a file keeps, above the noise of an energy of -450 eV.
    found = minimize_scalar(energy, bracket=(0.98, 1.02), options={"xtol": 1e-7})
    atoms.set_cell(cell * found.x, scale_atoms=True)


def build(
    out: Path,
    *,
    n_compositions: int = 20,
    seed: int = 25,
    potential_file: Path | None = None,
    workers: int | None = None,
    progress: bool = True,
    recipe: Recipe | None = None,
) -> Path:
    """Make the curves; `build_frames` says what can be relied on.

    The first curves of a longer build are those of a shorter one.

    Parameters
    ----------
    out
        File to write, extended XYZ; compressed if its name ends with ``.xz`` or ``.gz``.
    n_compositions
        Number of curves; the paper has 200.
    seed
        Seed of compositions and sites.
    potential_file
        File of the potential; None to look for it as `find_potential_file` does.
    workers
        Number of processes; None for one per core that this process may use.
    progress
        Whether to show a progress bar on the standard error stream.
    recipe
        Settings; None for those of the shipped curves.

    Returns
    -------
    :
        ``out``.

    Raises
    ------
    UsageError
        There is nothing to build with these numbers.
    ReferenceCalculatorError
        The potential or LAMMPS is missing, or a worker process died.
    """
    refuse_numbers(n_compositions=n_compositions, workers=workers)
    recipe = Recipe() if recipe is None else recipe
    potential = find_potential_file(potential_file)
    settings = {
        "recipe": asdict(recipe),
        "curves": "hea-eos",
        "n_compositions": n_compositions,
        "seed": seed,
        "potential": SHA256,
        "lammps": lammps_version(),
    }
    jobs = [
        _Job(index=index, seed=seed, recipe=recipe, potential_file=potential)
        for index in range(n_compositions)
    ]
    return build_frames(
        out, jobs, settings=settings, title="HEA curves", workers=workers, progress=progress
    )
