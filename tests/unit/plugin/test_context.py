from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from ms25_suite.core.catalogue import built_in
from ms25_suite.core.errors import UsageError
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.criteria.recorder import RESULT_PROPERTY
from ms25_suite.plugin import context as module
from ms25_suite.plugin.context import check_files, criterion_of, is_benchmark, report_results
from tests.conftest import REPOSITORY


def test_the_checks_of_a_clone_are_at_its_top() -> None:
    assert check_files() == (REPOSITORY / "checks",)


def test_a_criterion_without_its_module_of_checks_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = replace(built_in()["eos"], name="broken", checks="ms25_suite.no_such_module")
    monkeypatch.setattr(module, "catalogue", lambda: {"broken": broken})
    with pytest.raises(UsageError, match="broken names the module ms25_suite"):
        check_files()


def test_a_check_is_recognised_by_its_marker() -> None:
    item: Any = SimpleNamespace(get_closest_marker=lambda name: name == "neb_barrier")
    assert criterion_of(item) is built_in()["neb_barrier"]
    other: Any = SimpleNamespace(get_closest_marker=lambda name: None)
    assert criterion_of(other) is None


def test_benchmarks_are_recognised_by_their_fixture() -> None:
    item: Any = SimpleNamespace(fixturenames=["benchmark", "dataset"])
    assert is_benchmark(item)
    assert not is_benchmark(SimpleNamespace(fixturenames=["dataset"]))  # type: ignore[arg-type]


def test_results_travel_in_a_report_among_other_properties() -> None:
    result = CheckResult(
        criterion="eos",
        dataset="hea",
        test_dataset="hea",
        potential="x",
        quantity="volume",
        metric="error",
        value=0.5,
        unit="%",
        verdict=Verdict.PASS,
    )
    properties = [("other", 1), (RESULT_PROPERTY, result.to_dict())]
    report: Any = SimpleNamespace(user_properties=properties)
    assert report_results(report) == [result]
