from __future__ import annotations

from typing import Any

from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.criteria.route_agreement.details import RouteDetails
from ms25_suite.criteria.route_agreement.figure import section
from tests.helpers.reports import make_result

DETAILS = RouteDetails(
    route="batch",
    one="4 frames in one batch",
    other="one by one",
    dtype="float64",
    frames=(0, 3),
    n_atoms=(8, 8),
    differences=(1e-9, None),
)


def result(quantity: str, **changes: Any) -> CheckResult:
    fields = {
        "criterion": "route_agreement",
        "metric": "error",
        "interval": None,
        "value": 2e-4,
        "threshold": 0.01,
        "details": {"route": DETAILS.to_dict()},
    }
    return make_result(**(fields | {"quantity": quantity} | changes))


def test_each_route_of_a_potential_is_a_row() -> None:
    found = section(
        RunRecord(),
        [
            result("batch_energy"),
            result("batch_forces", value=None, verdict=Verdict.FAIL),
            result("pair_style_energy", test_dataset="other"),
            result("lammps_energy", details={}),
            make_result(),
        ],
    )
    assert found is not None
    first, second = found.blocks
    (row,) = first.tables[0].rows
    assert row[:5] == ("mace-β", "batch", "4 frames in one batch ↔ one by one", "2", "float64")
    assert row[5:] == ("2.0e−4 (0.01)", "no number", "", Verdict.FAIL)
    assert second.heading == "other"
    assert second.tables[0].rows[0][1] == "pair style"


def test_without_routes_there_is_no_section() -> None:
    assert section(RunRecord(), [make_result(), result("batch_energy", details={})]) is None
