from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ms25_suite.baseline.document import Baseline, less_is_better
from ms25_suite.baseline.samples import FrameSample
from ms25_suite.core.errors import BaselineError
from ms25_suite.core.results import Verdict
from tests.helpers.baselines import baseline_of, result_of, run_of, sample_of
from tests.helpers.reports import ERROR, make_result

RNG = np.random.default_rng(0)
SAMPLE = sample_of(np.abs(RNG.normal(size=40)))


def test_a_file_and_back(tmp_path: Path) -> None:
    found = baseline_of(result_of(SAMPLE), make_result(quantity="stress"), ERROR, sample=SAMPLE)
    found.write(tmp_path / "base.json")
    read = Baseline.read(tmp_path / "base.json")
    assert read.numbers == found.numbers
    assert [entry.quantity for entry in read.numbers] == ["forces", "stress"]
    assert read.run_of(read.numbers[0]).machine == run_of().machine
    assert read.accepted[0].reason == "a test"


def test_a_number_that_is_zero_is_kept(tmp_path: Path) -> None:
    baseline_of(make_result(value=0.0, interval=None)).write(tmp_path / "base.json")
    (entry,) = Baseline.read(tmp_path / "base.json").numbers
    assert entry.value == 0.0


def test_no_folder_of_a_person_is_in_the_file(tmp_path: Path) -> None:
    baseline_of(result_of(SAMPLE), sample=SAMPLE).write(tmp_path / "base.json")
    text = (tmp_path / "base.json").read_text(encoding="utf-8")
    assert "/home" not in text
    assert '"spec": "model.pt"' in text


def test_a_report_folder_holds_one(tmp_path: Path) -> None:
    baseline_of(result_of(SAMPLE)).write(tmp_path / "baseline.json")
    assert Baseline.read(tmp_path).potentials == ("mace-β",)


def test_direction_of_a_number() -> None:
    speed = make_result(
        criterion="throughput", quantity="katoms_per_s", metric="measurement", threshold=None
    )
    assert less_is_better(speed) is False
    assert less_is_better(make_result(at_least=True)) is False
    assert less_is_better(make_result(metric="rmse", threshold=None, verdict=None)) is True
    # A volume is neither better nor worse for being larger.
    volume = make_result(quantity="a volume", metric="measurement", threshold=None, verdict=None)
    assert less_is_better(volume) is None
    assert baseline_of(volume).numbers == ()
    # Nor is a barrier, of which the error is what its criterion judges.
    barrier = {"criterion": "neb_barrier", "quantity": "barrier", "threshold": None}
    assert less_is_better(make_result(**barrier, metric="measurement")) is None
    assert less_is_better(make_result(**barrier, metric="error")) is True


def test_an_update_replaces_what_it_has() -> None:
    base = baseline_of(result_of(SAMPLE), make_result(quantity="stress"))
    better = sample_of(SAMPLE.errors / 2)
    # One potential each: two versions of one.
    new = baseline_of(
        result_of(better, potential="new"), sample=better, run=run_of("new", id="run-2")
    )
    merged = base.updated(new)
    assert merged.potentials == ("mace-β",)
    assert {e.quantity: merged.run_of(e).id for e in merged.numbers} == {
        "forces": "run-2",
        "stress": "run-1",
    }
    assert merged.updated(base).accepted == base.accepted


def edited(**changes: Any) -> dict[str, Any]:
    return baseline_of(result_of(SAMPLE), sample=SAMPLE).to_dict() | changes


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([], "expected a baseline, with the tables"),
        ({"results": []}, "--ms25-save-baseline"),
        (edited(schema=2), "expected a baseline of schema 1, found 2"),
        (edited(numbers=[{"criterion": "eos"}]), "dataset"),
        (edited(accepted=[]), "none of the runs"),
        (edited(numbers=2 * edited()["numbers"]), "is there twice"),
    ],
)
def test_files_that_are_no_baseline(tmp_path: Path, content: object, words: str) -> None:
    path = tmp_path / "base.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(BaselineError, match=words):
        Baseline.read(path)


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(BaselineError, match=r"base\.json"):
        Baseline.read(tmp_path / "base.json")


def test_a_number_that_failed_is_a_number() -> None:
    assert len(baseline_of(make_result(verdict=Verdict.FAIL)).numbers) == 1


def test_a_file_of_the_first_version_is_read_for_ever() -> None:
    """Who has committed one must be able to go on with it. Never write this file anew."""
    path = Path(__file__).with_name("baseline-1.json")
    found = Baseline.read(path)
    assert [(e.criterion, e.quantity, e.value, e.unit) for e in found.numbers] == [
        ("error_thresholds", "forces", 6.5, "meV/Å"),
        ("error_thresholds", "energy", 6.5, "meV/atom"),
        ("eos", "volume", 0.5, "%"),
        ("throughput", "katoms_per_s", 120.0, "kAtoms/s"),
    ]
    forces, energy, volume, speed = found.numbers
    assert forces.sample is not None
    assert energy.sample is not None
    errors = FrameSample.unpacked(forces.sample, "x")
    assert errors.errors.tolist() == list(range(1, 13))
    groups = FrameSample.unpacked(energy.sample, "x").groups
    assert groups is not None
    assert groups.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert volume.interval is None
    assert speed.more_is_better
    run = found.run_of(speed)
    assert (run.dtype, run.device, run.datasets[0].sha256) == ("float64", "cpu", "d" * 64)
    assert found.accepted[0].reason == "written by the first version"
