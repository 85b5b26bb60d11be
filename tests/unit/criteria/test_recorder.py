from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ms25_suite.core.catalogue import built_in
from ms25_suite.core.errors import PredictionError, ReportError, UsageError
from ms25_suite.core.findings import Finding
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.core.thresholds import Threshold
from ms25_suite.criteria.recorder import RESULT_PROPERTY, CheckFailed, CheckRecorder
from tests.helpers.recording import make_recorder

EOS = built_in()["eos"]
VOLUME = Threshold(1.0, "%", "error", "a test")


def test_unit_metric_and_threshold_are_looked_up(tmp_path: Path) -> None:
    recorder = make_recorder(EOS, tmp_path, {"volume": VOLUME})
    result = recorder.judge("volume", value=0.4, interval=(0.3, 0.5), prefix="relaxed_")
    assert (result.quantity, result.metric, result.unit) == ("relaxed_volume", "error", "%")
    assert (result.threshold, result.threshold_source) == (1.0, "a test")
    assert result.verdict is Verdict.PASS


def test_without_a_threshold_a_number_is_measured(tmp_path: Path) -> None:
    recorder = make_recorder(EOS, tmp_path)
    assert recorder.judge("bulk_modulus", value=3.0).verdict is None
    assert recorder.judge("volume", value=3.0, mark=VOLUME).verdict is Verdict.FAIL


def test_aligned_energies_are_numbers_of_their_own(tmp_path: Path) -> None:
    recorder = make_recorder(built_in()["error_thresholds"], tmp_path)
    assert recorder.judge("energy", value=1.0).conditions == {}
    recorder.aligned = True
    assert recorder.judge("energy", value=1.0).conditions == {"energies": "aligned"}
    assert recorder.judge("energy_p95", value=1.0).conditions == {"energies": "aligned"}
    assert recorder.judge("forces", value=1.0).conditions == {}
    # Energies along a molecular dynamics are compared with no label.
    recorder = make_recorder(built_in()["stability"], tmp_path)
    recorder.aligned = True
    assert recorder.judge("energy_drift", value=1.0).conditions == {}


def two_levels(tmp_path: Path, criterion: str = "eos", **changes: Any) -> CheckRecorder:
    recorder = make_recorder(built_in()[criterion], tmp_path, {"volume": VOLUME})
    recorder.two_levels = {"hea": "two levels of theory: x on hea"}
    for name, value in changes.items():
        setattr(recorder, name, value)
    return recorder


@pytest.mark.parametrize("value", [0.4, 40.0])
def test_numbers_of_two_levels_of_theory_have_a_verdict_of_their_own(
    tmp_path: Path, value: float
) -> None:
    recorder = two_levels(tmp_path)
    judged = recorder.judge("volume", value=value, reason="of 3 curves")
    assert (judged.verdict, judged.incomparable) == (Verdict.INCOMPARABLE, True)
    assert (judged.value, judged.threshold) == (value, 1.0)
    assert judged.reason == "two levels of theory: x on hea; of 3 curves"
    measured = recorder.measure("volume", metric="measurement", value=2.0, unit="Å^3")
    assert (measured.verdict, measured.incomparable) == (None, True)
    failed = recorder.fail("volume", "no curve has a minimum")
    assert failed.verdict is Verdict.INCOMPARABLE
    assert failed.reason == "two levels of theory: x on hea; no curve has a minimum"
    recorder.conclude()


def test_numbers_of_two_levels_count_where_the_user_says_so(tmp_path: Path) -> None:
    recorder = two_levels(tmp_path, gate_stand_in=True)
    assert recorder.judge("volume", value=40.0).verdict is Verdict.FAIL
    assert recorder.fail("volume", "no minimum").verdict is Verdict.FAIL
    assert {result.incomparable for result in recorder.results} == {True}


def test_what_does_not_look_at_the_structure_is_wrong_at_any_level(tmp_path: Path) -> None:
    recorder = two_levels(tmp_path, blind=lambda: "it is blind")
    result = recorder.judge("volume", value=40.0)
    assert (result.verdict, result.reason) == (Verdict.FAIL, "it is blind")


def test_what_needs_no_labels_is_comparable(tmp_path: Path) -> None:
    mark = Threshold(1.0, "meV/atom", "error", "a test")
    recorder = two_levels(tmp_path, "size_extensivity")
    result = recorder.judge("supercell_energy", value=0.4, mark=mark)
    assert (result.verdict, result.incomparable) == (Verdict.PASS, False)
    assert recorder.measure("energy", metric="mae", value=0.4, unit="meV/atom").incomparable
    # The frames that were predicted count; a ratio is about both datasets.
    other = {"test_dataset": "real", "value": 2.0}
    assert not recorder.measure("energy", metric="mae", unit="meV/atom", **other).incomparable
    assert recorder.measure("energy", metric="ratio", unit="1", **other).incomparable


def test_results_travel_in_the_properties_of_the_item(tmp_path: Path) -> None:
    recorder = make_recorder(EOS, tmp_path)
    result = recorder.measure("volume", metric="measurement", value=2.0, unit="Å^3")
    ((name, record),) = recorder.properties
    assert name == RESULT_PROPERTY
    assert isinstance(record, dict)
    assert CheckResult.from_dict(record) == result


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite_are_refused(tmp_path: Path, value: float) -> None:
    recorder = make_recorder(EOS, tmp_path, {"volume": VOLUME})
    with pytest.raises(PredictionError, match="error of the volume is not a finite number"):
        recorder.judge("volume", value=value)
    with pytest.raises(PredictionError, match="predictions overflow"):
        recorder.judge("volume", value=0.1, interval=(0.0, value))
    assert recorder.results == []


def test_a_check_without_a_bad_result_ends_quietly(tmp_path: Path) -> None:
    recorder = make_recorder(EOS, tmp_path, {"volume": VOLUME})
    recorder.judge("volume", value=0.4)
    recorder.judge("bulk_modulus", value=40.0)
    recorder.conclude()


def test_a_failed_result_fails_the_check_and_is_explained(tmp_path: Path) -> None:
    recorder = make_recorder(EOS, tmp_path, {"volume": VOLUME})
    recorder.judge("volume", value=0.4)
    recorder.fail("bulk_modulus", "no curve has a minimum")
    with pytest.raises(CheckFailed, match="bulk modulus of x on hea: fail: no curve has"):
        recorder.conclude()


def test_a_failure_without_a_number_has_its_threshold(tmp_path: Path) -> None:
    recorder = make_recorder(EOS, tmp_path, {"volume": VOLUME})
    failed = recorder.fail("volume", "no curve has a minimum", prefix="relaxed_")
    assert (failed.quantity, failed.threshold, failed.value) == ("relaxed_volume", 1.0, None)
    assert failed.threshold_source == VOLUME.source
    assert recorder.fail("bulk_modulus", "none is set").threshold is None


def test_undecided_fails_a_strict_run_only(tmp_path: Path) -> None:
    recorder = make_recorder(EOS, tmp_path, {"volume": VOLUME})
    recorder.judge("volume", value=1.0, interval=(0.9, 1.1))
    recorder.conclude()
    recorder.strict = True
    with pytest.raises(AssertionError, match="undecided: volume error of x on hea is 1"):
        recorder.conclude()


def test_a_number_that_is_too_uncertain_is_left_out(tmp_path: Path) -> None:
    recorder = make_recorder(built_in()["throughput"], tmp_path)
    result = recorder.undecided("katoms_per_s", "half of the blocks spread by 12 %")
    assert (result.value, result.verdict) == (None, Verdict.UNDECIDED)
    assert result.unit == "kAtoms/s"


def test_thresholds_of_another_criterion_can_be_looked_up(tmp_path: Path) -> None:
    recorder = make_recorder(EOS, tmp_path, {"volume": VOLUME})
    assert recorder.threshold("volume") == VOLUME
    assert recorder.threshold("volume", "stability") is None


def test_arrays_are_kept_in_a_file_of_the_check(tmp_path: Path) -> None:
    recorder = make_recorder(built_in()["error_thresholds"], tmp_path, quantity="forces")
    numbers = np.arange(600_000.0)
    name = recorder.keep_arrays("forces", numbers, numbers + 1.0, "eV/Å")
    with np.load(tmp_path / name) as kept:
        assert len(kept["reference"]) == 200_000
        assert str(kept["unit"]) == "eV/Å"
        np.testing.assert_array_equal(kept["predicted"], kept["reference"] + 1.0)
    other = make_recorder(built_in()["error_thresholds"], tmp_path, potential="a/b")
    assert other.keep("forces", ".npz", lambda path: path.touch()) != name


@pytest.mark.parametrize("name", ["x" * 200, "é" * 200, "㐀" * 85, "../../x", "\x1b[31m"])
def test_a_file_of_the_check_can_have_any_name(tmp_path: Path, name: str) -> None:
    recorder = make_recorder(EOS, tmp_path, potential=name, dataset=name)
    kept = recorder.keep("volume", ".npz", lambda path: path.touch())
    assert (tmp_path / kept).is_file()
    assert [path.parent for path in tmp_path.rglob("*.npz")] == [tmp_path / "artifacts"]
    other = make_recorder(EOS, tmp_path, potential=f"{name}2", dataset=name)
    assert other.keep("volume", ".npz", lambda path: path.touch()) != kept


def test_a_check_without_any_result_does_not_pass(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="a check of eos recorded no result"):
        make_recorder(EOS, tmp_path).conclude()


def test_an_unknown_quantity_gets_a_suggestion(tmp_path: Path) -> None:
    recorder = make_recorder(EOS, tmp_path)
    with pytest.raises(UsageError, match=r"no quantity 'volum'\. Did you mean 'volume'"):
        recorder.judge("volum", value=1.0)
    with pytest.raises(UsageError, match="no quantity 'volum'"):
        recorder.fail("volum", "no reason")


@pytest.mark.parametrize("number", [float("nan"), object()])
def test_details_that_json_cannot_hold_are_refused(tmp_path: Path, number: object) -> None:
    recorder = make_recorder(EOS, tmp_path)
    with pytest.raises(ReportError, match="details of the volume cannot be written as JSON"):
        recorder.judge("volume", value=1.0, details={"eos": [number]})
    assert recorder.results == []


def test_findings_are_a_part_of_the_details(tmp_path: Path) -> None:
    recorder = make_recorder(EOS, tmp_path)
    found = [Finding("few", "few curves", "note")]
    result = recorder.judge("volume", value=1.0, details={"eos": 1}, findings=found)
    assert result.details == {"eos": 1, "findings": [found[0].to_dict()]}


def test_a_threshold_finer_than_the_precision_is_named(tmp_path: Path) -> None:
    recorder = make_recorder(EOS, tmp_path, {"volume": VOLUME})
    recorder.rounding = {"%": 1.5, "GPa": 0.1}.get  # type: ignore[assignment]
    finding = Finding("other", "something else")
    result = recorder.judge("volume", value=0.4, interval=(0.3, 0.5), findings=[finding])
    assert [found.code for found in result.findings] == ["other", "coarse-dtype"]
    assert "1 % for volume is finer than float32" in result.findings[1].message
    recorder.rounding = lambda unit: 0.9
    assert recorder.judge("volume", value=0.4, interval=(0.3, 0.5)).findings == ()
