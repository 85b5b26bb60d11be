"""Lewis and Catlow's Buckingham model of MgO, as commands of LAMMPS.

References
----------
G. V. Lewis and C. R. A. Catlow, J. Phys. C 18 (1985) 1149.
"""

from __future__ import annotations

from typing import Any, Final

from ms25_suite.reference.calculators.lammps_md import Interactions

__all__ = [
    "BUCKINGHAM",
    "CHARGES",
    "ELEMENTS",
    "LABEL_ACCURACY",
    "LATTICE_CONSTANT_A",
    "SAMPLING_ACCURACY",
    "interactions",
    "lammpslib_settings",
]

ELEMENTS: Final = ("Mg", "O")

CHARGES: Final = {"Mg": 2.0, "O": -2.0}
"""Formal charges, in e."""

BUCKINGHAM: Final = {
    ("Mg", "Mg"): (0.0, 1.0, 0.0),
    ("Mg", "O"): (1428.5, 0.2945, 0.0),
    ("O", "O"): (22764.3, 0.1490, 27.879),
}
"""A (eV), rho (Å) and C (eV Å^6) of A exp(-r / rho) - C / r^6.

The shells of the published model are left out; the lattice constant of the cubic crystal does not
depend on them.
"""

CUTOFF_A: Final = 10.0
"""Range in Å of the short-ranged terms, which are shifted to vanish there."""

LATTICE_CONSTANT_A: Final = 4.1985
"""Lattice constant in Å of the model at 0 K; the experimental one is 4.21 Å."""

LABEL_ACCURACY: Final = 1e-8
"""Accuracy of the Ewald sum of the labels, relative to the force between two unit charges 1 Å
apart."""

SAMPLING_ACCURACY: Final = 1e-5
"""The same for the dynamics, which needs less accuracy."""


def interactions(accuracy: float) -> Interactions:
    """Commands of the model.

    Parameters
    ----------
    accuracy
        Relative accuracy of the Ewald sum.
    """
    pairs = [
        f"pair_coeff {ELEMENTS.index(first) + 1} {ELEMENTS.index(second) + 1} "
        + " ".join(repr(value) for value in values)
        for (first, second), values in BUCKINGHAM.items()
    ]
    commands = (
        *_charge_commands(),
        f"pair_style buck/coul/long {CUTOFF_A!r}",
        # No tables: they interpolate, and forces would not be the exact gradient of the energy.
        "pair_modify table 0 shift yes",
        *pairs,
        # The long-range part of 1/r; the direct sum converges only conditionally.
        f"kspace_style ewald {accuracy!r}",
    )
    return Interactions(ELEMENTS, commands, "charge")


def lammpslib_settings() -> dict[str, Any]:
    """Settings of ASE's ``LAMMPSlib`` for atoms with charges.

    The charges are amendments: LAMMPSlib repeats these whenever it has created atoms anew.
    """
    header = ["units metal", "atom_style charge", "atom_modify map array sort 0 0"]
    return {"lammps_header": header, "amendments": _charge_commands()}


def _charge_commands() -> list[str]:
    return [
        f"set type {number} charge {CHARGES[symbol]!r}"
        for number, symbol in enumerate(ELEMENTS, start=1)
    ]
