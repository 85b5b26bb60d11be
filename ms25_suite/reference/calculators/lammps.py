"""ASE calculator that runs LAMMPS in this process, and returns complete results or raises.

It needs ASE: the modules of the systems import it only when they make a calculator.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.lammpslib import LAMMPSlib

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.lammps.instance import load_mpi
from ms25_suite.reference.calculators.lammps_session import open_lammps
from ms25_suite.reference.calculators.validation import validate_frame

__all__ = ["LammpsCalculator"]


class LammpsCalculator(LAMMPSlib):  # type: ignore[misc]
    """ASE's ``LAMMPSlib`` with a checked start, checked input and checked output.

    Cell, number of atoms and composition may change between frames: ``LAMMPSlib`` follows within
    one instance of LAMMPS. Added here: an unsupported element is named instead of a bare
    ``KeyError``, and after an error the instance of LAMMPS, whose state is then undefined, is
    replaced.

    Parameters
    ----------
    commands
        LAMMPS commands that define the interactions, in metal units.
    elements
        Chemical symbols in the order of the LAMMPS atom types.
    settings
        Further parameters of ``LAMMPSlib``.

    Raises
    ------
    ReferenceCalculatorError
        LAMMPS cannot be started here.
    """

    def __init__(self, commands: Sequence[str], elements: Sequence[str], **settings: Any) -> None:
        open_lammps().close()  # fail here, with advice, instead of at the first frame
        load_mpi()
        self.lmp: Any = None
        super().__init__(
            lmpcmds=list(commands),
            atom_types={symbol: number for number, symbol in enumerate(elements, start=1)},
            **settings,
        )

    def calculate(self, atoms: Atoms, properties: Any, system_changes: Any) -> None:
        """Energy, forces and stress of one frame.

        Raises
        ------
        ReferenceCalculatorError
            The frame contains another element or is not fully periodic, or LAMMPS raised an
            error or returned numbers that are not finite.
        """
        validate_frame(atoms, self.parameters["atom_types"])
        try:
            super().calculate(atoms, properties, system_changes)
        except Exception as error:
            self._start_over()
            msg = f"LAMMPS failed on {atoms.get_chemical_formula()} ({len(atoms)} atoms): {error}"
            raise ReferenceCalculatorError(msg) from error
        # Overlapping atoms give inf or NaN without an error of LAMMPS.
        bad = [name for name, value in self.results.items() if not np.isfinite(value).all()]
        if bad:
            self._start_over()
            msg = (
                f"LAMMPS returned {', '.join(bad)} that are not finite for "
                f"{atoms.get_chemical_formula()} ({len(atoms)} atoms): are two atoms in one place?"
            )
            raise ReferenceCalculatorError(msg)

    def _start_over(self) -> None:
        """Drop the LAMMPS instance and the results, so that the next frame starts anew."""
        if self.lmp is not None:
            self.lmp.close()
        self.lmp = None
        self.started = self.initialized = False
        # LAMMPSlib compares with this list to see whether atoms have to be created anew.
        self.previous_atoms_numbers: Any = []
        self.reset()
