"""Checks as pytest items: asked of every potential on every dataset, each with a result."""

from __future__ import annotations

from collections.abc import Generator, Hashable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from ms25_suite.core.catalogue import Criterion, NotAsked, catalogue
from ms25_suite.core.errors import Ms25Error, NotApplicableError, UsageError
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.criteria.case import Case
from ms25_suite.criteria.recorder import RESULT_PROPERTY, dataset_fields
from ms25_suite.criteria.training_rate.series import Series
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.datasets.observables.files import observable_of
from ms25_suite.plugin.pool import POOL
from ms25_suite.plugin.selection import is_named, not_asked
from ms25_suite.plugin.settings import SETTINGS, Settings
from ms25_suite.potentials.spec import PotentialSpec

__all__ = [
    "DATASET_PROPERTY",
    "POTENTIAL_PROPERTY",
    "CheckItems",
    "check_context",
    "check_files",
    "criterion_of",
    "report_results",
]

_CONTEXT = pytest.StashKey[dict[str, Any]]()
_UNANSWERABLE = pytest.StashKey[list[str]]()

POTENTIAL_PROPERTY = "ms25_potential"
"""Name under which facts about a potential travel in the ``user_properties`` of a report."""

DATASET_PROPERTY = "ms25_dataset"
"""The same for a dataset that no option named."""


def check_files() -> tuple[Path, ...]:
    """Where the checks are: the folder of the suite's own, and a file for each outside criterion.

    In a clone the folder is the top-level ``checks/``, else it is inside the installed package.
    """
    own = Path(import_module("ms25_suite.checks").__path__[0]).resolve()
    return (own, *(_outside_file(one) for one in catalogue().values() if one.checks))


def _outside_file(criterion: Criterion) -> Path:
    found = find_spec(criterion.checks)
    if found is None or not found.origin:
        msg = (
            f"the criterion {criterion.name} names the module {criterion.checks} for its checks, "
            "which cannot be found: its package is not installed as a whole"
        )
        raise UsageError(msg)
    return Path(found.origin).resolve()


def criterion_of(item: Any) -> Criterion | None:
    """Criterion that an item or a function is marked with; None if it is no check."""
    return next((one for one in catalogue().values() if item.get_closest_marker(one.name)), None)


def check_context(item: pytest.Item) -> dict[str, Any] | None:
    """Criterion, dataset, potential and quantity of a check; None for any other test.

    A benchmark is none: it answers to pytest-benchmark, and comes to no verdict. It is the same
    dictionary each time: a fixture that learns more of the check adds it there.
    """
    criterion, parameters = criterion_of(item), _parameters(item)
    # A potential or a series of them, by whatever the check asks for.
    subject = parameters.get("potential", parameters.get("training_series"))
    if criterion is None or "dataset" not in parameters or subject is None or _is_benchmark(item):
        return None
    if _CONTEXT not in item.stash:
        dataset = item.config.stash[SETTINGS].datasets[parameters["dataset"]]
        fields = dataset_fields(dataset)
        if parameters.get("partner"):
            fields["test_dataset"] = Path(parameters["partner"]).stem
        unanswerable = _UNANSWERABLE in item.stash
        item.stash[_CONTEXT] = {
            "criterion": criterion.name,
            "dataset": dataset.name,
            "potential": subject.name,
            "architecture": subject.architecture,
            "quantity": "" if unanswerable else _quantity(criterion, parameters, dataset),
            **fields,
        }
    return item.stash[_CONTEXT]


def _is_benchmark(item: pytest.Item) -> bool:
    return "benchmark" in getattr(item, "fixturenames", ())


def _is_unwanted(item: pytest.Item) -> bool:
    """Whether pytest-benchmark is to leave a check out, or is not there for a benchmark.

    A check that it skips itself would be recorded as one that has no answer.
    """
    if _is_benchmark(item):
        return not item.config.pluginmanager.hasplugin("benchmark")
    return bool(item.config.getoption("benchmark_only", False))


def _quantity(criterion: Criterion, parameters: Mapping[str, Any], dataset: Dataset) -> str:
    """Quantity of a check: its own parameter, or the main one of its criterion."""
    main = criterion.main
    if main and criterion.needs:
        main = observable_of(dataset.card, criterion.needs, main)
    prefix = "relaxed_" if main and parameters.get("eos_atoms") == "relaxed" else ""
    return str(parameters.get("quantity", prefix + main))


def _parameters(item: pytest.Item) -> dict[str, Any]:
    return getattr(getattr(item, "callspec", None), "params", {})


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
        self._files = check_files()
        self._left_out: set[str] = set()
        self._answers: dict[tuple[Any, ...], NotAsked | None] = {}

    def _group_marks(self, name: str) -> tuple[pytest.MarkDecorator, ...]:
        """Keep the checks of one potential in one process of xdist."""
        return (pytest.mark.xdist_group(name),) if self._xdist else ()

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Make an item of each check for each dataset and each potential."""
        names, criterion = set(metafunc.fixturenames), criterion_of(metafunc.definition)
        subjects: dict[str, Sequence[PotentialSpec | Series]] = {
            "potential": self._settings.potentials,
            "training_series": self._settings.series,
        }
        asked = [name for name in subjects if name in names]
        if "dataset" not in names or not asked or criterion is None:
            return
        datasets = self._settings.datasets
        if "partner" in names:
            # A dataset without partner has a check that says so.
            pairs = [
                pytest.param(name, partner, id=f"{name}-{Path(partner).stem or 'nothing'}")
                for name, dataset in datasets.items()
                for partner in dataset.card.partners.of(criterion.name) or ("",)
            ]
            metafunc.parametrize("dataset, partner", pairs, indirect=True, scope="session")
        else:
            metafunc.parametrize("dataset", list(datasets), indirect=True, scope="session")
        if "eos_atoms" in names:
            kinds = ["rigid", "relaxed"] if self._settings.eos_relax else ["rigid"]
            metafunc.parametrize("eos_atoms", kinds)
        for name in asked:
            subject = [
                pytest.param(entry, id=entry.name, marks=self._group_marks(entry.name))
                for entry in subjects[name]
            ]
            metafunc.parametrize(name, subject, indirect=True, scope="session")

    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Leave out what is not run by default; of checks that cannot be run, keep one."""
        kept: list[pytest.Item] = []
        left_out: list[pytest.Item] = []
        told: dict[tuple[Any, ...], pytest.Item] = {}
        for item in items:
            criterion, parameters = criterion_of(item), _parameters(item)
            if criterion is not None and _is_unwanted(item):
                left_out.append(item)
                continue
            subject = parameters.get("potential", parameters.get("training_series"))
            answer = None
            if criterion is not None and "dataset" in parameters and subject is not None:
                answer = self._not_asked(criterion, subject, parameters)
            if criterion is None or answer is None:
                kept.append(item)
                continue
            if not is_named(config, criterion.name):
                self._left_out.add(criterion.name)
                left_out.append(item)
                continue
            if answer.reason:
                key = (criterion.name, parameters["dataset"], subject)
                first = told.setdefault(key, item)
                reasons: list[str] = first.stash.setdefault(_UNANSWERABLE, [])
                if answer.reason not in reasons:
                    reasons.append(answer.reason)
                if first is not item:
                    left_out.append(item)
                    continue
            kept.append(item)
        if left_out:
            config.hook.pytest_deselected(items=left_out)
            items[:] = kept

    def _not_asked(
        self, criterion: Criterion, subject: Hashable, parameters: dict[str, Any]
    ) -> NotAsked | None:
        """Decide once for all quantities: it may hash a model file, or open a dataset."""
        name, partner = parameters["dataset"], parameters.get("partner")
        key = (criterion.name, name, partner, subject, "partner" in parameters)
        if key not in self._answers:
            dataset = self._settings.datasets[name]
            case = Case(dataset, subject, parameters, self._settings.train_sizes)
            self._answers[key] = not_asked(criterion, case)
        return self._answers[key]

    def pytest_report_collectionfinish(self, config: pytest.Config) -> list[str]:
        """Say which criteria were left out."""
        if not self._left_out or config.getoption("markexpr") or config.getoption("keyword"):
            return []
        names = ", ".join(name for name in catalogue() if name in self._left_out)
        return [f"left out: {names} (-m NAME includes it, or says why it cannot be run)"]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Skip a check that cannot be run, before anything is trained or predicted."""
        if _UNANSWERABLE in item.stash:
            reasons: list[str] = item.stash[_UNANSWERABLE]
            pytest.skip("; ".join(reasons))

    @pytest.hookimpl(wrapper=True)
    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
        """Collect the checks even where the ini file of a project asks for other names."""
        found = yield
        path = file_path.resolve()
        in_folder = path.parent in self._files and path.suffix == ".py"
        is_check = path in self._files or (in_folder and path.name.startswith("test_"))
        return [CheckModule.from_parent(parent, path=file_path)] if is_check else found

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Generator[None, object, object]:
        """Skip a check that finds out that it does not apply."""
        try:
            return (yield)
        except NotApplicableError as error:
            pytest.skip(str(error))

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
        quantity = context["quantity"].removeprefix("relaxed_")
        measure = catalogue()[context["criterion"]].measures.get(quantity)
        result = CheckResult(
            **context,
            metric=measure.metric if measure else "mae",
            verdict=verdict,
            reason=reason,
            duration_s=report.duration,
        )
        item.user_properties.append((RESULT_PROPERTY, result.to_dict()))
        report.user_properties = list(item.user_properties)

    def pytest_unconfigure(self, config: pytest.Config) -> None:
        """End the workers of all potentials."""
        config.stash[POOL].close()


def report_results(report: pytest.TestReport) -> list[CheckResult]:
    """Results that travel in a report."""
    return [
        CheckResult.from_dict(value)  # type: ignore[arg-type]
        for name, value in report.user_properties
        if name == RESULT_PROPERTY
    ]
