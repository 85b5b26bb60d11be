"""The command `ms25 summary` on finished runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from ms25_suite.cli.main import main
from ms25_suite.report.tables import json_text
from tests.helpers.reports import ERROR, RUN, make_result


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    path = tmp_path / "results.json"
    path.write_text(json_text(RUN, [make_result(), ERROR]), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("form", "start"),
    [
        ("markdown", "## ! ms25-suite: 1 of 1 result"),
        ("comment", "## ! ms25-suite: 1 of 1 result"),
        ("annotations", "::error title=q on mgo"),
        ("badge", '{\n "schemaVersion": 1'),
        ("smaller-better", '[\n {\n  "name": "mace-β on mgo: forces mae'),
        ("larger-better", "[]\n"),
    ],
)
def test_forms(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str, start: str
) -> None:
    assert main(["summary", str(finished), "--format", form]) == 0
    text = capsys.readouterr().out
    assert text.startswith(start)
    out = tmp_path / "out"
    assert main(["summary", str(finished), "--format", form, "--out", str(out)]) == 0
    assert out.read_text(encoding="utf-8") == text
    assert capsys.readouterr().out == f"summary: {out}\n"


def test_what_cannot_be_read_or_written(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["summary", str(tmp_path / "gone")]) == 1
    assert "gone" in capsys.readouterr().err
    assert main(["summary", str(finished), "--out", str(tmp_path / "no" / "folder")]) == 1
    assert "choose another file with --out" in capsys.readouterr().err
