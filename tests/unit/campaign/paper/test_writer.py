from __future__ import annotations

import csv
from pathlib import Path

import pytest

from ms25_suite.campaign.paper import write_paper_report
from ms25_suite.core.errors import ReportError
from tests.helpers.campaign_results import write_campaign
from tests.helpers.reports import Page

CAMPAIGN: dict[str, object] = {
    "name": "a <campaign>",
    "architectures": ["mace", "mtp"],
    "tasks": [
        {
            "dataset": "zro",
            "architecture": "mtp",
            "n": 50,
            "set": 1,
            "state": "failed",
            "reason": "no memory <here>",
        }
    ],
    "facts": {"engine": "local"},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("writer")
    paths = write_campaign(
        base / "runs", datasets=["zro"], architectures=["mace"], sizes=[50, 100, 200]
    )
    report = base / "report"
    (report / "figures").mkdir(parents=True)
    for stale in ("set-9.html", "all-sets.html", "figures/figure-3-old.png"):
        (report / stale).write_text("an earlier report")
    (report / "notes.txt").write_text("of a person")
    found = write_paper_report(paths, report, title="Title & more", campaign=CAMPAIGN)
    assert found == report / "index.html"
    return report


def test_every_figure_is_a_file_of_its_own(folder: Path) -> None:
    names = {path.name for path in (folder / "figures").iterdir()}
    stems = {"figure-2", "table-8", "figure-7"}
    stems |= {f"figure-3-zro-{quantity}" for quantity in ("energy", "forces", "stress")}
    assert names == {
        f"{stem}.{ending}" for stem in stems for ending in ("svg", "png", "pdf", "csv")
    }
    assert (folder / "figures" / "figure-2.png").read_bytes().startswith(b"\x89PNG")
    assert (folder / "figures" / "figure-2.pdf").read_bytes().startswith(b"%PDF")


def test_what_an_earlier_report_left_is_gone_and_nothing_else(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {
        "index.html",
        "dataset-zro.html",
        "figures",
        "notes.txt",
    }


def test_the_page_needs_no_network_and_embeds_its_figures(folder: Path) -> None:
    page = Page(folder / "index.html")
    assert all(source.startswith("data:image/svg+xml;base64,") for source in page.images())
    assert len(page.images()) == 4
    assert "http" not in page.source.replace("http-equiv", "")
    links = [found["href"] for tag, found in page.tags if tag == "a"]
    files = [link.partition("#")[0] for link in links if not link.startswith("#")]
    assert all((folder / file).is_file() for file in files)


def test_what_is_missing_is_named_with_its_reason(folder: Path) -> None:
    page = Page(folder / "index.html")
    assert "training failed: no memory <here>" in page.text
    assert "MTP on zro, 50 frames" not in page.text or "not run" in page.text
    assert "Not there: no potential was judged by size_extensivity on MgO or Water." in page.text
    assert "Title & more" in page.text
    assert "a <campaign>" in page.text


def test_the_paper_s_numbers_stand_beside(folder: Path) -> None:
    page = Page(folder / "index.html")
    assert "particularly for MACE (Energy MAE: 5.21 meV/atom and Force MAE: 55 meV/Å)" in page.text
    assert "paper 0.541" in page.text
    assert "† stand-in labels" in page.text


def test_the_csv_has_every_number_and_every_gap(folder: Path) -> None:
    with (folder / "figures" / "figure-2.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 2 * 3
    assert {row["stand_in"] for row in rows if row["value"]} == {"True"}
    assert all(row["value"] or row["reason"] for row in rows)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="does not exist"):
        write_paper_report([tmp_path / "no.json"], tmp_path / "r", title="t")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    paths = write_campaign(tmp_path, datasets=["zro"], architectures=["mace"], sizes=[50])
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match="cannot write the report to"):
        write_paper_report(paths, tmp_path / "file", title="t")
