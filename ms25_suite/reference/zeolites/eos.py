"""Equation-of-state curves of a silica framework, the reference of its volume.

Two curves of the same cell: in one the framework is scaled as it is, in the other the atoms are
relaxed in each of the scaled cells. The paper does not say which of them it means (Maxson et al.,
MS25, "Analysis of Observable Errors"). Their minima agree to 0.1 % of the volume; the bulk moduli
are 148 and 95 GPa (CHA).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.reference.builder import build_frames, refuse_numbers
from ms25_suite.reference.calculators.lammps_files import find_lammps_file
from ms25_suite.reference.calculators.lammps_instance import lammps_version
from ms25_suite.reference.eos_curve import Volumes, labelled_curve
from ms25_suite.reference.zeolites.frames import FILE_NAME, SHA256, calculator, relaxed_framework

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["build", "build_cha"]

LARGEST_FORCE_eV_A: Final = 0.002
"""Largest force of relaxed atoms, as of `relaxed_framework`."""


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
        """Number of frames of the curve."""
        return self.volumes.n_points

    def frames(self) -> list[Atoms]:
        """Scale, relax if wanted, and label."""
        reference = calculator(str(self.potential_file))
        name = f"{self.code.lower()}-{'relaxed' if self.relaxed else 'rigid'}"
        relax = partial(_relax, reference=reference, name=name) if self.relaxed else None
        frames = labelled_curve(self.minimum, name, reference, self.volumes, relax=relax)
        reference.clean()
        for image in frames:
            image.info["config_type"] = f"{self.code.lower()}-eos"
        return frames


def _relax(atoms: Atoms, *, reference: Any, name: str) -> None:
    """Relax positions from where scaling puts them, which keeps the symmetry of the framework."""
    from ase.optimize import LBFGS

    atoms.calc = reference
    converged = LBFGS(atoms, logfile=None).run(fmax=LARGEST_FORCE_eV_A, steps=5000)
    atoms.calc = None
    if not converged:
        msg = (
            f"expected the atoms of {name} at {atoms.get_volume():.1f} Å^3 to relax to "
            f"{LARGEST_FORCE_eV_A} eV/Å in 5000 steps, found that they do not"
        )
        raise ReferenceCalculatorError(msg)


def build(
    code: str,
    out: Path,
    *,
    potential_file: Path | None = None,
    workers: int | None = None,
    progress: bool = True,
    volumes: Volumes | None = None,
) -> Path:
    """Make both curves of one framework; `build_frames` says what can be relied on.

    Parameters
    ----------
    code
        Code of the framework type.
    out
        File to write, extended XYZ; compressed if its name ends with ``.xz`` or ``.gz``.
    potential_file
        File of the potential; None for the one that comes with LAMMPS.
    workers
        Number of processes; None for one per core that this process may use.
    progress
        Whether to show a progress bar on the standard error stream.
    volumes
        Where to sample; None for the volumes of the shipped curves.

    Returns
    -------
    :
        ``out``.

    Raises
    ------
    UsageError
        There is no worker to build with, or no such framework.
    ReferenceCalculatorError
        The potential or LAMMPS is missing, a relaxation failed, or a worker process died.
    """
    refuse_numbers(workers=workers)
    volumes = Volumes() if volumes is None else volumes
    code = code.upper()
    potential = find_lammps_file(FILE_NAME, SHA256, potential_file)
    version = lammps_version()
    reference = calculator(str(potential))
    minimum = relaxed_framework(code, reference)
    reference.clean()
    settings = {
        "curves": f"{code}-eos",
        "volumes": asdict(volumes),
        "cell": minimum.cell.array.tolist(),
        "positions": minimum.positions.tolist(),
        "potential": SHA256,
        "lammps": version,
    }
    jobs = [
        _Job(code, minimum, relaxed=relaxed, volumes=volumes, potential_file=potential)
        for relaxed in (False, True)
    ]
    return build_frames(
        out, jobs, settings=settings, title=f"{code} curves", workers=workers, progress=progress
    )


build_cha = partial(build, "CHA")
