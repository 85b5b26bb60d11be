"""Make the reference path of the reaction: relax its ends, converge it, and label its images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.reference.builder import Builder, Run
from ms25_suite.reference.calculators.lammps_session import lammps_version
from ms25_suite.reference.jobs import Plan
from ms25_suite.reference.labels import label
from ms25_suite.reference.reaction.frames import calculator
from ms25_suite.reference.reaction.path import nudged_band
from ms25_suite.reference.reaction.surface import (
    CARBON,
    FINAL,
    LEAVING,
    dissociated,
    frozen,
    methane,
    relax,
    slab,
)

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["build", "labelled_path"]

N_IMAGES: Final = 49
"""Four pieces of 13 images, which share the intermediate states."""


@dataclass(frozen=True, slots=True)
class _Job:
    """The whole path: its images depend on each other."""

    force_field: Path

    @property
    def n_frames(self) -> int:
        return N_IMAGES

    def frames(self) -> list[Atoms]:
        reference = self._calculator()
        clean = slab()
        relax(clean, reference, largest_force=0.005)
        initial = methane(clean, reference)
        final = dissociated(clean, reference, *FINAL)
        if final is None:
            msg = "expected CH3 and H on Pt(111) to relax to 0.01 eV/Å, found that they do not"
            raise ReferenceCalculatorError(msg)
        reference.clean()
        return labelled_path(nudged_band(initial, final, self._calculator), self._calculator)

    def _calculator(self) -> Any:
        return calculator(str(self.force_field))


def labelled_path(images: list[Atoms], make_calculator: Callable[[], Any]) -> list[Atoms]:
    """Label the images of a converged path.

    Each image gets, besides the labels, the number of the ``image``, its ``kind`` (``minimum``,
    ``saddle`` or ``path``), the C-H ``distance_A``, and ``barrier_eV`` and ``reaction_energy_eV``
    of the path. These two are those of the cubic spline through energies and forces of the images
    (``ase.mep.NEBTools.get_barrier``). The two bottom layers are fixed (``move_mask`` in a file).

    Parameters
    ----------
    images
        Images with calculators, which are closed, and with ``kind`` in ``info``.
    make_calculator
        Function without arguments that returns a new ASE calculator.
    """
    from ase import Atoms
    from ase.mep import NEBTools

    # Before the labels: the spline needs the calculators of the converged images.
    barrier, reaction_energy = NEBTools(images).get_barrier(fit=True)
    frames = []
    for number, image in enumerate(images):
        image.calc.clean()
        atoms = Atoms(image.numbers, positions=image.positions, cell=image.cell.array, pbc=True)
        # A new calculator for each image: no label depends on the charges of its neighbour.
        reference = make_calculator()
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
    return frames


def plan(run: Run, *, potential_file: Path | None = None) -> Plan:
    """Plan the path, one job of some minutes; the options are those of `Builder`."""
    from ms25_suite.reference.reaction.calculator import SHA256, find_force_field

    force_field = find_force_field(potential_file)
    return Plan(
        "Images of the reaction path",
        [_Job(force_field)],
        settings={"path": "reaction-neb", "potential": SHA256, "lammps": lammps_version()},
    )


build = Builder(plan)
