"""The published results of the paper in small can be read, and its figures drawn of them."""

from __future__ import annotations

import csv
import tarfile
from pathlib import Path

import pytest

from ms25_suite.campaign.paper import write_paper_report
from ms25_suite.core.results import Verdict
from tests.conftest import REPOSITORY

_FOLDER = REPOSITORY / "docs" / "results" / "paper-smoke"
_ARCHITECTURES = {"mace", "nequip", "allegro", "mtp", "ani"}


def _datasets() -> list[str]:
    return sorted(path.name.removesuffix(".tar.xz") for path in _FOLDER.glob("*.tar.xz"))


@pytest.mark.slow
@pytest.mark.parametrize("dataset", _datasets())
def test_figures_of_the_published_results(dataset: str, tmp_path: Path) -> None:
    with tarfile.open(_FOLDER / f"{dataset}.tar.xz") as archive:
        archive.extractall(tmp_path / "results", filter="data")
    found = sorted((tmp_path / "results").glob("*/*.json"))
    write_paper_report(found, tmp_path / "report", title="MS25 in small")
    with (tmp_path / "report" / "figures" / "figure-2.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["dataset"] == dataset]
    assert {row["architecture"] for row in rows if row["value"]} == _ARCHITECTURES
    assert Verdict.ERROR.value not in {row["sign"] for row in rows}


def test_results_name_no_folder_of_the_machine_that_made_them() -> None:
    assert _datasets()
    for dataset in _datasets():
        with tarfile.open(_FOLDER / f"{dataset}.tar.xz") as archive:
            for member in archive.getmembers():
                file = archive.extractfile(member)
                assert file is not None
                text = file.read()
                for folder in (b'"/', b"/tmp/", b"/home/"):
                    assert folder not in text
