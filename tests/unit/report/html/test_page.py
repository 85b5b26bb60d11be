from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ms25_suite.core.findings import Finding
from ms25_suite.core.records import DatasetRecord, PotentialRecord, RunRecord
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.report import write_report
from ms25_suite.report.html.scripts import page_scripts
from tests.helpers.details import (
    dynamics_details,
    dynamics_run,
    eos_curve,
    eos_details,
    neb_details,
    rate_details,
    size_cost_details,
    throughput_details,
)
from tests.helpers.reports import ERROR, RUN, Page, make_result, save_parity

NASTY = '<script>alert("x")</script>&\'"'


def test_page_is_one_file_without_a_network(tmp_path: Path) -> None:
    artifact = save_parity(tmp_path)
    files = write_report(tmp_path, RUN, [make_result(artifact=artifact), ERROR])
    page = Page(files.html)
    assert {"link", "iframe", "object", "embed"} & {tag for tag, _ in page.tags} == set()
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


def test_what_a_reader_sees_first_is_in_words(tmp_path: Path) -> None:
    run = replace(RUN, id="0123456789abcdef", started="2026-01-02T04:04:05+01:00")
    finding = {"code": "energy-offset", "message": "constant of 1.2 eV/atom"}
    part = make_result(quantity="forces_by_kind", metric="part", details={"findings": [finding]})
    source = write_report(tmp_path, run, [part]).html.read_text(encoding="utf-8")
    assert "run 01234567 · 2026-01-02 03:04 UTC" in source
    # A finding says what it is while it is folded.
    assert '<span class="start">constant of 1.2 eV/atom</span></summary>' in source
    # A metric that is no word of its own is not shown.
    assert "forces by kind" in source
    assert '<span class="muted">part</span>' not in source


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
        "1 of 2 results meets its threshold, 1 undecided with these frames, 1 could",
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
        "ms25 docs error_thresholds",
        "meV/Å²",
    ):
        assert " ".join(words.split()) in page.text, words


def test_stand_in_is_marked_in_every_table(tmp_path: Path) -> None:
    plain = write_report(tmp_path / "plain", RunRecord(), [make_result()])
    assert "†" not in Page(plain.html).text
    marked = Page(write_report(tmp_path / "marked", RunRecord(), [make_result(stand_in=True)]).html)
    # Overview, matrix and table of results, with a legend each; title and banner too.
    assert marked.text.count("mgo †") == 3
    assert marked.text.count("† stand-in reference: level of theory not stated (mgo)") == 3
    assert marked.text.count("mgo† (stand-in labels)") == 1
    assert "† Stand-in labels (mgo): the reference is not that of the paper." in marked.text


def test_two_levels_of_theory_are_said_first_and_marked_everywhere(tmp_path: Path) -> None:
    beside = {"incomparable": True, "stand_in": True, "level_of_theory": "LC-1985"}
    results = [
        make_result(**beside, verdict=Verdict.INCOMPARABLE, artifact=save_parity(tmp_path)),
        make_result(**beside, verdict=None, metric="rmse", threshold=None),
        make_result(quantity="supercell_energy", criterion="size_extensivity", metric="error"),
    ]
    page = Page(write_report(tmp_path, RUN, results).html)
    words = "≠ two levels of theory: mace-β on mgo. The labels are of LC-1985"
    assert page.text.index(words) < page.text.index("1 of 1 result meets its threshold")
    assert "Not counted: 1 number of two levels of theory (mace-β on mgo)." in page.text
    # A pass beside it does not make the page green.
    assert 'class="banner v-incomparable"' in page.source
    # Matrix, and table of results; heading of the parity plots.
    assert page.text.count("31.2 ≠") == 4
    assert page.source.count('class="tag v-incomparable"') >= 4
    assert "on mgo † ≠" in page.text


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
    (script,) = (found for tag, found in page.tags if tag == "script")
    assert script == {}
    # It is that of the suite, and what a name brings would not be run.
    policy = next(found["content"] for tag, found in page.tags if "http-equiv" in found)
    own = page_scripts()
    assert str(own.tags) in page.source
    assert policy == own.policy
    assert policy.count("'sha256-") == 1
    assert "script-src 'unsafe-inline'" not in policy
    assert "javascript:" not in page.source
    assert NASTY in page.text


def test_checks_link_to_the_docs_where_those_are_known(tmp_path: Path) -> None:
    run = RunRecord(docs_url="https://docs.example.org/ms25/")
    page = Page(write_report(tmp_path, run, [make_result()]).html)
    links = {found["href"] for tag, found in page.tags if tag == "a"}
    assert "https://docs.example.org/ms25/checks/error_thresholds.html" in links


@pytest.mark.parametrize(
    ("results", "words"),
    [
        ([], "No check reported a result."),
        ([ERROR], "1 result could not be computed."),
        (
            [make_result(quantity="", metric="", value=None, verdict=Verdict.ERROR)],
            "1 result could",
        ),
        ([make_result(value=0.0, interval=(0.0, 0.0))], "1 of 1 result meets its"),
        ([make_result(verdict=None, threshold=None)], "1 result measured without a threshold."),
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


ONE_OF_EACH = [
    make_result(),
    make_result(quantity="energy", unit="meV/atom", value=1.0),
    make_result(
        criterion="training_rate", metric="rate", unit="1", value=0.5, details=rate_details()
    ),
    make_result(criterion="size_extensivity", test_dataset="mgo-4x4", stand_in=True),
    make_result(
        criterion="size_extensivity",
        test_dataset="mgo-4x4",
        metric="ratio",
        unit="1",
        stand_in=True,
    ),
    make_result(criterion="framework_transfer", test_dataset="cha"),
    make_result(
        criterion="eos", quantity="volume", metric="error", details=eos_details(eos_curve())
    ),
    make_result(
        criterion="neb_barrier",
        quantity="barrier",
        metric="error",
        value=None,
        verdict=Verdict.FAIL,
        details=neb_details(converged=False),
    ),
    make_result(
        criterion="stability",
        quantity="energy_drift",
        metric="error",
        details=dynamics_details(dynamics_run(energies=[0.0, 0.1])),
    ),
    make_result(
        criterion="throughput",
        quantity="katoms_per_s",
        metric="measurement",
        unit="kAtoms/s",
        value=2.0,
        details=throughput_details(),
    ),
    make_result(
        criterion="throughput",
        quantity="size_exponent",
        metric="measurement",
        unit="1",
        value=1.0,
        details=size_cost_details(),
    ),
]


def test_every_criterion_has_its_section_in_the_order_of_the_catalogue(tmp_path: Path) -> None:
    files = write_report(tmp_path, RunRecord(), ONE_OF_EACH[::-1])
    page = Page(files.html)
    anchors = [found["id"] for tag, found in page.tags if tag == "h2"]
    assert anchors == [
        "overview",
        "heatmap",
        "verdicts",
        "training_rate",
        "size_extensivity",
        "framework_transfer",
        "eos",
        "neb_barrier",
        "stability",
        "throughput",
        "observables",
        "results",
        "provenance",
    ]
    for words in (
        "Data training rate",
        "mgo → mgo-4x4 †",
        "Cost against size",
        "mace-β on mgo: barrier: errors pass, barrier fails",
        "fix external, LAMMPS 20250722",
    ):
        assert words in page.text, words
    assert "note on this report" not in page.text
    first = files.html.read_bytes()
    assert write_report(tmp_path, RunRecord(), ONE_OF_EACH).html.read_bytes() == first


def test_a_section_that_fails_is_noted_and_all_else_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError(NASTY)

    monkeypatch.setattr("ms25_suite.criteria.eos.figure.section", fail)
    page = Page(write_report(tmp_path, RunRecord(), ONE_OF_EACH).html)
    assert "the section 'Equation of state' is missing, since it could not be made (R" in page.text
    assert NASTY in page.text
    anchors = {found["id"] for tag, found in page.tags if tag == "h2"}
    assert {"findings", "neb_barrier", "results"} <= anchors
    assert "eos" not in anchors


def test_malformed_details_cost_their_figure_only(tmp_path: Path) -> None:
    keys = ("learning_curve", "fit", "eos", "neb", "dynamics", "throughput", "size_cost")
    broken = {key: {"curves": 3} for key in keys} | {"per_element": 1, "worst_frames": 2}
    results = [replace(result, details=broken) for result in ONE_OF_EACH]
    page = Page(write_report(tmp_path, RunRecord(), results).html)
    anchors = {found["id"] for tag, found in page.tags if tag == "h2"}
    assert not {"training_rate", "eos", "neb_barrier", "stability", "throughput"} & anchors
    assert "note on this report" not in page.text
    assert "31.2" in page.text


def test_criteria_that_are_not_installed_have_their_numbers(tmp_path: Path) -> None:
    foreign = make_result(criterion="their_check", quantity="gap", metric="error", unit="eV")
    page = Page(write_report(tmp_path, RunRecord(), [foreign]).html)
    assert "their check" in page.text
    assert "This criterion is not installed here." in page.text
    # A link to what explains it stays within the page.
    links = {found["href"] for tag, found in page.tags if tag == "a"}
    assert "#check-their_check" in links


def test_names_cannot_reverse_or_control_a_page(tmp_path: Path) -> None:
    name = "a\x1b[31m\u202eb\nc"
    files = write_report(tmp_path, RUN, [make_result(potential=name, reason=name)])
    source = files.html.read_text(encoding="utf-8")
    assert "a\\x1b[31m\\u202eb" in source
    assert {"\x1b", "\u202e"} & set(source) == set()
    # The data keep the name.
    document = json.loads(files.json.read_text(encoding="utf-8"))
    assert document["results"][0]["potential"] == name


def test_a_traceback_stands_in_one_row(tmp_path: Path) -> None:
    reason = "calc.py failed:\n  File 'calc.py', line 2\nValueError: no"
    broken = [replace(ERROR, quantity=quantity, reason=reason) for quantity in ("energy", "forces")]
    source = Page(write_report(tmp_path, RUN, broken).html).source
    table = source[source.index('id="every-result"') :]
    assert table.count("line 2") == 1
    assert "calc.py failed: ValueError: no (more: error_thresholds, energy)" in table
