"""A pytest session that judges potentials: the hooks behind the plugin once it is awake."""

from __future__ import annotations

import os
import uuid
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import pytest

from ms25_suite import __version__
from ms25_suite.cache import file_sha256
from ms25_suite.errors import Ms25Error
from ms25_suite.fields import CRITERIA
from ms25_suite.pool import PotentialPool
from ms25_suite.potentials.spec import PotentialSpec
from ms25_suite.provenance import machine, packages
from ms25_suite.recorder import RESULT_PROPERTY
from ms25_suite.results import CheckResult, Journal, Verdict
from ms25_suite.settings import Settings

__all__ = ["POOL", "POTENTIAL_PROPERTY", "SETTINGS", "CheckSession", "activate", "check_context"]

SETTINGS = pytest.StashKey[Settings]()
POOL = pytest.StashKey[PotentialPool]()

POTENTIAL_PROPERTY = "ms25_potential"
"""Name under which facts about a potential travel in the ``user_properties`` of a report."""

FIXTURES = ("datasets", "potentials", "recording")


def activate(config: pytest.Config) -> None:
    """Check the options, register the fixtures, and add the hooks of a judging session.

    Raises
    ------
    pytest.UsageError
        Something that was asked for cannot be done.
    """
    try:
        settings = Settings.from_config(config)
    except Ms25Error as error:
        raise pytest.UsageError(str(error)) from error
    is_worker = hasattr(config, "workerinput")
    config.stash[SETTINGS] = settings
    config.stash[POOL] = PotentialPool(
        settings.options, _no_terminal if is_worker else lambda: _terminal(config)
    )
    for name in FIXTURES:
        config.pluginmanager.import_plugin(f"ms25_suite.fixtures.{name}")
    config.pluginmanager.register(CheckItems(settings), "ms25_checks")
    _aim_at_checks(config)
    if not is_worker:
        config.pluginmanager.register(CheckSession(config, settings), "ms25_session")


@contextmanager
def _no_terminal() -> Iterator[None]:
    yield None


@contextmanager
def _terminal(config: pytest.Config) -> Iterator[IO[str]]:
    """The real standard output, past pytest's capturing."""
    import sys

    capture = config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        sys.stdout.write("\n")
        yield sys.stdout


def checks_folder() -> Path:
    """Where the checks are: in a clone the top-level folder, else inside the installed package."""
    from importlib import import_module

    return Path(import_module("ms25_suite.checks").__path__[0]).resolve()


def _aim_at_checks(config: pytest.Config) -> None:
    """Run the suite's checks where the command line names no tests of its own.

    Assigning ``config.args`` is no documented promise of pytest; a packaging test guards it.
    """
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        config.args = [str(checks_folder())]


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


class CheckItems:
    """Hooks that act on each check, in whatever process it runs.

    Parameters
    ----------
    settings
        What the run was asked to do.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Ask each check of each dataset and each potential."""
        names = set(metafunc.fixturenames)
        if not {"dataset", "potential"} <= names or not _is_check(metafunc.definition):
            return
        datasets = list(self._settings.datasets)
        metafunc.parametrize("dataset", datasets, indirect=True, scope="session")
        specs = self._settings.potentials
        ids = [spec.name for spec in specs]
        metafunc.parametrize("potential", specs, ids=ids, indirect=True, scope="session")

    @pytest.hookimpl(wrapper=True)
    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
        """Collect the checks even where the ini file of a project asks for other file names."""
        found = yield
        is_check = file_path.parent.resolve() == checks_folder() and (
            file_path.name.startswith("test_") and file_path.suffix == ".py"
        )
        if is_check and not found:
            found = [pytest.Module.from_parent(parent, path=file_path)]
        return found

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Turn whatever kept a check from a verdict into a recorded result with its reason."""
        report = yield
        context = check_context(item)
        if context is None:
            return report
        results = _results(report)
        judged = any(result.verdict is not None for result in results)
        if report.skipped and not judged:
            reason = call.excinfo.value.msg if call.excinfo else ""  # type: ignore[attr-defined]
            self._record(item, report, context, Verdict.SKIP, str(reason))
        elif report.failed and not judged and call.excinfo is not None:
            error = call.excinfo.value
            reason = str(error) if isinstance(error, Ms25Error) else f"{error!r}"
            self._record(item, report, context, Verdict.ERROR, reason)
            if isinstance(error, Ms25Error) and not item.config.getoption("fulltrace", False):
                # The message is the explanation; how it came about is for the journal's reader.
                report.longrepr = f"{type(error).__name__}: {error}"
        elif report.failed and report.when == "call":
            report.longrepr = "\n\n".join(
                result.explain() for result in results if result.verdict is not None
            )
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


def _results(report: pytest.TestReport) -> list[CheckResult]:
    return [
        CheckResult.from_dict(value)  # type: ignore[arg-type]
        for name, value in report.user_properties
        if name == RESULT_PROPERTY
    ]


class CheckSession:
    """Hooks of the process that talks to the user: header, journal, report, summary, exit code.

    Parameters
    ----------
    config
        pytest's configuration.
    settings
        What the run was asked to do.
    """

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self._settings = settings
        self._config = config
        self._results: dict[tuple[str, ...], CheckResult] = {}
        self._run = describe_run(config, settings)
        self._report: Any = None
        self._problem = ""
        stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}"
        self._journal = Journal(settings.report_dir / f"journal-{stamp}.jsonl", self._run)

    def pytest_report_header(self) -> list[str]:
        """State what is judged on what, and how."""
        lines = []
        for entry in self._run["potentials"]:
            lines.append(f"potential: {_potential_line(entry)}")
        for entry in self._run["datasets"]:
            stand_in = ", a stand-in for the paper's reference" if entry["stand_in"] else ""
            lines.append(
                f"dataset: {entry['name']}, tier {entry['tier']}, level of theory "
                f"{entry['level_of_theory']}{stand_in}, {entry['n_test']} of {entry['n_frames']} "
                f"frames to judge on, sha256 {entry['sha256'][:12]}"
            )
            lines += [
                f"  {finding['severity']}: {finding['message']}" for finding in entry["findings"]
            ]
        options = self._settings.options
        lines.append(
            f"ms25-suite {__version__}: device {options.device}, dtype {options.dtype}, "
            f"seed {self._settings.seed}, workers {options.n_workers}, "
            f"report {self._settings.report_dir}"
        )
        return lines

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Journal the results of a check as soon as it has ended."""
        final = report.when == "call" or (report.when == "setup" and not report.passed)
        if not final:
            return
        for name, value in report.user_properties:
            if name == POTENTIAL_PROPERTY:
                self._learn(value)
        for result in _results(report):
            self._results[result.key] = result
            self._journal.append(result)

    def _learn(self, facts: Any) -> None:
        """Add what is only known after a potential was loaded or trained."""
        for entry in self._run["potentials"]:
            if entry["name"] == facts["name"]:
                entry.update(facts)

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(
        self, report: pytest.TestReport
    ) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
        """Show an undecided check as such."""
        if report.when != "call" or not report.passed:
            return None
        verdicts = {result.verdict for result in _results(report)}
        if Verdict.UNDECIDED not in verdicts:
            return None
        return "undecided", "U", ("UNDECIDED", {"yellow": True})

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Write the report; refuse to call a run without any verdict a success."""
        answered = any(
            result.verdict not in (None, Verdict.SKIP) for result in self._results.values()
        )
        if exitstatus == pytest.ExitCode.OK and not answered and not _collect_only(self._config):
            session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED
        self._run["finished"] = _now()
        self._run["exit_status"] = int(session.exitstatus)
        self._journal.close()
        if not self._results:
            self._journal.path.unlink()
            return
        from ms25_suite.report import write_report

        try:
            self._report = write_report(
                self._settings.report_dir, self._run, list(self._results.values())
            )
        except (Ms25Error, OSError) as error:
            self._problem = f"the report could not be written: {error}"
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
        else:
            # Everything in the journal is now in results.json.
            self._journal.path.unlink()

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the table of verdicts and the path of the report."""
        write = terminalreporter.write_line
        if self._results:
            from ms25_suite.report import sort_results, terminal_table

            terminalreporter.section("ms25-suite verdicts")
            width = terminalreporter._tw.fullwidth
            results = sort_results(self._run, list(self._results.values()))
            for line in terminal_table(results, width).splitlines():
                write(line)
        for message in self._warnings():
            write(f"warning: {message}", yellow=True)
        if self._problem:
            write(f"{self._problem}\nall results are in {self._journal.path}", red=True)
        if self._report is not None:
            write(f"report: {self._report.html}")

    def _warnings(self) -> list[str]:
        """Findings about the data and about predictions, each once."""
        found = [
            f"{entry['name']}: {finding['message']}"
            for entry in self._run["datasets"]
            for finding in entry["findings"]
            if finding["severity"] == "warning"
        ]
        for result in self._results.values():
            for finding in result.details.get("findings", ()):
                found.append(f"{result.potential} on {result.test_dataset}: {finding['message']}")
        return list(dict.fromkeys(found))


def _collect_only(config: pytest.Config) -> bool:
    return bool(config.getoption("collectonly", False))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _potential_line(entry: dict[str, Any]) -> str:
    known = [entry["architecture"] or "unknown architecture"]
    if entry["sha256"]:
        known.append(f"sha256 {entry['sha256'][:12]}")
    elif entry["spec"].startswith("train:"):
        known.append("trained in this run or reused from the cache")
    return f"{entry['name']} ({entry['spec']}), {', '.join(known)}"


def describe_run(config: pytest.Config, settings: Settings) -> dict[str, Any]:
    """Description of a run for the journal and ``results.json``."""
    return {
        "id": uuid.uuid4().hex,
        "started": _now(),
        "finished": None,
        "exit_status": None,
        "suite_version": __version__,
        "command": ["pytest", *(str(arg) for arg in config.invocation_params.args)],
        "device": settings.options.device,
        "dtype": settings.options.dtype,
        "workers": settings.options.n_workers,
        "seed": settings.seed,
        "strict": settings.strict,
        "potentials": [
            {
                "name": spec.name,
                "spec": spec.text,
                "architecture": spec.architecture,
                "path": "" if spec.path is None else str(spec.path),
                "sha256": "" if spec.path is None else file_sha256(spec.path),
                "dtype": settings.options.dtype,
            }
            for spec in settings.potentials
        ],
        "datasets": [
            {
                "name": dataset.name,
                "title": dataset.card.title,
                "tier": dataset.tier,
                "level_of_theory": dataset.card.level_of_theory,
                "paper_level_of_theory": dataset.card.paper_level_of_theory,
                "stand_in": dataset.card.stand_in,
                "sha256": dataset.sha256,
                "n_frames": len(dataset),
                "n_test": len(dataset.splits.test(set=1)),
                "splits": dataset.splits.origin,
                "elements": list(dataset.card.elements),
                "findings": [finding.to_dict() for finding in dataset.findings],
            }
            for dataset in settings.datasets.values()
        ],
        "machine": machine(),
        "packages": packages(),
    }
