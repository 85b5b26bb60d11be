"""Conversion factors, each stated once.

Inside the suite: eV, Å, eV/Å and eV/Å^3, ASE's sign (tension positive) and Voigt order
xx yy zz yz xz xy. Shown to people: meV/atom, meV/Å and meV/Å^3.
"""

from __future__ import annotations

from typing import Final

MEV_PER_EV: Final = 1000.0
"""meV in one eV."""

FS_PER_PS: Final = 1000.0
"""fs in one ps."""

GPA_PER_EV_PER_A3: Final = 160.21766208
"""GPa in one eV/Å^3 (elementary charge of CODATA 2014, the value that ASE's default units use)."""

KBAR_PER_EV_PER_A3: Final = 10.0 * GPA_PER_EV_PER_A3
"""kbar in one eV/Å^3."""

ENERGY_UNIT: Final = "meV/atom"
FORCES_UNIT: Final = "meV/Å"
STRESS_UNIT: Final = "meV/Å^3"

BARRIER_UNIT: Final = "eV"
LENGTH_UNIT: Final = "Å"
PERCENT: Final = "%"
DRIFT_UNIT: Final = "meV/atom/ps"
SPEED_UNIT: Final = "kAtoms/s"
"""Thousands of atom-steps per second, as LAMMPS' katom-step/s."""
STEP_UNIT: Final = "ms"
MEMORY_UNIT: Final = "MiB"
ATOMS_UNIT: Final = "atoms"
TEMPERATURE_UNIT: Final = "K"

DIMENSIONLESS: Final = "1"
"""Unit of ratios and of slopes on logarithmic scales; not printed behind numbers."""

QUANTITY_UNITS: Final = {"energy": ENERGY_UNIT, "forces": FORCES_UNIT, "stress": STRESS_UNIT}
"""Unit in which the error of each quantity is shown."""

ENERGY_UNITS: Final = {
    "Hartree": 27.211386,
    "Rydberg": 13.605693,
    "kcal/mol": 23.060548,
    "kJ/mol": 96.485332,
    "meV": MEV_PER_EV,
}
"""Conversion factors to eV (CODATA 2018), of each unit or of its inverse, whichever exceeds 1."""

BOHR: Final = 0.529177211
"""Bohr radius in Å (CODATA 2018)."""

FORCE_UNITS: Final = {
    "Hartree/Bohr": ENERGY_UNITS["Hartree"] / BOHR,
    "Rydberg/Bohr": ENERGY_UNITS["Rydberg"] / BOHR,
    "Hartree/Å": ENERGY_UNITS["Hartree"],
    "kcal/mol/Å": ENERGY_UNITS["kcal/mol"],
    "kJ/mol/Å": ENERGY_UNITS["kJ/mol"],
    "meV/Å": MEV_PER_EV,
}
"""Conversion factors to eV/Å, of each unit or of its inverse, whichever exceeds 1."""
