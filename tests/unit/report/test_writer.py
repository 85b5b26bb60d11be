from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ms25_suite.core.errors import ReportError
from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult
from ms25_suite.report import load_results, write_report, writer
from tests.helpers.reports import ERROR, RUN, Page, make_result, save_parity


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
        if path.is_file()
    }


def test_files_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "report"
    files = write_report(folder, RUN, [make_result(), ERROR])
    assert sorted(path.name for path in folder.iterdir()) == [
        "heatmap.png",
        "heatmap.svg",
        "report.html",
        "results.csv",
        "results.json",
    ]
    assert files.html == folder / "report.html"
    assert files.heatmap_png.read_bytes().startswith(b"\x89PNG")
    assert b"<svg" in files.heatmap_svg.read_bytes()
    assert files.csv.read_text(encoding="utf-8").count("\n") == 3
    assert len(json.loads(files.json.read_text(encoding="utf-8"))["results"]) == 2


def test_a_run_about_pairs_only_has_their_heatmap(tmp_path: Path) -> None:
    pair = make_result(criterion="size_extensivity", test_dataset="mgo-4x4")
    with_pair = write_report(tmp_path / "pair", RunRecord(), [pair]).heatmap_svg.read_bytes()
    assert with_pair != write_report(tmp_path / "none", RunRecord(), []).heatmap_svg.read_bytes()


def test_what_was_written_can_be_read_again(tmp_path: Path) -> None:
    results = [make_result(details={"rmse": 40.0}), ERROR]
    write_report(tmp_path, RUN, results)
    assert load_results([tmp_path]) == (RUN, results)


def test_same_results_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        save_parity(tmp_path / name)
    results = [
        make_result(artifact="artifacts/f.npz"),
        ERROR,
        make_result(quantity="energy", value=0.0),
    ]
    write_report(tmp_path / "a", RUN, results)
    write_report(tmp_path / "b", RUN, results[::-1])
    first = hashes(tmp_path / "a")
    assert first == hashes(tmp_path / "b")
    write_report(tmp_path / "a", RUN, results)
    assert hashes(tmp_path / "a") == first


def test_absolute_artifacts_are_brought_along(tmp_path: Path) -> None:
    for name in ("a", "b"):
        artifact = save_parity(tmp_path / name, predicted=np.full(600, float(ord(name))))
        write_report(
            tmp_path / name, RunRecord(id=name), [make_result(potential=name, artifact=artifact)]
        )
    run, results = load_results([tmp_path / "a", tmp_path / "b"])
    out = tmp_path / "both"
    write_report(out, run, results)
    merged = json.loads((out / "results.json").read_text(encoding="utf-8"))["results"]
    paths = [record["artifact"] for record in merged]
    assert len(set(paths)) == 2
    for path, name in zip(paths, "ab", strict=True):
        assert not Path(path).is_absolute()
        assert np.load(out / path)["predicted"][0] == ord(name)
    # Again in place: nothing is copied twice.
    before = sorted(out.rglob("*"))
    write_report(out, *load_results([out]))
    assert sorted(out.rglob("*")) == before
    assert "merged from 2 runs" in Page(out / "report.html").text


def test_absolute_artifact_that_is_gone_is_noted(tmp_path: Path) -> None:
    gone = str(tmp_path / "elsewhere" / "x.npz")
    page = Page(write_report(tmp_path / "r", RunRecord(), [make_result(artifact=gone)]).html)
    assert "the file artifacts/x.npz is missing" in page.text


def test_repeated_results_are_merged(tmp_path: Path) -> None:
    files = write_report(tmp_path, RunRecord(), [make_result(value=1.0), make_result(value=2.0)])
    (record,) = json.loads(files.json.read_text(encoding="utf-8"))["results"]
    assert record["value"] == 2.0


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ReportError, match=r"cannot write the report to .* choose a folder"):
        write_report(tmp_path / "file", RunRecord(), [make_result()])
    if os.geteuid() != 0:
        (tmp_path / "locked").mkdir(mode=0o500)
        with pytest.raises(ReportError, match="cannot write the report"):
            write_report(tmp_path / "locked", RunRecord(), [make_result()])


def test_failed_write_leaves_the_old_report(tmp_path: Path) -> None:
    write_report(tmp_path, RunRecord(), [make_result()])
    before = hashes(tmp_path)
    with pytest.raises(ReportError, match="must be finite"):
        write_report(tmp_path, RunRecord(), [make_result(value=float("inf"))])
    assert hashes(tmp_path) == before


def test_the_report_imports_little(tmp_path: Path) -> None:
    code = (
        "import sys, ms25_suite.report\n"
        "from pathlib import Path\n"
        "from ms25_suite.core.records import RunRecord\n"
        "names = {'torch', 'ase', 'matplotlib', 'scipy', 'jinja2', 'rich', 'pydantic'}\n"
        "assert not names & set(sys.modules), names & set(sys.modules)\n"
        "ms25_suite.report.write_report(Path(sys.argv[1]), RunRecord(), [])\n"
        "names = {'torch', 'matplotlib.pyplot'}\n"
        "assert not names & set(sys.modules), names & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)


def test_names_that_cannot_be_encoded(tmp_path: Path) -> None:
    given = dataclasses.replace(ERROR, reason="bad \udcff, \ud800")
    # As it comes from the process that ran the check.
    result = CheckResult.from_dict(given.to_dict())
    run = dataclasses.replace(RUN, command=("pytest", "--mlip=caf\udce9.py"))
    files = write_report(tmp_path, run, [result])
    read, (found,) = load_results([tmp_path])
    assert found.reason == r"bad \xff, \ud800"
    assert read.command == ("pytest", r"--mlip=caf\xe9.py")
    assert r"--mlip=caf\xe9.py" in files.html.read_text(encoding="utf-8")


def test_a_full_disk_leaves_no_part_of_an_older_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_report(tmp_path, RUN, [make_result()])
    real = writer._write

    def full(path: Path, data: bytes) -> None:
        if path.suffix in (".png", ".svg", ".html"):
            raise OSError(28, "No space left on device")
        real(path, data)

    monkeypatch.setattr(writer, "_write", full)
    with pytest.raises(ReportError, match="No space left"):
        write_report(tmp_path, RUN, [make_result(value=1.0)])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["results.csv", "results.json"]
    _, (found,) = load_results([tmp_path])
    assert found.value == 1.0
