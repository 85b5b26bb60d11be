"""Journal and report of a run, on disks that are full and in folders that vanish."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest

from ms25_suite.core.errors import UsageError
from ms25_suite.core.journal import Journal
from ms25_suite.core.records import RunRecord
from ms25_suite.plugin.run_files import RunFiles
from ms25_suite.report import load_results, writer
from tests.helpers.reports import make_result

RUN = RunRecord(id="r1", started="2026-01-01T00:00:00Z", seed=0)
RESULT = make_result()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "reports").mkdir()
    return tmp_path / "reports"


@pytest.fixture
def files(folder: Path) -> Iterator[RunFiles]:
    opened = RunFiles(folder)
    yield opened
    opened.close()


def full(*_: object, **__: object) -> NoReturn:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_report_takes_the_place_of_the_journal(files: RunFiles, folder: Path) -> None:
    files.add(RUN, RESULT)
    assert len(list(folder.glob("journal-*.jsonl"))) == 1
    assert files.finish(RUN, [RESULT])
    assert files.html == folder / "report.html"
    assert not files.problems
    assert not list(folder.glob("journal-*"))
    files.close()
    assert not list(folder.glob(".*"))


def test_a_second_run_is_refused_until_the_first_one_ends(files: RunFiles, folder: Path) -> None:
    with pytest.raises(UsageError, match="another run writes its report there"):
        RunFiles(folder)
    files.close()
    RunFiles(folder).close()


def test_without_room_for_the_journal_the_report_is_written(
    files: RunFiles, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Journal, "_write", full)
        files.add(RUN, RESULT)
        files.add(RUN, RESULT)
    (problem,) = files.problems
    assert "journal" in problem
    assert "No space left on device" in problem
    assert files.finish(RUN, [RESULT])
    assert (folder / "results.json").is_file()


def test_without_room_for_the_report_it_is_written_elsewhere(
    files: RunFiles, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    artifact = folder / "artifacts" / "x.npz"
    artifact.parent.mkdir()
    np.savez(artifact, reference=np.zeros(2), predicted=np.zeros(2), unit="eV")
    result = make_result(artifact="artifacts/x.npz")
    for name in ("report.html", "heatmap.png"):
        (folder / name).write_text("of an earlier run")
    real = writer._write

    def full_there(path: Path, data: bytes) -> None:
        if path.parent == folder and path.name != "results.json":
            full()
        real(path, data)

    monkeypatch.setattr(writer, "_write", full_there)
    files.add(RUN, result)
    assert files.finish(RUN, [result])
    assert files.html is not None
    elsewhere = files.html.parent
    assert elsewhere.parent == tmp_path / "tmp"
    assert "No space left on device" in files.problems[0]
    assert f"is in {elsewhere} instead" in files.problems[1]
    _, (found,) = load_results([elsewhere])
    assert Path(found.artifact).is_file()
    assert found.value == result.value
    # Nothing of the earlier report is left beside the new numbers.
    assert not (folder / "report.html").exists()
    assert not (folder / "heatmap.png").exists()
    # The journal is kept.
    assert len(list(folder.glob("journal-*.jsonl"))) == 1


@pytest.mark.parametrize("journal", [True, False])
def test_without_room_anywhere(
    files: RunFiles, monkeypatch: pytest.MonkeyPatch, journal: bool
) -> None:
    if not journal:
        monkeypatch.setattr(Journal, "_write", full)
    files.add(RUN, RESULT)
    monkeypatch.setattr(writer, "_write", full)
    assert not files.finish(RUN, [RESULT])
    assert files.html is None
    kept = "all results are in" if journal else "the results are on the terminal only"
    assert kept in files.problems[-1]


def test_a_folder_that_vanishes_is_made_again(files: RunFiles, folder: Path) -> None:
    files.add(RUN, RESULT)
    shutil.rmtree(folder)
    files.add(RUN, RESULT)
    assert files.finish(RUN, [RESULT])
    assert (folder / "report.html").is_file()
    assert not files.problems


def test_a_folder_that_becomes_a_file(files: RunFiles, folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("a file")
    files.add(RUN, RESULT)
    assert files.finish(RUN, [RESULT])
    assert files.html is not None
    assert files.html.is_file()
    assert len(files.problems) == 3


def test_numbers_of_an_earlier_run_that_cannot_be_removed(
    files: RunFiles, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.add(RUN, RESULT)
    (folder / "results.json").write_text('{"run": {"id": "r0"}}')
    real = writer._write

    def read_only(path: Path, data: bytes) -> None:
        if path.parent == folder:
            full()
        real(path, data)

    unlink = Path.unlink

    def unlink_elsewhere(path: Path, missing_ok: bool = False) -> None:
        if path.parent == folder:
            full()
        unlink(path, missing_ok)

    monkeypatch.setattr(writer, "_write", read_only)
    monkeypatch.setattr(Path, "unlink", unlink_elsewhere)
    assert not files.finish(RUN, [RESULT])
    assert f"{folder / 'results.json'} is that of an earlier run" in files.problems
