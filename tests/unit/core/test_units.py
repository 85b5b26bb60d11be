"""Conversion factors against those of SciPy (CODATA) and ASE."""

from __future__ import annotations

import pytest
from ase import units as ase_units
from scipy.constants import N_A, calorie, electron_volt, physical_constants

from ms25_suite.core import units


def test_pressure_units_are_those_of_ase() -> None:
    # ASE's default constants and ours are of CODATA 2014.
    assert pytest.approx(1 / ase_units.GPa, rel=1e-8) == units.GPA_PER_EV_PER_A3
    assert units.KBAR_PER_EV_PER_A3 == 10 * units.GPA_PER_EV_PER_A3


def test_energy_units_are_those_of_codata() -> None:
    found = units.ENERGY_UNITS
    hartree = physical_constants["Hartree energy in eV"][0]
    assert found["Hartree"] == pytest.approx(hartree, rel=1e-7)
    assert found["Rydberg"] == pytest.approx(hartree / 2, rel=1e-7)
    # Per mole: the inverse, which exceeds one.
    assert found["kcal/mol"] == pytest.approx(electron_volt * N_A / (1000 * calorie), rel=1e-7)
    assert found["kJ/mol"] == pytest.approx(electron_volt * N_A / 1000, rel=1e-7)
    assert found["meV"] == units.MEV_PER_EV == 1000.0
    assert min(found.values()) > 1.0


def test_force_units_follow_from_energy_and_length() -> None:
    bohr = physical_constants["Bohr radius"][0] * 1e10
    assert pytest.approx(bohr, rel=1e-8) == units.BOHR
    expected = physical_constants["Hartree energy in eV"][0] / bohr
    assert units.FORCE_UNITS["Hartree/Bohr"] == pytest.approx(expected, rel=1e-7)
    assert units.FORCE_UNITS["kJ/mol/Å"] == units.ENERGY_UNITS["kJ/mol"]
    assert min(units.FORCE_UNITS.values()) > 1.0


def test_times_are_those_of_ase() -> None:
    assert pytest.approx(1000 * ase_units.fs / ase_units.fs) == units.FS_PER_PS


def test_every_quantity_has_a_unit() -> None:
    from ms25_suite.core.fields import QUANTITIES

    assert tuple(units.QUANTITY_UNITS) == QUANTITIES
