"""Equation-of-state curves of a silica framework, the reference of its volume.

There are two curves of the same cell: in the first the framework is scaled without relaxation, in
the second the atoms are relaxed in each of the scaled cells. The paper does not say which of them
it uses (Maxson et al., MS25, "Analysis of Observable Errors"). Their minima agree within 0.1 % of
the volume; the bulk moduli are 148 and 95 GPa (CHA).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.reference.builder import Builder, Run
from ms25_suite.reference.calculators.lammps_session import lammps_version
from ms25_suite.reference.calculators.parameter_files import find_lammps_file
from ms25_suite.reference.eos_curve import Volumes, labelled_curve
from ms25_suite.reference.jobs import Plan
from ms25_suite.reference.zeolites.frames import FILE_NAME, SHA256, calculator, relaxed_framework

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["build_cha", "plan", "relax_positions"]

LARGEST_FORCE_eV_A: Final = 0.002
"""Largest force on relaxed atoms, the same as in `relaxed_framework`."""


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    """One curve of a framework."""

    code: str
    minimum: Atoms
    relaxed: bool
    volumes: Volumes
    potential_file: Path

    @property
    def n_frames(self) -> int:
        return self.volumes.n_points

    def frames(self) -> list[Atoms]:
        reference = calculator(str(self.potential_file))
        name = f"{self.code.lower()}-{'relaxed' if self.relaxed else 'rigid'}"
        relax = partial(relax_positions, reference=reference, name=name) if self.relaxed else None
        frames = labelled_curve(self.minimum, name, reference, self.volumes, relax=relax)
        reference.clean()
        for image in frames:
            image.info["config_type"] = f"{self.code.lower()}-eos"
        return frames


def relax_positions(atoms: Atoms, *, reference: Any, name: str) -> None:
    """Relax the positions in a scaled cell, in place.

    It starts from the scaled positions without displacements, which keeps the symmetry of the
    framework.

    Parameters
    ----------
    atoms
        Scaled framework.
    reference
        ASE calculator.
    name
        Name of the curve, for messages.

    Raises
    ------
    ReferenceCalculatorError
        The relaxation did not converge.
    """
    from ase.optimize import LBFGS

    atoms.calc = reference
    # A stored energy at a force that has not vanished would lie above the curve.
    converged = LBFGS(atoms, logfile=None).run(fmax=LARGEST_FORCE_eV_A, steps=5000)
    atoms.calc = None
    if not converged:
        msg = (
            f"expected the atoms of {name} at {atoms.get_volume():.1f} Å^3 to relax to "
            f"{LARGEST_FORCE_eV_A} eV/Å in 5000 steps, found that they do not"
        )
        raise ReferenceCalculatorError(msg)


def plan(
    code: str,
    run: Run,
    *,
    potential_file: Path | None = None,
    volumes: Volumes | None = None,
) -> Plan:
    """Plan both curves of one framework; the options are those of `Builder`.

    Parameters
    ----------
    code
        Code of the framework type.
    run
        The call of the builder.
    potential_file
        Parameter file; None for the one that comes with LAMMPS.
    volumes
        Volumes of the curves; None for those of the shipped curves.

    Raises
    ------
    UsageError
        There is no framework with this code.
    """
    volumes = Volumes() if volumes is None else volumes
    code = code.upper()
    potential = find_lammps_file(FILE_NAME, SHA256, potential_file)
    version = lammps_version()
    reference = calculator(str(potential))
    # Relaxed once, before the jobs: both curves start from the same cell.
    minimum = relaxed_framework(code, reference)
    reference.clean()
    return Plan(
        f"{code} curves",
        [_Job(code, minimum, relaxed, volumes, potential) for relaxed in (False, True)],
        settings={
            "curves": f"{code}-eos",
            "volumes": asdict(volumes),
            "cell": minimum.cell.array.tolist(),
            "positions": minimum.positions.tolist(),
            "potential": SHA256,
            "lammps": version,
        },
    )


build_cha = Builder(partial(plan, "CHA"))
