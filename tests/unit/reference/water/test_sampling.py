"""Volumes of the water frames, and the dynamics with an approximate potential."""

from __future__ import annotations

import numpy as np
import pytest
from ase import units

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.reference.water.sampling import (
    MOLECULAR_VOLUME_A3,
    WaterSampling,
    langevin,
    portions,
)
from ms25_suite.reference.water.start import lattice
from tests.helpers.springs import SPRINGS, Springs, bonds_of


def test_langevin_takes_the_temperature_of_the_settings() -> None:
    sampling = WaterSampling(duration_fs=150.0)
    atoms = lattice(27, 9.3, np.random.default_rng(1))
    centre = atoms.get_center_of_mass()
    langevin(atoms, Springs(), sampling, np.random.default_rng(5))
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
    sampling = WaterSampling(duration_fs=0.5)
    with pytest.raises(ReferenceCalculatorError, match=r"expected O-H bonds below 1.4 Å, found"):
        langevin(atoms, Springs(), sampling, np.random.default_rng(5))


def test_portions_cover_the_volumes_evenly() -> None:
    sampling = WaterSampling(frames_per_job=6)
    jobs = portions(100, sampling, np.random.default_rng([25, 2]))
    assert [first for first, _ in jobs] == np.cumsum([0, *(len(v) for _, v in jobs)])[:-1].tolist()
    assert {len(volumes) for _, volumes in jobs} <= {5, 6}
    volumes = np.concatenate([volumes for _, volumes in jobs])
    middles = np.linspace(sampling.smallest_volume, sampling.largest_volume, 201)[1::2]
    assert np.sort(volumes) == pytest.approx(MOLECULAR_VOLUME_A3 * middles)
    assert np.ptp(volumes[:20]) > 0.6 * np.ptp(volumes)
    assert portions(100, sampling, np.random.default_rng([25, 2])) == jobs
    assert portions(100, sampling, np.random.default_rng([26, 2])) != jobs
