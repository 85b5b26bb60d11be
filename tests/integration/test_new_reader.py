"""docs/new-reader.md: the package that it prints, installed and used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.helpers.example_packages import EXAMPLES, install, printed_files, run

NAME = "ms25-example-reader"
EMT = "--mlip=ase.calculators.emt:EMT"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(NAME, tmp_path_factory.mktemp("reader"))


@pytest.fixture
def frames(installed: Path, tmp_path: Path) -> Path:
    run(installed, tmp_path, str(EXAMPLES / NAME / "make_frames.py"))
    return tmp_path / "copper.jsonl"


def test_the_page_prints_the_files_of_the_example() -> None:
    printed = printed_files(REPOSITORY / "docs" / "new-reader.md")
    assert set(printed) == {"pyproject.toml", "ms25_example_reader/__init__.py"}
    for name, text in printed.items():
        assert (EXAMPLES / NAME / name).read_text(encoding="utf-8") == text


def test_a_potential_is_judged_on_such_a_file(
    installed: Path, frames: Path, tmp_path: Path
) -> None:
    run(installed, tmp_path, "-m", "pytest", "-q", EMT, f"--dataset={frames}")
    document = json.loads((tmp_path / "reports" / "results.json").read_text(encoding="utf-8"))
    results = {r["quantity"]: r for r in document["results"] if r["metric"] == "mae"}
    assert {"energy", "forces", "stress"} <= set(results)
    # The labels are those of the potential, up to conversions of units.
    # Ten frames are few for some parts of the errors.
    assert {result["verdict"] for result in document["results"]} <= {"pass", "undecided", None}
    assert {results[name]["verdict"] for name in ("energy", "forces")} == {"pass"}
    assert results["energy"]["value"] < 1e-6


def test_such_a_file_is_imported(installed: Path, frames: Path, tmp_path: Path) -> None:
    command = ("-m", "ms25_suite", "data", "import", str(frames), "--out", "copper.extxyz")
    assert "10 of 4 atoms" in run(installed, tmp_path, *command).stdout


def test_a_damaged_file_says_which_reader_failed(
    installed: Path, frames: Path, tmp_path: Path
) -> None:
    with frames.open("a") as file:
        file.write("{\n")
    done = run(installed, tmp_path, "-m", "ms25_suite", "data", "show", str(frames), status=1)
    assert "by the reader jsonl of ms25-example-reader 1.0: frame 10 raised" in done.stderr
