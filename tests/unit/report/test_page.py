from __future__ import annotations

import json
from pathlib import Path

import pytest

from ms25_suite.core.findings import Finding
from ms25_suite.core.records import DatasetRecord, PotentialRecord
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.core.run_record import RunRecord
from ms25_suite.report import write_report
from tests.helpers.reports import ERROR, RUN, Page, make_result, save_parity

NASTY = '<script>alert("x")</script>&\'"'


def test_page_is_one_file_without_a_network(tmp_path: Path) -> None:
    artifact = save_parity(tmp_path)
    files = write_report(tmp_path, RUN, [make_result(artifact=artifact), ERROR])
    page = Page(files.html)
    assert {"script", "link", "iframe", "object", "embed"} & {tag for tag, _ in page.tags} == set()
    for _, attributes in page.tags:
        assert "src" not in attributes or attributes["src"].startswith("data:image/")
        assert "href" not in attributes or attributes["href"].startswith("#")
        assert not [key for key in attributes if key.startswith("on")]
    assert "@import" not in page.source
    assert "url(" not in page.source
    # Heatmap, parity plots, training curve; each with a text for those who do not see it.
    kinds = [uri.split(";")[0] for uri in page.images()]
    assert kinds == ["data:image/svg+xml", "data:image/png", "data:image/png"]
    assert all(found["alt"] for tag, found in page.tags if tag == "img")
    anchors = {found["id"] for _, found in page.tags if "id" in found}
    links = {found["href"][1:] for tag, found in page.tags if tag == "a"}
    assert links <= anchors


def test_page_says_it_all(tmp_path: Path) -> None:
    details = {
        "per_element": {"Mg": 41.5, "O": 22.25},
        "worst_frames": [{"frame": 17, "value": 88.8}],
        "rmse": 44.5,
        "findings": [{"code": "energy-offset", "message": "constant of 1.2 eV/atom"}],
    }
    undecided = make_result(
        quantity="energy", verdict=Verdict.UNDECIDED, unit="meV/atom", value=2.5
    )
    skip = make_result(
        quantity="stress", value=None, verdict=Verdict.SKIP, reason="no stress labels"
    )
    page = Page(
        write_report(tmp_path, RUN, [make_result(details=details), ERROR, undecided, skip]).html
    )
    for words in (
        "1 of 2 judged numbers within the threshold, 1 undecided with these frames, 1 could",
        "1 could not be computed and 1 skipped.",
        "At least one check did not pass (exit status 1).",
        "warning: overlap",
        "3 frames are in both",
        "warning: energy-offset",
        "constant of 1.2 eV/atom",
        "WorkerDiedError: gone",
        "no stress labels",
        "the paper, Results",
        "[30.5, 32.0]",
        "≤ 35",
        "Mg 41.5 O 22.2",
        "17 88.8",
        "rmse 44.5",
        "† stand-in reference: LC-1985 (mgo)",
        "level of theory of the paper PBE",
        "ab" * 32,
        "cd" * 32,
        "pytest '--mlip=my model.pt'",
        "numpy 2.0.0",
        "cores 16",
        "1\u202f234\u202f567",
        "training frames 100",
        "docs/checks/error_thresholds.md",
        "meV/Å²",
    ):
        assert " ".join(words.split()) in page.text, words


def test_stand_in_is_marked_in_every_table(tmp_path: Path) -> None:
    plain = write_report(tmp_path / "plain", RunRecord(), [make_result()])
    assert "†" not in Page(plain.html).text
    marked = Page(write_report(tmp_path / "marked", RunRecord(), [make_result(stand_in=True)]).html)
    # Matrix and table of results, with a legend each.
    assert marked.text.count("mgo †") == 2
    assert marked.text.count("† stand-in reference: level of theory not stated (mgo)") == 2


def test_names_are_escaped(tmp_path: Path) -> None:
    run = RunRecord(
        id=NASTY,
        command=(NASTY,),
        potentials=(PotentialRecord(name=NASTY, spec=NASTY, training_curve={NASTY: (1.0,)}),),
        datasets=(DatasetRecord(name=NASTY, findings=(Finding(NASTY, NASTY),)),),
        packages={NASTY: NASTY},
        docs_url="javascript:alert(1)",
    )
    nasty = make_result(
        criterion=NASTY,
        dataset=NASTY,
        test_dataset=NASTY,
        potential=NASTY,
        quantity=NASTY,
        metric=NASTY,
        unit=NASTY,
        threshold_source=NASTY,
        reason=NASTY,
        level_of_theory=NASTY,
        stand_in=True,
        details={"per_element": {NASTY: 1.0}, NASTY: 1.0},
    )
    mild = make_result(potential=NASTY, dataset=NASTY, test_dataset=NASTY)
    page = Page(write_report(tmp_path, run, [nasty, mild]).html)
    assert "script" not in {tag for tag, _ in page.tags}
    assert "javascript:" not in page.source
    assert NASTY in page.text


def test_checks_link_to_the_docs_where_those_are_known(tmp_path: Path) -> None:
    run = RunRecord(docs_url="https://docs.example.org/ms25/")
    page = Page(write_report(tmp_path, run, [make_result()]).html)
    links = {found["href"] for tag, found in page.tags if tag == "a"}
    assert "https://docs.example.org/ms25/checks/error_thresholds" in links


@pytest.mark.parametrize(
    ("results", "words"),
    [
        ([], "No check reported a result."),
        ([ERROR], "1 number could not be computed."),
        (
            [make_result(quantity="", metric="", value=None, verdict=Verdict.ERROR)],
            "1 number could",
        ),
        ([make_result(value=0.0, interval=(0.0, 0.0))], "1 of 1 judged number within"),
        ([make_result(verdict=None, threshold=None)], "1 number measured without a threshold."),
        ([make_result(criterion="new_one", quantity="gap", metric="error")], "new one"),
    ],
)
@pytest.mark.parametrize("run", [RunRecord(), RUN], ids=["bare", "full"])
def test_edge_cases(tmp_path: Path, run: RunRecord, results: list[CheckResult], words: str) -> None:
    assert words in Page(write_report(tmp_path, run, results).html).text


def test_many_results_in_one_page(tmp_path: Path) -> None:
    results = [
        make_result(
            potential=f"p{p}", dataset=f"d{d}", test_dataset=f"d{d}", quantity=q, value=10.0**p
        )
        for p in range(8)
        for d in range(10)
        for q in ("energy", "forces", "stress")
    ]
    page = Page(write_report(tmp_path, RunRecord(), results).html)
    assert sum(tag == "tr" for tag, _ in page.tags) >= 240


def test_training_curve_that_diverged(tmp_path: Path) -> None:
    curve = {"epoch": (1, 2), "loss": (1.0, float("nan")), "bad": (1,)}
    run = RunRecord(potentials=(PotentialRecord(name="p", training_curve=curve),))
    files = write_report(tmp_path, run, [])
    assert len(Page(files.html).images()) == 1
    document = json.loads(files.json.read_text(encoding="utf-8"))
    assert document["run"]["potentials"][0]["training_curve"]["loss"] == [1.0, None]
