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

TOLERANCE_UNIT: Final = "tolerances"
"""Multiples of what rounding explains."""

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

LABEL_UNITS: Final[dict[str, dict[str, float]]] = {
    "energy": {
        "Hartree": 1.0 / ENERGY_UNITS["Hartree"],
        "Rydberg": 1.0 / ENERGY_UNITS["Rydberg"],
        "kcal/mol": ENERGY_UNITS["kcal/mol"],
        "kJ/mol": ENERGY_UNITS["kJ/mol"],
        "meV": MEV_PER_EV,
    },
    "forces": {
        "Hartree/Bohr": BOHR / ENERGY_UNITS["Hartree"],
        "Rydberg/Bohr": BOHR / ENERGY_UNITS["Rydberg"],
        "Hartree/Å": 1.0 / ENERGY_UNITS["Hartree"],
        "Rydberg/Å": 1.0 / ENERGY_UNITS["Rydberg"],
        "eV/Bohr": BOHR,
        "eV/nm": 10.0,
        "kcal/mol/Å": ENERGY_UNITS["kcal/mol"],
        "kcal/mol/Bohr": BOHR * ENERGY_UNITS["kcal/mol"],
        "kJ/mol/Å": ENERGY_UNITS["kJ/mol"],
        "kJ/mol/nm": 10.0 * ENERGY_UNITS["kJ/mol"],
        "meV/Å": MEV_PER_EV,
    },
    "stress": {
        "GPa": GPA_PER_EV_PER_A3,
        "MPa": 1e3 * GPA_PER_EV_PER_A3,
        "Pa": 1e9 * GPA_PER_EV_PER_A3,
        "kbar": KBAR_PER_EV_PER_A3,
        "bar": 1e3 * KBAR_PER_EV_PER_A3,
        "atm": 1e9 * GPA_PER_EV_PER_A3 / 101325.0,
        "Hartree/Bohr^3": BOHR**3 / ENERGY_UNITS["Hartree"],
        "Rydberg/Bohr^3": BOHR**3 / ENERGY_UNITS["Rydberg"],
        "kcal/mol/Å^3": ENERGY_UNITS["kcal/mol"],
        "meV/Å^3": MEV_PER_EV,
    },
}
"""How many of each unit are one eV, eV/Å or eV/Å^3: the factor by which labels in it are too large.
From the constants above (CODATA 2018); one atm is 101325 Pa by definition. eV/nm, kJ/mol/nm and bar
are those of GROMACS and OpenMM, atm is LAMMPS' pressure with `units real`."""
