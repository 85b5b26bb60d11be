"""ASE calculator of GFN1-xTB, which returns complete results or raises.

It needs tblite: the modules of the systems import it only when they make a calculator.

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
from ms25_suite.reference.calculators.validation import validate_frame

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

    tblite's own calculator starts from the charges of the frame before, so that the last digits
    of a label depend on earlier frames. Here each frame starts from a new guess.

    Parameters
    ----------
    elements
        Chemical symbols that the dataset of this reference contains.
    electronic_temperature_K
        Temperature of the Fermi smearing in K.
    accuracy
        Accuracy of the self-consistent charges in the unit of tblite, in which 1 converges
        energies to 1e-6 Hartree.
    max_iterations
        Largest number of iterations of the self-consistent charges.

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
            # tblite's default is 1; smaller values converge the charges, hence the forces, more
            # tightly.
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
            The frame contains another element, is not fully periodic or has numbers that are not
            finite, or the charges did not become self-consistent.
        """
        from tblite.ase import TBLite

        super().calculate(atoms, properties, system_changes)
        frame = self.atoms
        validate_frame(frame, self._elements)
        # A new calculator for each frame, hence a new guess of the charges.
        engine = TBLite(**self._settings)
        what = f"{frame.get_chemical_formula()} ({len(frame)} atoms)"
        try:
            engine.calculate(frame, ["energy", "forces", "stress"])
        except Exception as error:  # CalculationFailed, InputError and bare RuntimeError
            msg = (
                f"GFN1-xTB failed on {what}: {error}. Are atoms too close? The charges of metals "
                "often do not become self-consistent"
            )
            raise ReferenceCalculatorError(msg) from error
        # tblite's `energy` includes the electronic entropy; the forces are its derivative.
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
        """Forget the last frame; the counterpart of the LAMMPS calculator's method."""
        self.reset()
