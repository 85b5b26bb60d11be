"""ASE calculator that runs LAMMPS in this process and never returns half an answer.

Imported by the reference calculators when they are made, not before: it needs ASE.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.lammpslib import LAMMPSlib

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.reference.calculators.lammps_instance import load_mpi, open_lammps

__all__ = ["LammpsCalculator"]


class LammpsCalculator(LAMMPSlib):  # type: ignore[misc]
    """ASE's ``LAMMPSlib`` with a checked start, checked input and checked output.

    ``LAMMPSlib`` follows any change of cell, number of atoms and composition between frames
    within one instance of LAMMPS. What it lacks: an element outside ``elements`` is a bare
    ``KeyError``, and after an error of LAMMPS its instance is in an undefined state.

    Parameters
    ----------
    commands
        LAMMPS commands that define the interactions, in metal units.
    elements
        Chemical symbols in the order of the LAMMPS atom types.

    Raises
    ------
    ReferenceCalculatorError
        LAMMPS cannot be started here.
    """

    def __init__(self, commands: Sequence[str], elements: Sequence[str], **settings: Any) -> None:
        open_lammps().close()  # fails here with advice, not at the first frame
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
            The frame holds another element or no full periodicity, or LAMMPS raised or returned
            something that is not finite.
        """
        known = self.parameters["atom_types"]
        unknown = sorted(set(atoms.get_chemical_symbols()) - set(known))
        if unknown:
            msg = (
                f"the reference knows the elements {' '.join(known)}, found {' '.join(unknown)}: "
                "judge a dataset of those elements with its own reference"
            )
            raise ReferenceCalculatorError(msg)
        if not atoms.pbc.all():
            msg = (
                f"the reference expects a frame that is periodic in x, y, z; found pbc {atoms.pbc}"
            )
            raise ReferenceCalculatorError(msg)
        if not (np.isfinite(atoms.positions).all() and np.isfinite(atoms.cell.array).all()):
            msg = "the reference expects finite positions and cell vectors, found some that are not"
            raise ReferenceCalculatorError(msg)
        try:
            super().calculate(atoms, properties, system_changes)
        except Exception as error:
            self._start_over()
            msg = f"LAMMPS failed on {atoms.get_chemical_formula()} ({len(atoms)} atoms): {error}"
            raise ReferenceCalculatorError(msg) from error
        bad = [name for name, value in self.results.items() if not np.isfinite(value).all()]
        if bad:
            self._start_over()
            msg = (
                f"LAMMPS returned {', '.join(bad)} that are not finite for "
                f"{atoms.get_chemical_formula()} ({len(atoms)} atoms): are two atoms in one place?"
            )
            raise ReferenceCalculatorError(msg)

    def _start_over(self) -> None:
        """Drop the LAMMPS instance and the results, so that the next frame starts afresh."""
        if self.lmp is not None:
            self.lmp.close()
        self.lmp = None
        self.started = self.initialized = False
        self.previous_atoms_numbers: Any = []
        self.reset()
