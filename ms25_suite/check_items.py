"""Checks as pytest items: asked of every potential on every dataset, each with a result."""

from __future__ import annotations

from collections.abc import Generator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from ms25_suite.errors import Ms25Error
from ms25_suite.fields import CRITERIA
from ms25_suite.pool import PotentialPool
from ms25_suite.potentials.spec import PotentialSpec
from ms25_suite.recorder import RESULT_PROPERTY
from ms25_suite.results import CheckResult, Verdict
from ms25_suite.settings import Settings

__all__ = [
    "POOL",
    "POTENTIAL_PROPERTY",
    "SETTINGS",
    "CheckItems",
    "check_context",
    "checks_folder",
    "report_results",
]

SETTINGS = pytest.StashKey[Settings]()
POOL = pytest.StashKey[PotentialPool]()

POTENTIAL_PROPERTY = "ms25_potential"
"""Name under which facts about a potential travel in the ``user_properties`` of a report."""


def checks_folder() -> Path:
    """Where the checks are: in a clone the top-level folder, else inside the installed package."""
    return Path(import_module("ms25_suite.checks").__path__[0]).resolve()


def check_context(item: pytest.Item) -> dict[str, Any] | None:
    """Criterion, dataset, potential and quantity of a check; None for any other test."""
    criterion = next((name for name in CRITERIA if item.get_closest_marker(name)), None)
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    if criterion is None or "dataset" not in parameters or "potential" not in parameters:
        return None
    spec: PotentialSpec = parameters["potential"]
    dataset = item.config.stash[SETTINGS].datasets[parameters["dataset"]]
    return {
        "criterion": criterion,
        "dataset": dataset.name,
        "test_dataset": dataset.name,
        "potential": spec.name,
        "architecture": spec.architecture,
        "quantity": str(parameters.get("quantity", "")),
        "tier": dataset.tier,
        "level_of_theory": dataset.card.level_of_theory,
        "stand_in": dataset.card.stand_in,
    }


class CheckModule(pytest.Module):
    """Module of checks, whose functions are called ``test_…`` whatever a project's ini says."""

    def funcnamefilter(self, name: str) -> bool:
        """Whether a function is a check."""
        return name.startswith("test_")


class CheckItems:
    """Hooks that act on each check, in whatever process it runs.

    Parameters
    ----------
    settings
        What the run was asked to do.
    xdist
        Whether pytest-xdist is there.
    """

    def __init__(self, settings: Settings, *, xdist: bool) -> None:
        self._settings = settings
        self._xdist = xdist

    def _group_marks(self, name: str) -> tuple[pytest.MarkDecorator, ...]:
        """Keep the checks of one potential in one process of xdist."""
        return (pytest.mark.xdist_group(name),) if self._xdist else ()

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Ask each check of each dataset and each potential."""
        names = set(metafunc.fixturenames)
        if not {"dataset", "potential"} <= names or not _is_check(metafunc.definition):
            return
        datasets = list(self._settings.datasets)
        metafunc.parametrize("dataset", datasets, indirect=True, scope="session")
        specs = [
            pytest.param(spec, id=spec.name, marks=self._group_marks(spec.name))
            for spec in self._settings.potentials
        ]
        metafunc.parametrize("potential", specs, indirect=True, scope="session")

    @pytest.hookimpl(wrapper=True)
    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
        """Collect the checks even where the ini file of a project asks for other names."""
        found = yield
        is_check = file_path.parent.resolve() == checks_folder() and (
            file_path.name.startswith("test_") and file_path.suffix == ".py"
        )
        return [CheckModule.from_parent(parent, path=file_path)] if is_check else found

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Turn whatever kept a check from a verdict into a recorded result with its reason."""
        report = yield
        context = check_context(item)
        if context is None:
            return report
        results = report_results(report)
        failing = {Verdict.FAIL, Verdict.ERROR, Verdict.UNDECIDED}
        explained = [result.explain() for result in results if result.verdict in failing]
        if report.skipped and call.excinfo is not None:
            reason = getattr(call.excinfo.value, "msg", str(call.excinfo.value))
            self._record(item, report, context, Verdict.SKIP, reason)
        elif report.failed and report.when == "call" and explained:
            report.longrepr = "\n\n".join(explained)
        elif report.failed and report.when != "teardown" and call.excinfo is not None:
            error = call.excinfo.value
            reason = str(error) if isinstance(error, Ms25Error) else f"{error!r}"
            self._record(item, report, context, Verdict.ERROR, reason)
            if isinstance(error, Ms25Error) and not item.config.getoption("fulltrace", False):
                # The message is the explanation; how it came about is for the journal's reader.
                report.longrepr = f"{type(error).__name__}: {error}"
        return report

    def _record(
        self,
        item: pytest.Item,
        report: pytest.TestReport,
        context: dict[str, Any],
        verdict: Verdict,
        reason: str,
    ) -> None:
        result = CheckResult(
            **context, metric="mae", verdict=verdict, reason=reason, duration_s=report.duration
        )
        item.user_properties.append((RESULT_PROPERTY, result.to_dict()))
        report.user_properties = list(item.user_properties)

    def pytest_unconfigure(self, config: pytest.Config) -> None:
        """End the workers of all potentials."""
        config.stash[POOL].close()


def _is_check(item: Any) -> bool:
    return any(item.get_closest_marker(name) for name in CRITERIA)


def report_results(report: pytest.TestReport) -> list[CheckResult]:
    """Results that travel in a report."""
    return [
        CheckResult.from_dict(value)  # type: ignore[arg-type]
        for name, value in report.user_properties
        if name == RESULT_PROPERTY
    ]
