"""The classical starts of the water data."""

from __future__ import annotations

import numpy as np
import pytest

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.reference.calculators.lammps_session import open_lammps
from ms25_suite.reference.water import start as water_start
from ms25_suite.reference.water.start import ClassicalDynamics, lattice, liquid, scale_bonds
from tests.helpers.springs import bonds_of

SHORT = ClassicalDynamics(melt_ps=0.3, cool_ps=0.2)


def test_lattice() -> None:
    atoms = lattice(20, 9.0, np.random.default_rng(1))  # 20 of 27 sites
    assert atoms.get_chemical_formula(mode="reduce") == "OH2" * 20
    assert atoms.cell.array == pytest.approx(9.0 * np.eye(3))
    assert bonds_of(atoms) == pytest.approx(water_start.BOND_A)
    for oxygen in range(0, 60, 3):
        angle = atoms.get_angle(oxygen + 1, oxygen, oxygen + 2)
        assert angle == pytest.approx(water_start.ANGLE_DEG)
    between = atoms[::3].get_all_distances(mic=True)[np.triu_indices(20, 1)]
    assert between.min() == pytest.approx(3.0)
    other = lattice(20, 9.0, np.random.default_rng(2))
    assert np.abs(other.positions - atoms.positions).max() > 0.5


def test_scale_bonds() -> None:
    atoms = lattice(8, 6.2, np.random.default_rng(1))
    angle = atoms.get_angle(4, 3, 5)
    factors = np.ones((8, 2))
    factors[1] = [0.9, 1.1]
    before = bonds_of(atoms)
    scale_bonds(atoms, factors)
    assert bonds_of(atoms) == pytest.approx(before * factors)
    assert atoms.get_angle(4, 3, 5) == pytest.approx(angle)


@pytest.mark.lammps
def test_liquid() -> None:
    pytest.importorskip("lammps")
    atoms = liquid(8, 30.0, SHORT, np.random.default_rng(1))
    assert atoms.get_volume() == pytest.approx(8 * 30.0)
    bonds = bonds_of(atoms)
    # Sampled, neither rigid nor broken: k T / (2 k) of a spring of 1059 kcal/mol/Å^2 is 0.024 Å.
    assert 0.01 < bonds.std() < 0.05
    assert bonds.mean() == pytest.approx(1.03, abs=0.02)
    start = lattice(8, np.cbrt(240.0), np.random.default_rng(1))
    assert np.sqrt(((atoms.positions - start.positions) ** 2).mean()) > 0.5
    again = liquid(8, 30.0, SHORT, np.random.default_rng(1))
    assert np.array_equal(again.positions, atoms.positions)


@pytest.mark.lammps
def test_spc_fw_has_the_published_springs() -> None:
    """A molecule alone, by LAMMPS: the commands are those of the paper's constants."""
    pytest.importorskip("lammps")
    lammps = open_lammps()
    edge = 30.0
    try:
        for command in water_start.setup_commands(edge, SHORT):
            lammps.command(command)
        atoms = lattice(1, edge, np.random.default_rng(1))
        bond = atoms.positions[1] - atoms.positions[0]
        atoms.positions[1] += 0.05 * bond / np.linalg.norm(bond)
        lammps.create_atoms(3, None, [1, 2, 2], atoms.positions.ravel().tolist())
        for command in (*water_start.SPC_FW, *water_start.molecule_commands(1), "run 0"):
            lammps.command(command)
        energy = {name: lammps.get_thermo(name) for name in ("ebond", "eangle", "evdwl")}
    finally:
        lammps.close()
    expected = {"ebond": 0.5 * 1059.162 * 0.05**2, "eangle": 0.0, "evdwl": 0.0}
    assert energy == pytest.approx(expected, abs=1e-6)


def test_a_molecule_that_dissociated() -> None:
    atoms = lattice(8, 6.2, np.random.default_rng(1))
    water_start.refuse_broken(atoms)
    atoms.positions[1] += 1.0
    with pytest.raises(ReferenceCalculatorError, match="dissociated: longest O-H bond"):
        water_start.refuse_broken(atoms)
    atoms.positions[1] = np.nan
    with pytest.raises(ReferenceCalculatorError, match="dissociated"):
        water_start.refuse_broken(atoms)


@pytest.mark.lammps
def test_a_run_that_lammps_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("lammps")
    monkeypatch.setattr(water_start, "SPC_FW", ("bond_style nonsense",))
    with pytest.raises(ReferenceCalculatorError, match=r"of 8 molecules of SPC/Fw water: .*bond"):
        liquid(8, 30.0, SHORT, np.random.default_rng(1))
