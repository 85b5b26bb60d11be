"""ASE calculator of GFN1-xTB that never returns half an answer.

Imported by the reference calculators when they are made, not before: it needs tblite.

References
----------
S. Grimme, C. Bannwarth and P. Shushkov, J. Chem. Theory Comput. 13, 1989 (2017): GFN1-xTB.
S. Ehlert et al., tblite, https://github.com/tblite/tblite.
"""

from __future__ import annotations

from collections.abc import Collection
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
from ase.calculators.calculator import Calculator, all_changes

from ms25_suite.core.errors import ReferenceCalculatorError

__all__ = ["XtbCalculator", "tblite_version"]


def tblite_version() -> str:
    """Version of the installed tblite.

    Raises
    ------
    ReferenceCalculatorError
        It is not installed.
    """
    try:
        return version("tblite")
    except PackageNotFoundError as error:
        msg = (
            "the reference GFN1-xTB needs the package tblite, which is not installed in this "
            'environment. Install it with: pip install "ms25-suite[xtb]"'
        )
        raise ReferenceCalculatorError(msg) from error


class XtbCalculator(Calculator):  # type: ignore[misc]
    """GFN1-xTB at the gamma point, periodic in three directions.

    tblite's own calculator takes the charges of the frame before as the first guess, so that the
    last digits depend on what was calculated before; here each frame starts afresh.

    Parameters
    ----------
    elements
        Chemical symbols that the dataset of this reference holds.
    electronic_temperature_K
        Temperature of the Fermi smearing.
    accuracy
        Of the self-consistent charges, in units of tblite (1: energies to 1e-6 Hartree).
    max_iterations
        Most iterations of the self-consistent charges.

    Raises
    ------
    ReferenceCalculatorError
        tblite is not installed.
    """

    implemented_properties = ("energy", "free_energy", "forces", "stress")

    def __init__(
        self,
        elements: Collection[str],
        *,
        electronic_temperature_K: float = 300.0,  # noqa: N803 - K is the unit
        accuracy: float = 0.1,
        max_iterations: int = 250,
    ) -> None:
        tblite_version()
        super().__init__()
        self._elements = tuple(elements)
        self._settings = {
            "method": "GFN1-xTB",
            "accuracy": accuracy,
            "electronic_temperature": electronic_temperature_K,
            "max_iterations": max_iterations,
            "verbosity": 0,
        }

    def calculate(
        self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes
    ) -> None:
        """Energy (eV), forces (eV/Å) and stress (eV/Å^3) of one frame.

        Raises
        ------
        ReferenceCalculatorError
            The frame holds another element, no full periodicity or numbers that are not finite,
            or the charges did not become self-consistent.
        """
        from tblite.ase import TBLite

        super().calculate(atoms, properties, system_changes)
        frame = self.atoms
        self._refuse(frame)
        engine = TBLite(**self._settings)
        what = f"{frame.get_chemical_formula()} ({len(frame)} atoms)"
        try:
            engine.calculate(frame, ["energy", "forces", "stress"])
        except Exception as error:  # CalculationFailed, InputError and bare RuntimeError
            msg = (
                f"GFN1-xTB failed on {what}: {error}. Are atoms too close, or is it a metal, for "
                "which the charges may not become self-consistent?"
            )
            raise ReferenceCalculatorError(msg) from error
        # `energy` includes the electronic entropy: it is the one whose derivative the forces are.
        results: dict[str, Any] = {
            "energy": float(engine.results["energy"]),
            "free_energy": float(engine.results["energy"]),
            "forces": np.array(engine.results["forces"]),
            "stress": np.array(engine.results["stress"]),
        }
        bad = [name for name, value in results.items() if not np.isfinite(value).all()]
        if bad:
            msg = f"GFN1-xTB returned {', '.join(bad)} that are not finite for {what}"
            raise ReferenceCalculatorError(msg)
        self.results = results

    def clean(self) -> None:
        """Forget the last frame; like the LAMMPS calculator, so that recipes can share code."""
        self.reset()

    def _refuse(self, frame: Any) -> None:
        unknown = sorted(set(frame.get_chemical_symbols()) - set(self._elements))
        if unknown:
            msg = (
                f"the reference knows the elements {' '.join(self._elements)}, found "
                f"{' '.join(unknown)}: judge a dataset of those elements with its own reference"
            )
            raise ReferenceCalculatorError(msg)
        if not frame.pbc.all():
            msg = (
                f"the reference expects a frame that is periodic in x, y, z; found pbc {frame.pbc}"
            )
            raise ReferenceCalculatorError(msg)
        if not (np.isfinite(frame.positions).all() and np.isfinite(frame.cell.array).all()):
            msg = "the reference expects finite positions and cell vectors, found some that are not"
            raise ReferenceCalculatorError(msg)
