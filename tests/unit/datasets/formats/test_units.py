from __future__ import annotations

import pytest
from ase.units import Bohr, GPa, Hartree, Rydberg, kcal, kJ, mol

from ms25_suite.core.errors import DatasetError, UsageError
from ms25_suite.datasets.formats.units import Units, factor


@pytest.mark.parametrize(
    ("quantity", "unit", "expected"),
    [
        ("energy", "eV", 1.0),
        ("energy", "meV", 1e-3),
        ("energy", "Hartree", Hartree),
        ("energy", "Ry", Rydberg),
        ("energy", "kcal/mol", kcal / mol),
        ("energy", "kJ / mol", kJ / mol),
        ("virial", "eV", 1.0),
        ("forces", "eV/Å", 1.0),
        ("forces", "eV/Angstrom", 1.0),
        ("forces", "kcal/mol/Å", kcal / mol),
        ("forces", "kcal/(mol Ang)", kcal / mol),
        ("forces", "hartree/bohr", Hartree / Bohr),
        ("forces", "a.u.", Hartree / Bohr),
        ("forces", "kJ/mol/nm", kJ / mol / 10),
        ("stress", "GPa", GPa),
        ("stress", "kbar", 0.1 * GPa),
        ("stress", "-kbar", -0.1 * GPa),
        ("stress", "eV/Å^3", 1.0),
        ("stress", "hartree/bohr^3", Hartree / Bohr**3),
        ("energy", "Ha", Hartree),
        ("energy", "rydbergs", Rydberg),
        ("energy", "kcal mol⁻¹", kcal / mol),
        ("forces", "eV Å^-1", 1.0),
        ("forces", "eV/A", 1.0),
        ("forces", "kcal·mol⁻¹·Å⁻¹", kcal / mol),
        ("forces", "hartree bohr-1", Hartree / Bohr),
        ("stress", "eV/Å³", 1.0),
        ("stress", "eV Å-3", 1.0),
        ("stress", "eV/Ang**3", 1.0),
        ("stress", "\N{MINUS SIGN}GPa", -GPa),
        ("length", "bohr", Bohr),
        ("length", "Ang", 1.0),
    ],
)
def test_factors(quantity: str, unit: str, expected: float) -> None:
    assert factor(quantity, unit) == pytest.approx(expected, rel=1e-12)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("quantity", "unit"),
    [
        ("energy", "furlong"),
        ("energy", "eV/Å"),
        ("energy", "eV/atom"),
        ("forces", "eV Å-3"),
        ("forces", "eV"),
        ("stress", "eV/Å^2"),
        ("length", "eV"),
    ],
)
def test_unknown_units_are_refused(quantity: str, unit: str) -> None:
    with pytest.raises(DatasetError, match=r"unknown unit .*; expected energy and virial in eV"):
        factor(quantity, unit)  # type: ignore[arg-type]


def test_words_of_the_command_line() -> None:
    expected = Units(energy="kcal/mol", forces="kcal/mol/Å")
    assert Units.parse(["energy=kcal/mol", "forces=kcal/mol/Å"]) == expected
    assert Units.parse(["energy=kcal/mol,forces=kcal/mol/Å"]) == expected
    for bad in ("kcal/mol", "energy=", "dipole=D", "energy=furlong"):
        with pytest.raises(UsageError):
            Units.parse([bad])
