from __future__ import annotations

import json

from ms25_suite.report.summaries.junit import junit_properties
from tests.helpers.reports import ERROR, make_result


def test_each_number_has_properties_of_json() -> None:
    rmse = make_result(metric="rmse", value=40.0, threshold=None, verdict=None)
    found = dict(junit_properties([rmse, make_result()]))
    values = {name: json.loads(text) for name, text in found.items()}
    # The number that is judged is the one of the check, whichever comes first.
    assert (values["ms25.value"], values["ms25.metric"]) == (31.25, "mae")
    assert values["ms25.interval"] == [30.5, 32.0]
    assert (values["ms25.unit"], values["ms25.threshold"]) == ("meV/Å", 35.0)
    assert (values["ms25.verdict"], values["ms25.potential"]) == ("pass", "mace-β")
    assert values["ms25.forces.rmse.value"] == 40.0
    assert values["ms25.forces.rmse.verdict"] is None
    assert "ms25.forces.mae.value" not in values


def test_a_check_without_a_number() -> None:
    found = dict(junit_properties([ERROR]))
    assert found["ms25.value"] == "null"
    assert json.loads(found["ms25.reason"]) == "WorkerDiedError: gone"
