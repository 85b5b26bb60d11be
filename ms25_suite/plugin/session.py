"""A pytest session that judges potentials: the hooks behind the plugin once it is awake."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import pytest

from ms25_suite.core.catalogue import catalogue
from ms25_suite.core.changes import ChangeVerdict
from ms25_suite.core.errors import Ms25Error, UsageError, listed
from ms25_suite.core.records import DatasetRecord, PotentialRecord
from ms25_suite.core.results import CheckResult
from ms25_suite.core.text.shown import encodable, shown, shown_lines
from ms25_suite.core.text.terminal import show_everything
from ms25_suite.criteria.recorder import RESULT_PROPERTY, SAMPLE_PROPERTY
from ms25_suite.plugin import EXPLICIT_DIST
from ms25_suite.plugin.baselines import RunNumbers, not_compared_lines
from ms25_suite.plugin.context import (
    DATASET_PROPERTY,
    POTENTIAL_PROPERTY,
    check_files,
    report_results,
)
from ms25_suite.plugin.distribution import Distribution, Groups, settle
from ms25_suite.plugin.items import CheckItems
from ms25_suite.plugin.outcome import (
    NOT_RUN,
    Outcome,
    decide,
    is_dry_run,
    must_judge,
    only_errors,
    silent_checks,
)
from ms25_suite.plugin.pool import POOL, PotentialPool
from ms25_suite.plugin.run_files import RunFiles
from ms25_suite.plugin.run_record import (
    aligned_lines,
    describe_run,
    header_lines,
    now,
    two_levels_lines,
)
from ms25_suite.plugin.selection import is_named
from ms25_suite.plugin.settings import SETTINGS, Settings
from ms25_suite.plugin.short_names import ShortNames
from ms25_suite.plugin.skips import CheckSkips
from ms25_suite.plugin.terminal.hooks import CheckTerminal
from ms25_suite.plugin.terminal.progress import show_progress
from ms25_suite.plugin.terminal.width import fitted, fitted_lines

__all__ = ["CheckSession", "activate"]

_COMPLETE = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, NOT_RUN)
"""Exit codes of runs whose numbers can be accepted."""

FIXTURES = ("datasets", "potentials", "recording", "scans", "throughput")


def activate(config: pytest.Config) -> None:
    """Check the options, register the fixtures, and add the hooks that run the checks.

    Raises
    ------
    pytest.UsageError
        An option has an invalid value, or cannot be met.
    """
    is_worker = hasattr(config, "workerinput")
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    show_everything(sys.stdout, sys.stderr, getattr(getattr(reporter, "_tw", None), "_file", None))
    # For the processes that this one starts: libraries do with assertions what they should do
    # without, ASE's reader of extended XYZ for instance.
    os.environ.pop("PYTHONOPTIMIZE", None)
    if is_worker:
        settle(config)
    else:
        # Opening data and training potentials is long work too.
        show_progress(config)
    try:
        _refuse_company(config)
        # Everything on the command line is checked before the collection, hence before hours of
        # computing.
        settings = Settings.from_config(config)
        session = None if is_worker else CheckSession(config, settings)
    except Ms25Error as error:
        raise pytest.UsageError(str(error)) from error
    config.stash[SETTINGS] = settings
    terminal = _no_terminal if is_worker else lambda: _terminal(config)
    pool = PotentialPool(settings.options, terminal, settings.tier)
    config.stash[POOL] = pool
    for name in FIXTURES:
        config.pluginmanager.import_plugin(f"ms25_suite.fixtures.{name}")
    xdist = config.pluginmanager.hasplugin("xdist")
    config.pluginmanager.register(ShortNames(), "ms25_short_names")
    if is_worker:
        config.pluginmanager.register(Groups(), "ms25_groups")
    _register(config, CheckItems(settings, pool, xdist=xdist), "ms25_checks")
    _register(config, CheckSkips(), "ms25_skips")
    if not config.pluginmanager.hasplugin("benchmark"):
        # The checks carry its marker, also in sessions without that plugin.
        config.addinivalue_line("markers", "benchmark: settings of pytest-benchmark")
    _aim_at_checks(config)
    if config.getoption("dist", "no") != "no":
        # xdist would send the checks of one potential to different processes, and each would
        # load it and predict the same frames.
        grouped = config.option.dist == "load" and not config.stash.get(EXPLICIT_DIST, False)
        config.pluginmanager.register(Distribution(grouped=grouped), "ms25_distribution")
    if session is not None:
        _register(config, session, "ms25_session")
        # After the session, so that its hooks are called first.
        _register(config, CheckTerminal(config, strict=settings.strict), "ms25_terminal")


def _register(config: pytest.Config, plugin: object, name: str) -> None:
    """Add hooks that a session cannot do without.

    Raises
    ------
    pytest.UsageError
        ``-p no:NAME`` switches them off.
    """
    if config.pluginmanager.register(plugin, name) is None:
        msg = f"-p no:{name} switches the verdicts off: leave it out, or leave --mlip out"
        raise pytest.UsageError(msg)


def _refuse_company(config: pytest.Config) -> None:
    """Refuse what several processes cannot do.

    Raises
    ------
    UsageError
        pytest-xdist is to distribute the checks, and a criterion that measures wall time is named,
        or a path that pytest-xdist cannot send.
    """
    if config.getoption("dist", "no") == "no":
        return
    for text in (*map(str, config.invocation_params.args), str(Path.cwd())):
        if encodable(text) != text:
            msg = (
                f"{text} is not UTF-8, and pytest-xdist cannot hand it to its processes: run "
                "without -n (or with -n0), or rename the file or folder"
            )
            raise UsageError(msg)
    for criterion in catalogue().values():
        if criterion.alone and is_named(config, criterion):
            msg = (
                f"{criterion.name} measures wall time, and parallel processes distort the timing: "
                "run it without -n (or with -n0), and run the other checks by themselves with "
                f"-m 'not {criterion.name}'"
            )
            raise UsageError(msg)


def _flatten(report: pytest.TestReport) -> None:
    """Replace the properties of a check by those that other programs can read."""
    from ms25_suite.report.summaries.junit import junit_properties

    results = report_results(report)
    if results:
        own = (RESULT_PROPERTY, POTENTIAL_PROPERTY, DATASET_PROPERTY, SAMPLE_PROPERTY)
        others = [(name, value) for name, value in report.user_properties if name not in own]
        report.user_properties = [*others, *junit_properties(results)]


@contextmanager
def _no_terminal() -> Iterator[None]:
    yield None


@contextmanager
def _terminal(config: pytest.Config) -> Iterator[IO[str]]:
    """The real standard output, past pytest's capturing."""
    capture = config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        # A terminal without UTF-8 must not end a training at the first Å.
        show_everything(sys.stdout)
        sys.stdout.write("\n")
        yield sys.stdout


def _aim_at_checks(config: pytest.Config) -> None:
    """Run the suite's checks where the command line names no tests of its own.

    pytest does not document that ``config.args`` may be assigned; a packaging test guards it.
    """
    # Without paths on the command line pytest would collect `testpaths` or the current folder:
    # the user's own tests, and not the checks, would run with the options of the suite.
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        config.args = [str(path) for path in check_files()]


class CheckSession:
    """Hooks of the process that talks to the user: header, journal, report, summary, exit code.

    Parameters
    ----------
    config
        pytest's configuration.
    settings
        Options of the run.
    """

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self._settings = settings
        self._results: dict[tuple[str, ...], CheckResult] = {}
        self._run = describe_run(config, settings)
        self._two_levels = two_levels_lines(settings)
        self._outcome: Outcome | None = None
        self._reported: set[str] = set()
        self._failed: dict[str, bool] = {}
        self._files = RunFiles(settings.report_dir)
        self._numbers = RunNumbers()

    def pytest_report_header(self, config: pytest.Config) -> list[str]:
        """State the potentials, the datasets and the settings of the run."""
        aligned = aligned_lines(self._settings)
        lines = [*header_lines(self._run), *self._not_imported(), *aligned, *self._two_levels]
        return fitted_lines(lines, config)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Set the report of an earlier run aside, before the first check writes a file."""
        # Under xdist the items are in other processes, which wait for this hook of xdist.
        distributed = session.config.getoption("dist", "no") != "no"
        if (session.items or distributed) and not is_dry_run(session.config):
            self._files.set_earlier_aside()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Journal the results of a check as soon as it has ended."""
        if report.failed:
            # By test: whether it is a check that could not be run.
            known = self._failed.get(report.nodeid, True)
            self._failed[report.nodeid] = known and only_errors(report)
        if report.when == "teardown":
            # Only this report's properties go into a JUnit file, and nothing reads them before.
            _flatten(report)
        # The phases of one item share its properties: each result must be journalled once.
        final = report.when == "call" or (report.when == "setup" and not report.passed)
        if not final:
            return
        self._reported.add(report.nodeid)
        for name, value in report.user_properties:
            if name == POTENTIAL_PROPERTY:
                self._add_potential(PotentialRecord.from_dict(value))
            if name == DATASET_PROPERTY:
                self._add_dataset(DatasetRecord.from_dict(value))
            if name == SAMPLE_PROPERTY:
                self._numbers.add(value)
        for result in report_results(report):
            # A rerun of the same check replaces its result.
            self._results[result.key] = result
            self._files.add(self._run, result)

    def _add_potential(self, found: PotentialRecord) -> None:
        """Add what is only known after a potential was loaded or trained."""
        potentials = list(self._run.potentials)
        known = [place for place, entry in enumerate(potentials) if entry.name == found.name]
        for place in known:
            if potentials[place].sha256 in ("", found.sha256):
                potentials[place] = potentials[place].updated(found)
                break
        else:
            # `train:` on another dataset trains another potential of the same name; a potential
            # from a fixture of the project has a name of its own.
            potentials.append(potentials[known[0]].updated(found) if known else found)
        self._run = replace(self._run, potentials=tuple(potentials))

    def _add_dataset(self, found: DatasetRecord) -> None:
        """Add a dataset that is the partner of another one."""
        if all(entry.name != found.name for entry in self._run.datasets):
            self._run = replace(self._run, datasets=(*self._run.datasets, found))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Set the exit code by the verdicts, and write the report."""
        if must_judge(session, self._reported):
            self._outcome = decide(
                int(session.exitstatus),
                self._results.values(),
                strict=self._settings.strict,
                silent=silent_checks(session, self._reported),
                paths_given=session.config.args_source is pytest.Config.ArgsSource.ARGS,
                not_compared=not_compared_lines(self._results.values(), self._settings.baseline),
                not_run=not self._settings.errors_fail and all(self._failed.values()),
            )
            session.exitstatus = self._outcome.status
        if not self._results:
            return
        self._run = replace(self._run, finished=now(), exit_status=int(session.exitstatus))
        results = list(self._results.values())
        written = self._files.finish(self._run, results)
        if session.exitstatus in _COMPLETE:
            written &= self._numbers.write(
                self._settings.report_dir,
                self._settings.save_baseline,
                self._run,
                results,
                reason=self._settings.baseline_reason,
            )
        elif self._settings.save_baseline is not None:
            self._numbers.problems.append(
                f"no baseline was written to {self._settings.save_baseline}: the run is not whole, "
                "or judged nothing"
            )
        if self._settings.markdown is not None:
            written &= self._files.add_summary(self._settings.markdown, self._run, results)
        if not written and session.exitstatus == pytest.ExitCode.OK:
            # A script would go on without a report or summary, or with that of an earlier run.
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR

    def pytest_unconfigure(self) -> None:
        """Let other runs write to the report folder."""
        self._files.close()

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the table of verdicts and the path of the report."""

        def write(text: str, **color: bool) -> None:
            terminalreporter.write_line(fitted(text, terminalreporter._tw), **color)

        if self._results:
            from ms25_suite.report import sort_results, terminal_table

            terminalreporter.section("ms25-suite verdicts")
            width = terminalreporter._tw.fullwidth
            results = sort_results(self._run, list(self._results.values()))
            color = terminalreporter.hasmarkup
            encoding = getattr(terminalreporter._tw._file, "encoding", None)
            table = terminal_table(results, width, color=color, encoding=encoding, run=self._run)
            for line in table.splitlines():
                terminalreporter.write_line(line)
        for line in self._since_baseline():
            write(shown(line))
        for message in self._warnings():
            write(f"warning: {message}", yellow=True)
        for message in self._outcome.messages if self._outcome else ():
            write(shown(message), red=True)
        for message in (*self._files.problems, *self._numbers.problems):
            write(shown_lines(message), red=True)
        if self._files.html is not None:
            write(shown(f"report: {self._files.html}"))
        earlier = self._files.earlier
        if earlier is not None:
            n = earlier.n_results
            count = "" if n is None else f" ({n} result{'' if n == 1 else 's'})"
            write(shown(f"report before{count}: {earlier.folder}"))

    def _not_imported(self) -> list[str]:
        """Which members of a group there are no imported data of."""
        names, tier = self._settings.not_imported, self._settings.tier
        what = f"{tier.origin}: nothing is judged on {listed(names)}, which the imported data lack"
        return [what] if names else []

    def _since_baseline(self) -> list[str]:
        """How many numbers changed since the baseline; empty without one."""
        gate = self._settings.baseline
        if gate is None:
            return []
        count = Counter(one.change.verdict for one in self._results.values() if one.change)
        found = ", ".join(
            f"{count[verdict]} {verdict}" for verdict in ChangeVerdict if count[verdict]
        )
        dates = sorted({one.date[:10] for one in gate.baseline.accepted})
        return [
            f"since the baseline {gate.path.name} of {' and '.join(dates)}: {found or 'nothing'}"
        ]

    def _warnings(self) -> list[str]:
        """Findings about the data and about predictions, each once."""
        found = [*self._not_imported()]
        found += [
            f"{dataset.name}: {finding.message}"
            for dataset in self._run.datasets
            for finding in dataset.findings
            if finding.severity == "warning"
        ]
        found += [
            f"{result.potential} on {result.test_dataset}: {finding.message}"
            for result in self._results.values()
            for finding in result.findings
            if finding.severity == "warning"
        ]
        return [shown(message) for message in dict.fromkeys(found)]
