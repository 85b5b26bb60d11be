from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase.build import make_supercell

from ms25_suite.datasets.published.frameworks import coordination_sequence, recognise_framework
from ms25_suite.datasets.published.systems import UnknownSystemError, recognise
from tests.helpers.published_samples import primitive_cha, zeolite


@pytest.mark.parametrize(
    ("code", "sequence"),
    [
        ("CHA", [4, 9, 17, 29]),
        ("FAU", [4, 9, 16, 25]),
        ("LTA", [4, 9, 17, 28]),
        ("MFI", None),
        ("BEA", None),
    ],
)
def test_frameworks(shared_data: Path, code: str, sequence: list[int] | None) -> None:
    atoms = zeolite(shared_data, code)
    if sequence is not None:
        np.testing.assert_array_equal(coordination_sequence(atoms), sequence)
    rng = np.random.default_rng(0)
    for scale in (0.965, 1.0, 1.035):
        frame = atoms.copy()
        frame.set_cell(atoms.cell * scale, scale_atoms=True)
        frame.positions += rng.normal(0, 0.1, (len(frame), 3))
        assert recognise(frame) == code.lower()
    # A cell that no axis of the usual one is parallel to has the same connections.
    skew = make_supercell(atoms, [[1, 1, 0], [0, 1, 0], [0, 0, 1]])
    assert recognise(skew) == code.lower()


def test_mfi_and_a_doubled_cha_have_as_many_atoms(shared_data: Path) -> None:
    mfi = zeolite(shared_data, "MFI")
    cha = primitive_cha(shared_data) * 2
    assert len(mfi) == len(cha) == 288
    assert mfi.symbols.formula.count() == cha.symbols.formula.count()
    assert [recognise(mfi), recognise(cha)] == ["mfi", "cha"]
    assert recognise(primitive_cha(shared_data)) == "cha"


def test_cha_and_lta_at_one_volume(shared_data: Path) -> None:
    """What volume alone would take for the same."""
    found = set()
    for code in ("CHA", "LTA", "BEA"):
        atoms = zeolite(shared_data, code)
        n_si = atoms.get_chemical_symbols().count("Si")
        atoms.set_cell(atoms.cell * (n_si * 68.0 / atoms.get_volume()) ** (1 / 3), scale_atoms=True)
        assert atoms.get_volume() / n_si == pytest.approx(68.0)
        found.add(recognise(atoms))
    assert found == {"cha", "lta", "bea"}


def test_a_framework_of_another_density_or_kind(shared_data: Path) -> None:
    atoms = zeolite(shared_data, "LTA")
    thin = atoms.copy()
    thin.set_cell(atoms.cell * 1.1, scale_atoms=True)
    with pytest.raises(ValueError, match=r"connected as LTA, but with 10.6 Si"):
        recognise_framework(thin)
    from ase.spacegroup import crystal

    cristobalite = crystal(
        ("Si", "O"),
        [(0, 0, 0), (1 / 8, 1 / 8, 1 / 8)],
        spacegroup=227,
        cellpar=[7.16] * 3 + [90] * 3,
    )
    # Diamond: 4 neighbours, then 12 and 24.
    with pytest.raises(UnknownSystemError, match=r"Si atoms have 4, 12, 24, 42 neighbours"):
        recognise(cristobalite)
