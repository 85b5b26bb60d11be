from __future__ import annotations

import hashlib
import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ms25_suite.core.errors import ReportError
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.report import load_results, write_report

NASTY = '<script>alert("x")</script>&\'"'


def result(**changes: Any) -> CheckResult:
    values: dict[str, Any] = {
        "criterion": "error_thresholds",
        "dataset": "mgo",
        "test_dataset": "mgo",
        "potential": "mace-β",
        "quantity": "forces",
        "metric": "mae",
        "value": 31.25,
        "unit": "meV/Å",
        "interval": (30.5, 32.0),
        "threshold": 35.0,
        "threshold_source": "the paper, Results",
        "verdict": Verdict.PASS,
        "n_frames": 80,
    }
    return CheckResult(**(values | changes))


ERROR = result(
    potential="q", value=None, interval=None, verdict=Verdict.ERROR, reason="WorkerDiedError: gone"
)
RUN: dict[str, Any] = {
    "id": "run-1",
    "started": "2026-01-02T03:04:05Z",
    "finished": "2026-01-02T03:09:05Z",
    "suite_version": "0.1.0",
    "command": ["pytest", "--mlip=my model.pt"],
    "exit_status": 1,
    "device": "cpu",
    "dtype": "float64",
    "seed": 7,
    "strict": True,
    "potentials": [
        {
            "name": "mace-β",
            "spec": "train:mace",
            "architecture": "mace",
            "sha256": "ab" * 32,
            "elements": ["Mg", "O"],
            "r_max": 5.0,
            "n_parameters": 1234567,
            "trained_on": {"dataset": "mgo", "n_train": 100, "level_of_theory": "LC-1985"},
            "training_curve": {"epoch": [1, 2, 3], "rmse_forces": [90.0, None, 40.0]},
        }
    ],
    "datasets": [
        {
            "name": "mgo",
            "stand_in": True,
            "level_of_theory": "LC-1985",
            "paper_level_of_theory": "PBE",
            "sha256": "cd" * 32,
            "findings": [
                {"severity": "error", "code": "overlap", "message": "3 frames are in both"}
            ],
        }
    ],
    "machine": {"cpu": "a processor", "n_cpu": 16},
    "packages": {"numpy": "2.0.0"},
}


class Page(HTMLParser):
    """What a browser would make of the page."""

    void = frozenset({"meta", "img", "br", "link", "input", "hr"})

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.parts: list[str] = []
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)
        self.close()
        assert self.open == []

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.parts).split())

    def images(self) -> list[str]:
        return [found["src"] for tag, found in self.tags if tag == "img"]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {key: value or "" for key, value in attrs}))
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.parts.append(data)


def save_parity(folder: Path, name: str = "artifacts/f.npz", **arrays: Any) -> str:
    rng = np.random.default_rng(0)
    reference = rng.standard_normal(600)
    values = {
        "reference": reference,
        "predicted": reference + 0.01,
        "unit": "eV/Å",
        "element": np.full(600, 12),
    }
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    np.savez(folder / name, **(values | arrays))
    return name


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
        if path.is_file()
    }


def test_files_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "report"
    files = write_report(folder, RUN, [result(), ERROR])
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
    pair = result(criterion="size_extensivity", test_dataset="mgo-4x4")
    with_pair = write_report(tmp_path / "pair", {}, [pair]).heatmap_svg.read_bytes()
    assert with_pair != write_report(tmp_path / "none", {}, []).heatmap_svg.read_bytes()


def test_what_was_written_can_be_read_again(tmp_path: Path) -> None:
    results = [result(details={"rmse": 40.0}), ERROR]
    write_report(tmp_path, RUN, results)
    assert load_results([tmp_path]) == (RUN, results)


def test_same_results_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        save_parity(tmp_path / name)
    results = [result(artifact="artifacts/f.npz"), ERROR, result(quantity="energy", value=0.0)]
    write_report(tmp_path / "a", RUN, results)
    write_report(tmp_path / "b", RUN, results[::-1])
    first = hashes(tmp_path / "a")
    assert first == hashes(tmp_path / "b")
    write_report(tmp_path / "a", RUN, results)
    assert hashes(tmp_path / "a") == first


def test_page_is_one_file_without_a_network(tmp_path: Path) -> None:
    artifact = save_parity(tmp_path)
    files = write_report(tmp_path, RUN, [result(artifact=artifact), ERROR])
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
    undecided = result(quantity="energy", verdict=Verdict.UNDECIDED, unit="meV/atom", value=2.5)
    skip = result(quantity="stress", value=None, verdict=Verdict.SKIP, reason="no stress labels")
    page = Page(write_report(tmp_path, RUN, [result(details=details), ERROR, undecided, skip]).html)
    for words in (
        "1 of 2 judged numbers within the threshold, 1 undecided with these frames, 1 could",
        "1 could not be computed and 1 skipped.",
        "At least one check did not pass (exit status 1).",
        "error: overlap",
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
    plain = write_report(tmp_path / "plain", {}, [result()])
    assert "†" not in Page(plain.html).text
    marked = Page(write_report(tmp_path / "marked", {}, [result(stand_in=True)]).html)
    # Matrix and table of results, with a legend each.
    assert marked.text.count("mgo †") == 2
    assert marked.text.count("† stand-in reference: level of theory not stated (mgo)") == 2


def test_names_are_escaped(tmp_path: Path) -> None:
    run = {
        "id": NASTY,
        "command": [NASTY],
        "potentials": [{"name": NASTY, "spec": NASTY, NASTY: NASTY}],
        "datasets": [{"name": NASTY, "findings": [{"code": NASTY, "message": NASTY}]}],
        "packages": {NASTY: NASTY},
        "docs_url": "javascript:alert(1)",
    }
    nasty = result(
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
    mild = result(potential=NASTY, dataset=NASTY, test_dataset=NASTY)
    page = Page(write_report(tmp_path, run, [nasty, mild]).html)
    assert "script" not in {tag for tag, _ in page.tags}
    assert "javascript:" not in page.source
    assert NASTY in page.text


def test_checks_link_to_the_docs_where_those_are_known(tmp_path: Path) -> None:
    run = {"docs_url": "https://docs.example.org/ms25/"}
    page = Page(write_report(tmp_path, run, [result()]).html)
    links = {found["href"] for tag, found in page.tags if tag == "a"}
    assert "https://docs.example.org/ms25/checks/error_thresholds" in links


@pytest.mark.parametrize(
    ("results", "words"),
    [
        ([], "No check reported a result."),
        ([ERROR], "1 number could not be computed."),
        ([result(quantity="", metric="", value=None, verdict=Verdict.ERROR)], "1 number could"),
        ([result(value=0.0, interval=(0.0, 0.0))], "1 of 1 judged number within"),
        ([result(verdict=None, threshold=None)], "1 number measured without a threshold."),
        ([result(criterion="new_one", quantity="gap", metric="error")], "new one"),
    ],
)
@pytest.mark.parametrize("run", [{}, RUN], ids=["bare", "full"])
def test_edge_cases(
    tmp_path: Path, run: dict[str, Any], results: list[CheckResult], words: str
) -> None:
    assert words in Page(write_report(tmp_path, run, results).html).text


def test_run_of_empty_keys(tmp_path: Path) -> None:
    run = dict.fromkeys(RUN)
    assert "1 of 1" in Page(write_report(tmp_path, run, [result()]).html).text
    sparse = {"potentials": [{}], "datasets": [{"name": "mgo"}], "runs": [], "unknown": {"a": 1}}
    page = Page(write_report(tmp_path, sparse, [result()]).html)
    assert "unknown a 1" in page.text


def test_many_results_in_one_page(tmp_path: Path) -> None:
    results = [
        result(potential=f"p{p}", dataset=f"d{d}", test_dataset=f"d{d}", quantity=q, value=10.0**p)
        for p in range(8)
        for d in range(10)
        for q in ("energy", "forces", "stress")
    ]
    page = Page(write_report(tmp_path, {}, results).html)
    assert sum(tag == "tr" for tag, _ in page.tags) >= 240


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"predicted": np.zeros(3)}, "two arrays of one length, found the shapes"),
        ({"reference": np.zeros((2, 2)), "predicted": np.zeros((2, 2))}, "two arrays of one"),
        ({"predicted": np.full(600, np.nan)}, "no pair of finite numbers"),
        ({"predicted": np.array([{"a": 1}] * 600)}, "cannot be read"),
    ],
)
def test_bad_artifact_is_noted(tmp_path: Path, arrays: dict[str, Any], message: str) -> None:
    artifact = save_parity(tmp_path, **arrays)
    page = Page(write_report(tmp_path, {}, [result(artifact=artifact)]).html)
    assert message in page.text
    assert len(page.images()) == 1


def test_missing_and_broken_files_are_noted(tmp_path: Path) -> None:
    (tmp_path / "broken.npz").write_bytes(b"PK\x03\x04 nonsense")
    (tmp_path / "text.npz").write_text("nonsense", encoding="utf-8")
    names = ["gone.npz", "broken.npz", "text.npz"]
    results = [result(potential=name, artifact=name) for name in names]
    page = Page(write_report(tmp_path, {}, results).html)
    assert "the file gone.npz is missing from the report folder" in page.text
    assert "broken.npz cannot be read" in page.text
    assert "text.npz cannot be read" in page.text


def test_artifact_of_another_kind_is_left_alone(tmp_path: Path) -> None:
    np.savez(tmp_path / "eos.npz", volume=np.arange(3.0))
    page = Page(write_report(tmp_path, {}, [result(artifact="eos.npz")]).html)
    assert "note on this report" not in page.text
    assert len(page.images()) == 1


@pytest.mark.parametrize(
    "arrays",
    [
        {"reference": np.zeros(1), "predicted": np.zeros(1)},
        {"reference": np.full(500, -5.123456), "predicted": np.full(500, -5.123456)},
        {"reference": np.array([-5.1, -5.2]), "predicted": np.array([1e6, np.inf])},
        {"reference": np.array([1e-9, 2e-9]), "predicted": np.array([1e-9, 3e-9])},
    ],
)
def test_parity_plot_of_odd_numbers(tmp_path: Path, arrays: dict[str, Any]) -> None:
    artifact = save_parity(tmp_path, **arrays)
    page = Page(write_report(tmp_path, {}, [result(artifact=artifact)]).html)
    assert len(page.images()) == 2


def test_absolute_artifacts_are_brought_along(tmp_path: Path) -> None:
    for name in ("a", "b"):
        artifact = save_parity(tmp_path / name, predicted=np.full(600, float(ord(name))))
        write_report(tmp_path / name, {"id": name}, [result(potential=name, artifact=artifact)])
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
    page = Page(write_report(tmp_path / "r", {}, [result(artifact=gone)]).html)
    assert "the file artifacts/x.npz is missing" in page.text


def test_repeated_results_are_merged(tmp_path: Path) -> None:
    files = write_report(tmp_path, {}, [result(value=1.0), result(value=2.0)])
    (record,) = json.loads(files.json.read_text(encoding="utf-8"))["results"]
    assert record["value"] == 2.0


def test_details_of_another_layout_are_left_alone(tmp_path: Path) -> None:
    details = {"per_element": [1, 2], "worst_frames": [3, {"frame": 1}], "findings": ["odd"]}
    page = Page(write_report(tmp_path, {}, [result(details=details)]).html)
    assert "odd" in page.text


def test_training_curve_that_diverged(tmp_path: Path) -> None:
    curve = {"epoch": [1, 2], "loss": [1.0, float("nan")], "bad": [1], "text": "x", "none": None}
    run = {"potentials": [{"name": "p", "training_curve": curve}]}
    files = write_report(tmp_path, run, [])
    assert len(Page(files.html).images()) == 1
    document = json.loads(files.json.read_text(encoding="utf-8"))
    assert document["run"]["potentials"][0]["training_curve"]["loss"] == [1.0, None]


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ReportError, match=r"cannot write the report to .* choose a folder"):
        write_report(tmp_path / "file", {}, [result()])
    if os.geteuid() != 0:
        (tmp_path / "locked").mkdir(mode=0o500)
        with pytest.raises(ReportError, match="cannot write the report"):
            write_report(tmp_path / "locked", {}, [result()])


def test_failed_write_leaves_the_old_report(tmp_path: Path) -> None:
    write_report(tmp_path, {}, [result()])
    before = hashes(tmp_path)
    with pytest.raises(ReportError, match="must be finite"):
        write_report(tmp_path, {}, [result(value=float("inf"))])
    assert hashes(tmp_path) == before


def test_every_key_of_a_run_is_documented() -> None:
    text = (Path(__file__).parents[3] / "docs" / "report.md").read_text(encoding="utf-8")
    section = text.split("### `run`")[1].split("## `results.csv`")[0]
    documented = set(re.findall(r"`(\w+)`", section))
    nested = [*RUN["potentials"], *RUN["datasets"], RUN["potentials"][0]["trained_on"]]
    keys = set(RUN).union(*nested, RUN["datasets"][0]["findings"][0], RUN["machine"])
    assert keys - documented == set()


def test_report_imports_no_framework() -> None:
    import subprocess
    import sys

    code = (
        "import sys, ms25_suite.report\n"
        "heavy = {'torch', 'ase', 'matplotlib', 'scipy', 'jinja2', 'rich'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "from pathlib import Path\n"
        "ms25_suite.report.write_report(Path(sys.argv[1]), {}, [])\n"
        "heavy = {'torch', 'ase', 'matplotlib.pyplot'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-c", code, folder], check=True)
