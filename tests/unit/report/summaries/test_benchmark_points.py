from __future__ import annotations

from ms25_suite.core.results import Verdict
from ms25_suite.report.summaries.benchmark_points import benchmark_points
from tests.helpers.reports import ERROR, RUN, make_result

FAST = make_result(
    criterion="throughput",
    quantity="speed",
    metric="error",
    value=3.5,
    unit="1",
    threshold=1.0,
    at_least=True,
)


def test_errors_and_speeds_have_files_of_their_own() -> None:
    measured = make_result(metric="measurement", threshold=None, verdict=None)
    results = [make_result(potential_sha256="ab" * 32), FAST, ERROR, measured]
    (point,) = benchmark_points(RUN, results)
    assert point == {
        "name": "mace-β on mgo: forces mae (error_thresholds)",
        "unit": "meV/Å",
        "value": 31.25,
        "range": "30.5 to 32",
        "extra": "verdict: pass\nthreshold: 35\nframes: 80\nsha256: abababababab",
    }
    (speed,) = benchmark_points(RUN, results, larger=True)
    assert (speed["value"], speed["unit"]) == (3.5, "1")


def test_a_number_without_a_threshold_is_kept() -> None:
    rmse = make_result(metric="rmse", threshold=None, verdict=None, interval=None)
    (point,) = benchmark_points(RUN, [rmse])
    assert point["extra"].startswith("verdict: measured\nframes")
    assert "range" not in point
    assert benchmark_points(RUN, [make_result(verdict=Verdict.SKIP, value=None)]) == []
