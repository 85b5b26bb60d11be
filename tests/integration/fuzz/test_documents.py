"""Cards, thresholds, sidecars, results, journals and benchmarks with anything in them."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ms25_suite.cli.main import main
from ms25_suite.core.cache import file_sha256
from ms25_suite.core.errors import (
    BenchmarkError,
    CardError,
    DatasetError,
    ModelFileError,
    Ms25Error,
    ReportError,
    ThresholdError,
)
from ms25_suite.core.results import CheckResult
from ms25_suite.core.thresholds import Thresholds, card_thresholds
from ms25_suite.datasets.cards.card import DatasetCard
from ms25_suite.datasets.dataset import open_dataset
from ms25_suite.datasets.dividing import make_splits
from ms25_suite.datasets.splits import NO_ROLE
from ms25_suite.report import load_results, sort_results, terminal_table, write_report
from ms25_suite.training.manifest import read_manifest, sidecar_path
from tests.helpers.fuzzing import changed, damaged, fuzz, outcome, toml_text
from tests.helpers.reports import ERROR, RUN, make_result

CARD: dict[str, Any] = {
    "name": "copper",
    "title": "Copper",
    "elements": ["Cu"],
    "cutoff": 5.0,
    "level_of_theory": "EMT",
    "threshold_class": "standard",
    "files": [{"path": "copper.extxyz"}],
    "labels": {"energy": "REF_energy", "forces": "REF_forces"},
    "splits": {"train": 2, "validation": 1, "test": 1, "train_sizes": [1, 2], "sets": 2, "seed": 3},
    "thresholds": {"energy": {"value": 3.0}, "error_thresholds": {"forces": {"value": 40.0}}},
    "extensivity": {"partner": "hea"},
    "transfer": {"to": ["fau"]},
    "eos": {"files": ["copper.extxyz"], "curve_key": "curve"},
    "neb": {"path": ["copper.extxyz"], "barrier": 0.5},
    "aliases": ["cu"],
    "reference_calculator": "ase.calculators.emt:EMT",
}

MARK: dict[str, Any] = {"value": 2.5, "unit": "meV/atom", "metric": "mae", "source": "the paper"}
THRESHOLDS: dict[str, Any] = {
    "error_thresholds": {"standard": {"energy": MARK, "forces": {**MARK, "unit": "meV/Å"}}},
    "eos": {"standard": {}},
}

FRAME = (
    '1\nLattice="3 0 0 0 3 0 0 0 {}" Properties=species:S:1:pos:R:3:REF_forces:R:3 '
    "REF_energy=-1.5\nCu 0 0 0 0.0 0.0 0.25\n"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("fuzz")
    (found / "copper.extxyz").write_text("".join(FRAME.format(3 + n / 8) for n in range(6)))
    return found


@st.composite
def texts(draw: st.DrawFn, document: Any, written: Callable[[Any], str] = json.dumps) -> bytes:
    """The text of a document in which something was changed, or of which bytes were."""
    if draw(st.booleans()):
        return written(draw(changed(document))).encode("utf-8", "surrogatepass")
    return draw(damaged(written(document).encode()))


def card_used(path: Path) -> DatasetCard:
    card = DatasetCard.from_file(path)
    make_splits(card.splits, np.full(100, NO_ROLE), str(path))
    card_thresholds(card.thresholds, str(path))
    return card


@fuzz(150, share=4.0)
@given(data=st.data())
def test_a_card_is_read_or_refused(folder: Path, data: st.DataObject) -> None:
    path = folder / "card.toml"
    path.write_bytes(data.draw(texts(CARD, toml_text)))
    card = outcome(lambda: card_used(path), CardError, ThresholdError, DatasetError)
    if card is not None:
        assert card.cutoff is None or 0.0 < card.cutoff < 1e6
        assert all(file.path.name for file in card.frame_files)


@fuzz(15, share=0.2)
@given(data=st.data())
def test_the_dataset_of_a_card_is_opened_or_refused(folder: Path, data: st.DataObject) -> None:
    path = folder / "opened.toml"
    path.write_bytes(data.draw(texts(CARD, toml_text)))
    dataset = outcome(lambda: open_dataset(str(path)), DatasetError)
    if dataset is not None:
        assert len(dataset) == 6
        assert dataset.labels.energy.tolist() == [-1.5] * 6
        outcome(dataset.eos, DatasetError)
        outcome(dataset.neb, DatasetError)


@fuzz(120, share=4.0)
@given(data=st.data())
def test_thresholds_are_read_or_refused(folder: Path, data: st.DataObject) -> None:
    path = folder / "thresholds.toml"
    path.write_bytes(data.draw(texts(THRESHOLDS, toml_text)))
    marks = outcome(lambda: Thresholds.from_file(path), ThresholdError)
    for _, mark in marks.items() if marks is not None else ():
        assert 0.0 < mark.value < float("inf")
        assert mark.unit in ("meV/atom", "meV/Å")


@fuzz(120, share=4.0)
@given(data=st.data())
def test_a_sidecar_is_read_or_refused(folder: Path, data: st.DataObject) -> None:
    model = folder / "some.model"
    model.write_bytes(b"weights")
    sidecar = {
        "schema": 1,
        "architecture": "mtp",
        "data": {"name": "cu", "n_train": 3, "set": 1},
        "recipe": {"lr": 0.1},
        "species": ["Cu"],
        "seen_frames": ["ab" * 16, "0f" * 16],
        "model": {"sha256": file_sha256(model)},
        "curve": {"epoch": [1.0, 2.0], "loss": [0.5, 0.25]},
    }
    sidecar_path(model).write_bytes(data.draw(texts(sidecar)))
    manifest = outcome(lambda: read_manifest(model), ModelFileError)
    if manifest is not None:
        assert manifest.model.sha256 == file_sha256(model)
        assert all(bytes.fromhex(digest) for digest in manifest.seen_frames)


RESULTS: dict[str, Any] = {
    "schema": 1,
    "run": RUN.to_dict(),
    "results": [
        make_result(
            details={"worst_frames": [{"frame": 1, "value": 2.0}], "findings": []}
        ).to_dict(),
        ERROR.to_dict(),
    ],
}


def table_of(path: Path) -> Any:
    run, results = load_results([path])
    assert all(isinstance(result, CheckResult) for result in results)
    return terminal_table(sort_results(run, results))


@fuzz(100, share=2.0)
@given(data=st.data())
def test_results_are_shown_or_refused(folder: Path, data: st.DataObject) -> None:
    path = folder / "results.json"
    path.write_bytes(data.draw(texts(RESULTS)))
    outcome(lambda: table_of(path), ReportError)


def journal_text(document: Any) -> str:
    first = {key: document[key] for key in ("schema", "run") if key in document}
    rest = document.get("results", [])
    lines = [first, *(rest if isinstance(rest, list) else [rest])]
    return "".join(json.dumps(line) + "\n" for line in lines)


@fuzz(100, share=2.0)
@given(data=st.data())
def test_a_journal_is_shown_or_refused(folder: Path, data: st.DataObject) -> None:
    path = folder / "journal.jsonl"
    path.write_bytes(data.draw(texts(RESULTS, journal_text)))
    outcome(lambda: table_of(path), ReportError)


def report_of(path: Path, out: Path) -> None:
    run, results = load_results([path])
    write_report(out, run, sort_results(run, results))


@fuzz(5, share=0.03)
@given(data=st.data())
def test_a_report_is_written_or_refused(folder: Path, data: st.DataObject) -> None:
    path = folder / "reported.json"
    path.write_bytes(json.dumps(data.draw(changed(RESULTS))).encode())
    outcome(lambda: report_of(path, folder / "report"), ReportError)


BENCHMARKS: dict[str, Any] = {
    "machine_info": {"cpu": {"brand_raw": "a cpu", "count": 2}, "python_version": "3.11.7"},
    "commit_info": {"id": "0123456789abcdef", "dirty": False},
    "benchmarks": [
        {
            "group": "hea",
            "name": name,
            "stats": {"median": 0.5, "iqr": 0.125, "rounds": 9},
            "extra_info": {"device": "cpu", "n_atoms": 108},
        }
        for name in ("one", "two")
    ],
    "version": "5.3.1",
}


def compared(*arguments: str) -> int:
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(out):
        return main(["compare", *arguments])


@fuzz(80, share=1.0)
@given(data=st.data(), form=st.sampled_from(("text", "csv", "json")))
def test_benchmarks_are_compared_or_refused(folder: Path, data: st.DataObject, form: str) -> None:
    sound, path = folder / "sound.json", folder / "benchmarks.json"
    sound.write_text(json.dumps(BENCHMARKS))
    path.write_bytes(data.draw(texts(BENCHMARKS)))
    for pair in ((sound, path), (path, path)):
        code = outcome(lambda pair=pair: compared(*map(str, pair), "--format", form))
        assert code in (0, 1)


@fuzz(60, share=2.0)
@given(data=st.data())
def test_anything_is_no_traceback(folder: Path, data: st.DataObject) -> None:
    """Any bytes under any of the names by which files are recognised."""
    suffix = data.draw(st.sampled_from((".toml", ".json", ".jsonl", ".extxyz", ".xyz", ".traj")))
    path = folder / f"any{suffix}"
    path.write_bytes(
        data.draw(
            st.binary(max_size=40)
            | st.text(st.characters(codec="utf-8"), max_size=20).map(str.encode)
        )
    )
    outcome(lambda: open_dataset(str(path)), Ms25Error)
    outcome(lambda: load_results([path]), Ms25Error)
    outcome(lambda: Thresholds.from_file(path), Ms25Error)
    assert outcome(lambda: compared(str(path), str(path)), BenchmarkError) == 1
