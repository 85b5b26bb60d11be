"""Running the jobs of a build, with jobs that cost nothing."""

from __future__ import annotations

import gzip
import io
import lzma
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.io import read

from ms25_suite.core.errors import DatasetError, ReferenceCalculatorError, UsageError
from ms25_suite.core.fields import REF_ENERGY, REF_FORCES, REF_STRESS
from ms25_suite.reference.jobs import Plan, build_frames, opened
from ms25_suite.reference.labels import label
from tests.helpers.built_files import finished_jobs, kill_build


@dataclass(frozen=True, slots=True)
class Rattled:
    """Rattled copper; writes down that it ran, and fails as long as a file is there."""

    index: int
    n_frames: int
    log: Path
    given: int = 0
    pause_s: float = 0.0

    def frames(self) -> list[Atoms]:
        if self.log.with_name(f"fail-{self.index}").exists():
            raise ReferenceCalculatorError(f"job {self.index} failed")
        with self.log.open("a") as file:
            file.write(f"{self.index}\n")
        time.sleep(self.pause_s)
        images = []
        for number in range(self.given or self.n_frames):
            atoms = bulk("Cu", cubic=True)
            atoms.rattle(0.1, seed=10 * self.index + number)
            label(atoms, EMT())
            images.append(atoms)
        return images


def jobs(folder: Path, pause_s: float = 0.0) -> list[Rattled]:
    return [Rattled(i, 2 - i // 2, folder / "log", pause_s=pause_s * i) for i in range(3)]


def build(out: Path, workers: int = 1, key: int = 0, pause_s: float = 0.5) -> Path:
    plan = Plan("Cu frames", jobs(out.parent, pause_s), {"key": key})
    return build_frames(out, plan, workers=workers, progress=False)


def test_failed_build_goes_on_where_it_ended(tmp_path: Path) -> None:
    whole = tmp_path / "whole" / "cu.extxyz.xz"
    whole.parent.mkdir()
    build(whole, workers=2, pause_s=0.0)
    fail = tmp_path / "fail-2"
    fail.touch()
    out = tmp_path / "cu.extxyz.xz"
    with pytest.raises(ReferenceCalculatorError, match="job 2 failed"):
        build(out, pause_s=0.0)
    assert not out.exists()
    assert (tmp_path / "log").read_text().split() == ["0", "1"]
    fail.unlink()
    build(out, pause_s=0.0)
    assert (tmp_path / "log").read_text().split() == ["0", "1", "2"]
    assert out.read_bytes() == whole.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cu.extxyz.xz", "log", "whole"]


def test_other_settings_are_another_build(tmp_path: Path) -> None:
    (tmp_path / "fail-2").touch()
    with pytest.raises(ReferenceCalculatorError):
        build(tmp_path / "cu.extxyz", key=1, pause_s=0.0)
    (tmp_path / "fail-2").unlink()
    build(tmp_path / "cu.extxyz", key=2, pause_s=0.0)
    assert (tmp_path / "log").read_text().split() == ["0", "1", "0", "1", "2"]
    # What the first one finished is still there for it.
    assert len(list(tmp_path.glob("cu.extxyz.work/*/trajectory-*.extxyz"))) == 2


def test_frames_are_in_the_order_of_the_jobs_and_labelled(tmp_path: Path) -> None:
    out = build(tmp_path / "cu.extxyz.xz", workers=2, pause_s=0.0)
    text = lzma.decompress(out.read_bytes()).decode()
    images = read(io.StringIO(text), index=":", format="extxyz")
    assert len(images) == 5
    for atoms, seed in zip(images, (0, 1, 10, 11, 20), strict=True):
        expected = bulk("Cu", cubic=True)
        expected.rattle(0.1, seed=seed)
        np.testing.assert_allclose(atoms.positions, expected.positions, atol=1e-6)
        stored = atoms.info[REF_ENERGY], atoms.info[REF_STRESS], atoms.arrays[REF_FORCES]
        atoms.calc = EMT()
        assert atoms.get_potential_energy() == pytest.approx(stored[0], abs=2e-8)
        np.testing.assert_allclose(atoms.get_stress(), stored[1], rtol=0, atol=2e-10)
        np.testing.assert_allclose(atoms.get_forces(), stored[2], rtol=0, atol=2e-8)


def test_the_name_says_the_compression(tmp_path: Path) -> None:
    for suffix, unpacked in (
        (".xz", lzma.decompress),
        (".gz", gzip.decompress),
        (".extxyz", bytes),
    ):
        with opened(tmp_path / "part", suffix) as file:
            file.write(b"frames")
        assert unpacked((tmp_path / "part").read_bytes()) == b"frames"
    packed = build(tmp_path / "cu.extxyz.gz", pause_s=0.0).read_bytes()
    # Neither the time nor the name of a file that is moved is in the header.
    assert packed[:10] == b"\x1f\x8b\x08\x00" + bytes(4) + b"\x02\xff"
    assert len(read(tmp_path / "cu.extxyz.gz", index=":")) == 5


def test_a_damaged_part_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    whole = build(tmp_path / "whole" / "cu.extxyz", pause_s=0.0)
    out = tmp_path / "cu.extxyz"
    (tmp_path / "fail-2").touch()
    with pytest.raises(ReferenceCalculatorError):
        build(out, pause_s=0.0)
    (tmp_path / "fail-2").unlink()
    first, second = finished_jobs(out)
    content = first.read_bytes()
    place = content.index(b"REF_energy=") + len(b"REF_energy=")
    first.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
    # Of another job.
    (tmp_path / "log").unlink()
    second.write_bytes(content)
    build(out, pause_s=0.0)
    assert out.read_bytes() == whole.read_bytes()
    assert (tmp_path / "log").read_text().split() == ["0", "1", "2"]


def test_a_part_that_is_damaged_during_the_build_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damage(tasks: list[tuple[object, Path]], *_: object) -> None:
        tasks[0][1].write_bytes(b"4")

    monkeypatch.setattr("ms25_suite.reference.jobs._run", damage)
    with pytest.raises(DatasetError, match=r"trajectory-00000\.extxyz is damaged.* same command"):
        build(tmp_path / "cu.extxyz")
    assert not (tmp_path / "cu.extxyz").exists()


def test_killed_build_resumes_to_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    whole = build(tmp_path / "whole" / "cu.extxyz", pause_s=0.0)
    out = tmp_path / "cu.extxyz"
    kill_build(__name__, out)
    n_kept = len(finished_jobs(out))
    (tmp_path / "log").unlink()
    build(out, pause_s=0.0)
    assert out.read_bytes() == whole.read_bytes()
    # The finished jobs were not run again.
    again = (tmp_path / "log").read_text().split()
    assert again == [str(index) for index in range(n_kept, 3)]


def test_job_that_returns_too_few_frames_is_an_error(tmp_path: Path) -> None:
    plan = Plan("", [Rattled(0, 3, tmp_path / "log", given=2)], {})
    with pytest.raises(RuntimeError, match=r"expected 3 frames of Rattled.*, found 2"):
        build_frames(tmp_path / "a.extxyz", plan, workers=1, progress=False)


def test_bad_numbers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="`workers` to be at least 1, found 0"):
        build(tmp_path / "a.extxyz", workers=0)
    with pytest.raises(UsageError, match="`jobs` to be at least 1"):
        build_frames(tmp_path / "a.extxyz", Plan("", [], {}))
    assert not list(tmp_path.iterdir())
