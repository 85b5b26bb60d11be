"""Curves behind the errors of an equation of state, under the key ``eos``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ms25_suite.core.details import Details, Numbers

__all__ = ["KEY", "EosCurveDetails", "EosDetails"]

KEY: Final = "eos"


@dataclass(frozen=True, slots=True)
class EosCurveDetails(Details):
    """One curve of energies over volumes, and the fits to both sides of it.

    Parameters
    ----------
    name
        Name of the curve in the dataset.
    volumes
        In Å³/atom, ascending, shape ``(n_volumes,)``.
    reference, predicted
        Energies in eV/atom at these volumes, same shape.
    reference_value
        Observable of the reference: a lattice constant in Å, or the volume of the cell in Å^3.
    reference_bulk_modulus_GPa
        Bulk modulus of the reference in GPa.
    failure
        Why the predicted curve cannot be fitted, such as ``no-minimum``; empty if it can.
    value, bulk_modulus_GPa
        The same of the potential; None, like all following fields, if its curve cannot be fitted.
    b0_prime
        Derivative of the bulk modulus with respect to the pressure, dimensionless.
    residual_meV_per_atom
        Root mean square distance of the predicted energies from their fit, in meV/atom.
    error
        Error of the observable in `EosDetails.unit`, predicted minus reference.

    Raises
    ------
    ValueError
        There is no volume, or the three rows are not of one length.
    """

    name: str
    volumes: tuple[float, ...]
    reference: Numbers
    predicted: Numbers
    reference_value: float
    reference_bulk_modulus_GPa: float
    failure: str
    value: float | None = None
    bulk_modulus_GPa: float | None = None
    b0_prime: float | None = None
    residual_meV_per_atom: float | None = None
    error: float | None = None

    def __post_init__(self) -> None:
        lengths = [len(self.volumes), len(self.reference), len(self.predicted)]
        if len(set(lengths)) > 1 or not lengths[0]:
            msg = f"expected volumes and two energies for each, found {lengths} numbers"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class EosDetails(Details):
    """All curves of a dataset.

    Parameters
    ----------
    observable, unit
        ``lattice_constant`` or ``volume``, and the unit of its errors.
    curves
        The curves, in the order of the dataset.
    """

    observable: str
    unit: str
    curves: tuple[EosCurveDetails, ...]
