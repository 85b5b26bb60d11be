"""docs/new-dataset.md: the package that it prints, installed and used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.helpers.example_packages import EXAMPLES, install, printed_files, run

NAME = "ms25-example-dataset"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(NAME, tmp_path_factory.mktemp("dataset"))


def test_the_page_prints_the_files_of_the_example() -> None:
    printed = printed_files(REPOSITORY / "docs" / "new-dataset.md")
    assert set(printed) == {
        "pyproject.toml",
        "ms25_example_dataset/__init__.py",
        "ms25_example_dataset/copper.toml",
        "ms25_example_dataset/make_frames.py",
    }
    for name, text in printed.items():
        assert (EXAMPLES / NAME / name).read_text(encoding="utf-8") == text


def test_a_potential_is_judged_on_it_by_name(installed: Path, tmp_path: Path) -> None:
    run(
        installed,
        tmp_path,
        *("-m", "pytest", "-q", "--mlip=reference", "--dataset=copper"),
        *("-m", "error_thresholds or size_extensivity"),
    )
    document = json.loads((tmp_path / "reports" / "results.json").read_text(encoding="utf-8"))
    results = document["results"]
    assert {result["criterion"] for result in results} == {"error_thresholds", "size_extensivity"}
    # Numbers that no threshold is set for have no verdict.
    assert {result["verdict"] for result in results} == {"pass", None}
    assert {item["tier"] for item in document["run"]["datasets"]} == {NAME}


def test_it_is_listed_with_its_package(installed: Path, tmp_path: Path) -> None:
    lines = run(installed, tmp_path, "-m", "ms25_suite", "data", "list").stdout.splitlines()
    rows = {line.split()[0]: line for line in lines}
    assert rows["copper"].split()[1:4] == ["30", "4", "Cu"]
    assert rows["copper"].rstrip().endswith(NAME)
    assert rows["copper-2x1x1"].rstrip().endswith(NAME)
    assert NAME not in rows["hea"]


@pytest.mark.parametrize("name", ["copper", "CU"])
def test_it_is_shown_by_name_and_alias(installed: Path, tmp_path: Path, name: str) -> None:
    done = run(installed, tmp_path, "-m", "ms25_suite", "data", "show", name)
    assert "copper (ms25-example-dataset)" in done.stdout


def test_a_misspelled_name_finds_it(installed: Path, tmp_path: Path) -> None:
    done = run(installed, tmp_path, "-m", "ms25_suite", "data", "show", "coper", status=1)
    assert "Did you mean 'copper'?" in done.stderr
    assert "copper (ms25-example-dataset)" in done.stderr
