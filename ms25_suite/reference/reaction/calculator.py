"""ReaxFF for Pt, C and H in LAMMPS: the reference calculator of the Reaction data.

It needs ASE: `ms25_suite.reference.reaction.frames` imports it only when it makes a calculator.

Charges and forces. The charges of ReaxFF minimise its electrostatic energy. The forces may
therefore be computed as the derivative of the energy at fixed charges. In LAMMPS charges and energy
use different constants, however. ``fix qeq/reaxff`` minimises in eV, with 14.4 eV Å for the product
of two charges. ``pair_style reaxff`` has 332.06371 kcal/mol Å for this product, and converts the
terms of single charges with 23.02 kcal/mol per eV (``reaxff_defs.h``, LAMMPS 22 Jul 2025). The
charges then minimise another function, in which the terms of single charges weigh 0.17 % more, and
the forces differ from the derivative of the energy by up to 6e-4 eV/Å. With chi and eta of
`ffield.reax.FC` times `CHARGE_SCALE` the charges minimise the energy that is returned, and forces
and energy agree to 1e-6 eV/Å. The energy changes by 1e-5 eV, and charges by 0.5 % at most.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np
from ase import Atoms

from ms25_suite.reference.calculators.lammps import LammpsCalculator
from ms25_suite.reference.calculators.lammps_session import quoted
from ms25_suite.reference.calculators.parameter_files import find_lammps_file

__all__ = ["CHARGE_SCALE", "ELEMENTS", "SHA256", "ReaxffCalculator", "find_force_field"]

ELEMENTS: Final = ("Pt", "C", "H")
"""Elements in the order of the LAMMPS atom types."""

MASSES: Final = {"Pt": 195.084, "C": 12.011, "H": 1.008}
"""Masses in u (IUPAC 2021, abridged); LAMMPS requires them, energies do not depend on them."""

FILE_NAME: Final = "ffield.reax.FC"
"""Force field of the LAMMPS distribution (``potentials``): S. K. Singh, S. G. Srinivasan,
M. Neek-Amal, S. Costamagna, A. C. T. van Duin and F. M. Peeters, Phys. Rev. B 87, 104114 (2013)."""

SHA256: Final = "db41eb3874e43d97fff3fdad16fddba44722854786b61753994aa2ee79971e4d"
"""SHA-256 of that file."""

CHARGE_SCALE: Final = 23.02 * 14.4 / 332.06371
"""Factor of chi and eta with which charges and energy are consistent; see the module."""

TAPER_A: Final = (0.0, 10.0)
"""Inner and outer radius of the taper of the electrostatics in Å, as in the force field."""

TOLERANCE: Final = 1e-12
"""Relative residual of the charge equilibration; 1e-6, the usual value, leaves 3e-3 eV/Å."""


def find_force_field(path: Path | None = None) -> Path:
    """Find the file of the force field, as `find_lammps_file` does, and verify its checksum."""
    return find_lammps_file(FILE_NAME, SHA256, path)


def charge_parameters(path: Path) -> dict[str, tuple[float, float, float]]:
    """Read the electronegativity chi (eV), hardness eta (eV) and gamma (1/Å) of each element.

    The file has four lines for each element. Chi and half of eta are the sixth and seventh number
    of the second line; gamma is the sixth number after the symbol on the first line (A. C. T. van
    Duin's format, ``read_force_field`` in LAMMPS' ``reaxff_ffield.cpp``).
    """
    lines = path.read_text(encoding="ascii").splitlines()
    # Line 1 is a comment, line 2 the number of general parameters, one of which follows on each
    # line.
    first = 2 + int(lines[1].split()[0])
    n_elements = int(lines[first].split()[0])
    found = {}
    for number in range(n_elements):
        top, second = (lines[first + 4 + 4 * number + row].split() for row in (0, 1))
        # Two conventions: the file has eta / 2, E = chi q + (eta / 2) q^2; LAMMPS' fix expects
        # eta.
        found[top[0]] = (float(second[5]), 2.0 * float(second[6]), float(top[6]))
    return found


class ReaxffCalculator(LammpsCalculator):
    """ReaxFF energy, forces and stress of any frame of Pt, C and H periodic in x, y and z.

    The equilibration of the charges starts from those of the frame before, so that results depend
    on earlier frames by up to 1e-9.

    Parameters
    ----------
    path
        File of the force field.

    Raises
    ------
    ReferenceCalculatorError
        LAMMPS cannot be started, or the path of the file cannot be quoted.
    """

    def __init__(self, path: Path) -> None:
        self._charge_parameters = charge_parameters(path)
        super().__init__(
            (
                # These only reserve memory, since frames of one instance may differ much.
                "pair_style reaxff NULL checkqeq yes safezone 2.0 mincap 100",
                f"pair_coeff * * {quoted(path)} {' '.join(ELEMENTS)}",
            ),
            ELEMENTS,
            lammps_header=["units real", "atom_style charge", "atom_modify map array sort 0 0"],
            atom_type_masses=MASSES,
        )

    def initialise_lammps(self, atoms: Atoms) -> None:
        """Set up the interactions, with charges that are consistent with the energy."""
        commands = self.parameters.lmpcmds
        lines = [
            f"{number} {CHARGE_SCALE * chi!r} {CHARGE_SCALE * eta!r} {gamma!r}\n"
            for number, (chi, eta, gamma) in enumerate(
                (self._charge_parameters[symbol] for symbol in ELEMENTS), start=1
            )
        ]
        with tempfile.TemporaryDirectory(prefix="ms25-") as folder:
            # LAMMPS reads chi, eta and gamma from a file when the fix is defined, and not again.
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
        # `pair_style reaxff` sizes its lists for the atoms of the first frame.
        if self.started and not np.array_equal(self.previous_atoms_numbers, atoms.numbers):
            self._start_over()
        super().calculate(atoms, properties, system_changes)
