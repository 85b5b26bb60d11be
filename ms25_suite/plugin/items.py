"""Checks as pytest items: one for each potential and dataset, each with a result."""

from __future__ import annotations

from collections.abc import Generator, Hashable, Sequence
from pathlib import Path
from typing import Any

import pytest

from ms25_suite.core.catalogue import Criterion, NotAsked, catalogue
from ms25_suite.core.errors import Ms25Error
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.criteria.case import Case
from ms25_suite.criteria.committee.members import Committee
from ms25_suite.criteria.recorder import RESULT_PROPERTY
from ms25_suite.criteria.training_rate.series import Series
from ms25_suite.criteria.verdicts import is_failure
from ms25_suite.plugin.context import (
    PARAMETERS,
    PREFIX,
    CheckModule,
    check_context,
    check_files,
    criterion_of,
    is_benchmark,
    parameters_of,
    report_results,
    skip_reasons,
    subject_of,
)
from ms25_suite.plugin.pool import PotentialPool
from ms25_suite.plugin.selection import is_named, not_asked
from ms25_suite.plugin.settings import Settings
from ms25_suite.plugin.skips import RIGHT_SKIP
from ms25_suite.plugin.terminal.width import fitted_lines
from ms25_suite.potentials.spec import PotentialSpec

__all__ = ["CheckItems"]


def _is_unwanted(item: pytest.Item) -> bool:
    """Whether an item cannot run in this session because of pytest-benchmark.

    A benchmark needs that plugin, and under ``--benchmark-only`` there are no checks: one that the
    plugin skips itself would be recorded as skipped.
    """
    if is_benchmark(item):
        return not item.config.pluginmanager.hasplugin("benchmark")
    return bool(item.config.getoption("benchmark_only", False))


def _why_incomparable(results: Sequence[CheckResult]) -> str:
    """Why a check gives no verdict on its numbers; empty if it gives one on any."""
    judged = [result for result in results if result.verdict is not None]
    if any(result.verdict is not Verdict.INCOMPARABLE for result in judged):
        return ""
    return next((f"{result.verdict}: {result.reason}" for result in judged), "")


class CheckItems:
    """Hooks that act on each check, in whatever process it runs.

    Parameters
    ----------
    settings
        Options of the run.
    pool
        The potentials.
    xdist
        Whether pytest-xdist is there.
    """

    def __init__(self, settings: Settings, pool: PotentialPool, *, xdist: bool) -> None:
        self._settings = settings
        self._pool = pool
        self._xdist = xdist
        self._files = check_files()
        self._left_out: set[str] = set()
        self._answers: dict[tuple[Any, ...], NotAsked | None] = {}
        self._owners: dict[tuple[str, ...], str] = {}

    def _group_marks(self, name: str) -> tuple[pytest.MarkDecorator, ...]:
        """Keep the checks of one potential in one process of xdist."""
        return (pytest.mark.xdist_group(name),) if self._xdist else ()

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Make an item of each check for each dataset and each potential."""
        names = {name for name in PARAMETERS if f"{PREFIX}{name}" in metafunc.fixturenames}
        criterion = criterion_of(metafunc.definition)
        subjects: dict[str, Sequence[PotentialSpec | Series | Committee]] = {
            "potential": self._settings.potentials,
            "training_series": self._settings.series,
            "committee": self._settings.committees,
        }
        wanted = [name for name in subjects if name in names]
        if "dataset" not in names or not wanted or criterion is None:
            return
        datasets = self._settings.datasets
        if "partner" in names:
            # A dataset without partner gets a check that is skipped with the reason.
            pairs = [
                pytest.param(name, partner, id=f"{name}-{Path(partner).stem or 'nothing'}")
                for name, dataset in datasets.items()
                for partner in dataset.card.partners.of(criterion.needs) or ("",)
            ]
            # Session scope: pytest then runs all checks of one dataset, and of one potential, in
            # a row.
            metafunc.parametrize(
                f"{PREFIX}dataset, {PREFIX}partner", pairs, indirect=True, scope="session"
            )
        else:
            metafunc.parametrize(f"{PREFIX}dataset", list(datasets), indirect=True, scope="session")
        if "eos_atoms" in metafunc.fixturenames:
            kinds = ["rigid", "relaxed"] if self._settings.eos_relax else ["rigid"]
            metafunc.parametrize("eos_atoms", kinds)
        for name in wanted:
            subject = [
                # One process for each potential: it loads the model once, and its predictions are
                # shared.
                pytest.param(entry, id=entry.name, marks=self._group_marks(entry.name))
                for entry in subjects[name]
            ]
            metafunc.parametrize(f"{PREFIX}{name}", subject, indirect=True, scope="session")

    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Leave out what is not run by default; of checks that cannot be run, keep one."""
        kept: list[pytest.Item] = []
        left_out: list[pytest.Item] = []
        told: dict[tuple[Any, ...], pytest.Item] = {}
        for item in items:
            criterion, parameters = criterion_of(item), parameters_of(item)
            ours = criterion is not None and "dataset" in parameters
            if ours and _is_unwanted(item):
                left_out.append(item)
                continue
            subject = subject_of(parameters)
            answer = None
            if criterion is not None and "dataset" in parameters and subject is not None:
                answer = self._not_asked(criterion, subject, parameters)
            if criterion is None or answer is None:
                kept.append(item)
                continue
            if not is_named(config, criterion):
                self._left_out.add(criterion.name)
                left_out.append(item)
                continue
            # One skipped check with all reasons, instead of one for each quantity.
            if answer.reason:
                key = (criterion.name, parameters["dataset"], subject)
                first = told.setdefault(key, item)
                reasons = skip_reasons(first)
                if answer.reason not in reasons:
                    reasons.append(answer.reason)
                if first is not item:
                    left_out.append(item)
                    continue
            kept.append(item)
        # Of a criterion that is asked, some quantities may not be.
        self._left_out -= {one.name for item in kept if (one := criterion_of(item)) is not None}
        if left_out:
            config.hook.pytest_deselected(items=left_out)
            items[:] = kept

    def _not_asked(
        self, criterion: Criterion, subject: Hashable, parameters: dict[str, Any]
    ) -> NotAsked | None:
        """Decide once for each case: it may hash a model file, or open a dataset.

        Raises
        ------
        pytest.UsageError
            The entry of the criterion is wrong.
        """
        others = {name: repr(value) for name, value in parameters.items() if value is not subject}
        key = (criterion.name, subject, *sorted(others.items()))
        if key not in self._answers:
            dataset = self._settings.datasets[parameters["dataset"]]
            settings = self._settings
            case = Case(
                dataset,
                subject,
                parameters,
                settings.train_sizes,
                settings.tier,
                settings.same_as,
                settings.parent,
            )
            try:
                self._answers[key] = not_asked(criterion, case)
            except Ms25Error as error:
                raise pytest.UsageError(str(error)) from error
        return self._answers[key]

    def pytest_report_collectionfinish(self, config: pytest.Config) -> list[str]:
        """Say which criteria were left out."""
        if not self._left_out or config.getoption("markexpr") or config.getoption("keyword"):
            return []
        names = ", ".join(name for name in catalogue() if name in self._left_out)
        line = f"left out: {names} (-m NAME includes it, or says why it cannot be run)"
        return fitted_lines([line], config)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Skip a check that cannot be run, before anything is trained or predicted."""
        # "tryfirst": before the fixtures of the item are set up, one of which trains a potential.
        reasons = skip_reasons(item)
        if reasons:
            item.stash[RIGHT_SKIP] = True
            pytest.skip("; ".join(reasons))

    @pytest.hookimpl(wrapper=True)
    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
        """Collect the checks even where the ini file of a project sets other names for tests."""
        found = yield
        path = file_path.resolve()
        in_folder = path.parent in self._files and path.suffix == ".py"
        is_check = path in self._files or (in_folder and path.name.startswith("test_"))
        return [CheckModule.from_parent(parent, path=file_path)] if is_check else found

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Record a skip or an error of a check as a result, with its reason."""
        report = yield
        context = check_context(item)
        if context is None:
            return report
        results, error = report_results(report), call.excinfo and call.excinfo.value
        failing = {Verdict.FAIL, Verdict.ERROR, Verdict.UNDECIDED}
        explained = [result.explain() for result in results if result.verdict in failing]
        # Skips and errors become results too: a number that is missing from the report would go
        # unnoticed.
        if report.skipped and error is not None and not hasattr(report, "wasxfail"):
            reason = getattr(error, "msg", str(error))
            # Also a skip that is not ours, by a mark for instance, leaves a gap in the verdicts.
            right = item.stash.get(RIGHT_SKIP, False)
            if all(result.verdict is None for result in results):
                self._record_skip(item, report, context, reason, right=right)
        elif report.skipped and error is not None:
            # The mark xfail makes a skip of a failure: the verdict stays what it was.
            if not (isinstance(error, AssertionError) and explained):
                self._record(item, report, context, Verdict.ERROR, f"{error!r}")
        elif report.passed and report.when == "call":
            self._judge_passed(item, report, context, results)
        elif report.failed and isinstance(error, AssertionError) and explained:
            # Instead of the traceback into the check: a verdict is no defect of the code, and
            # what the reader needs is value, interval, threshold and worst frames.
            report.longrepr = "\n\n".join(explained)
        elif report.failed and report.when != "teardown" and error is not None:
            reason = str(error) if isinstance(error, Ms25Error) else f"{error!r}"
            self._record(item, report, context, Verdict.ERROR, reason)
            if isinstance(error, Ms25Error) and not item.config.getoption("fulltrace", False):
                # The message explains the error; --full-trace shows the traceback.
                report.longrepr = "\n\n".join([*explained, f"{type(error).__name__}: {error}"])
        return report

    def _judge_passed(
        self,
        item: pytest.Item,
        report: pytest.TestReport,
        context: dict[str, Any],
        results: Sequence[CheckResult],
    ) -> None:
        """Let verdicts decide, and not the absence of an exception.

        A check of another package may forget to record a result, or to conclude.
        """
        strict = self._settings.strict
        failed = [result for result in results if is_failure(result, strict=strict)]
        doubles = [
            result
            for result in results
            if result.verdict is not None
            and self._owners.setdefault(result.key, item.nodeid) != item.nodeid
        ]
        problem = ""
        if failed:
            report.longrepr = "\n\n".join(result.explain() for result in failed)
        elif not results:
            problem = "the check ended without a result: expected it to record one and to conclude"
        elif doubles:
            # The report would show one of the two only.
            problem = (
                f"another check has already given a verdict on the {doubles[0].quantity} "
                f"({doubles[0].metric}) of {doubles[0].potential} on {doubles[0].test_dataset}: "
                f"{self._owners[doubles[0].key]}. Record it under another quantity"
            )
        if failed or problem:
            report.outcome = "failed"
        elif reason := _why_incomparable(results):
            # Not a pass: JUnit and other plugins would show it in green.
            report.outcome = "skipped"
            path, line, _ = item.reportinfo()
            report.longrepr = (str(path), line or 0, f"Skipped: {reason}")
        if problem:
            self._record(item, report, context, Verdict.ERROR, problem)
            report.longrepr = problem

    def _record_skip(
        self,
        item: pytest.Item,
        report: pytest.TestReport,
        context: dict[str, Any],
        reason: str,
        *,
        right: bool,
    ) -> None:
        """Record a skip; one that nobody could expect is no success, unless the user allows it."""
        subject = (context["criterion"], context["quantity"], context["test_dataset"])
        allowed = self._settings.allows_skip(*subject)
        if allowed and not right:
            reason = f"{reason} (allowed by {allowed})"
        unjudged = not right and not allowed
        self._record(item, report, context, Verdict.SKIP, reason, unjudged=unjudged)

    def _record(
        self,
        item: pytest.Item,
        report: pytest.TestReport,
        context: dict[str, Any],
        verdict: Verdict,
        reason: str,
        *,
        unjudged: bool = False,
    ) -> None:
        quantity = context["quantity"].removeprefix("relaxed_")
        measure = catalogue()[context["criterion"]].measures.get(quantity)
        result = CheckResult(
            **context,
            metric=measure.metric if measure else "mae",
            verdict=verdict,
            reason=reason,
            unjudged=unjudged,
            duration_s=report.duration,
        )
        item.user_properties.append((RESULT_PROPERTY, result.to_dict()))
        # The report was made before, with a copy of the properties.
        report.user_properties = list(item.user_properties)

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self) -> None:
        """End the workers at once: what pytest and its plugins write next may take seconds."""
        self._pool.close()

    def pytest_unconfigure(self) -> None:
        """End the workers of all potentials."""
        self._pool.close()
