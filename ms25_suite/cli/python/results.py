"""The results of a run as a Python object: to select from, to show in a notebook, to save."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from ms25_suite.core.errors import UsageError, did_you_mean
from ms25_suite.core.records.run import RunRecord
from ms25_suite.core.results import CheckResult, Verdict, unjudged, worst_verdict
from ms25_suite.core.text.shown import visible
from ms25_suite.report.comparisons import counted, marked, notice, two_levels_of
from ms25_suite.report.order import sort_results
from ms25_suite.report.pairs import without_repeats
from ms25_suite.report.tables import CSV_COLUMNS, change_columns, config_type_text, terminal_table
from ms25_suite.report.wording import (
    SYMBOLS,
    count_sentence,
    limit_text,
    pair_label,
    pretty_unit,
    quantity_text,
    result_text,
    verdict_word,
)
from ms25_suite.report.writer import ReportFiles, write_report

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Results"]

_TABLE_WIDTH = 100
_CUT_OFF = (2, 3)
"""Exit statuses of pytest for a run that was interrupted, or ended by an internal error."""


class Results(Sequence[CheckResult]):
    """Results of a run, in the order of the report.

    They are a sequence of `CheckResult`, a slice of which is `Results` again. ``results["eos"]``
    selects a criterion, and `where` selects by any field.

    Parameters
    ----------
    run
        Description of the run: potentials, datasets, machine, versions.
    results
        One `CheckResult` for each number. Their artifacts are absolute paths, if they have any.
    whole
        Whether these are all results of the run, so that its exit status is about them.
    owner
        Whatever must not be deleted as long as the results are used: a temporary folder.

    Examples
    --------
    >>> from ms25_suite.core.results import CheckResult, Verdict
    >>> from ms25_suite.core.records.run import RunRecord
    >>> common = dict(criterion="error_thresholds", dataset="cha", test_dataset="cha", metric="mae")
    >>> results = Results(
    ...     RunRecord(exit_status=1),
    ...     [
    ...         CheckResult(
    ...             **common, potential="mace", quantity="energy", value=1.2, unit="meV/atom",
    ...             threshold=2.5, verdict=Verdict.PASS,
    ...         ),
    ...         CheckResult(
    ...             **common, potential="mace", quantity="forces", value=71.0, unit="meV/Å",
    ...             threshold=35.0, verdict=Verdict.FAIL,
    ...         ),
    ...     ],
    ... )
    >>> len(results), results.verdict.value, results.passed
    (2, 'fail', False)
    >>> results.where(quantity="energy").passed
    True
    >>> [(result.quantity, result.value) for result in results["error_thresholds"]]
    [('energy', 1.2), ('forces', 71.0)]
    >>> results
    quantity    value  95 % interval  limit  unit      verdict
    ──────────  ─────  ─────────────  ─────  ────────  ───────
    error_thresholds: cha · mace
    energy mae   1.20                 ≤ 2.5  meV/atom  ✓ pass
    forces mae   71.0                 ≤ 35   meV/Å     ✗ fail
    """

    def __init__(
        self,
        run: RunRecord,
        results: Iterable[CheckResult],
        *,
        whole: bool = True,
        owner: object = None,
    ) -> None:
        self.run = run
        self._results = tuple(sort_results(self.run, results))
        self._whole = whole
        self._owner = owner

    @property
    def verdict(self) -> Verdict | None:
        """The worst verdict; None if there is none.

        In descending order: error, fail, undecided, incomparable, pass, skip.
        """
        return worst_verdict(result.verdict for result in self._results)

    @property
    def passed(self) -> bool:
        """Whether pytest would have ended with exit status 0, for these results alone.

        An undecided result counts as passed, unless the run was strict. A number that compares two
        levels of theory does not count. Without any that does, with one that could be expected and
        was not judged, or if the run was cut off, nothing has passed.
        """
        failing = {Verdict.FAIL, Verdict.ERROR}
        # The same rule as in the recorder of a check.
        if self.run.strict:
            failing.add(Verdict.UNDECIDED)
        verdicts = {result.verdict for result in self._results}
        status = self.run.exit_status
        sound = status == 0 if self._whole else status not in _CUT_OFF
        # Neither skipped checks alone are a success, nor verdicts with a gap.
        counted = {
            result.verdict
            for result in self._results
            if not (result.incomparable and result.verdict in (None, Verdict.INCOMPARABLE))
        }
        judged = bool(counted - {Verdict.SKIP}) and not unjudged(self._results)
        return sound and not verdicts & failing and judged

    def where(
        self,
        *,
        criterion: str | None = None,
        dataset: str | None = None,
        test_dataset: str | None = None,
        potential: str | None = None,
        quantity: str | None = None,
        metric: str | None = None,
        verdict: str | None = None,
    ) -> Results:
        """Results of which all given fields have the given value; there may be none.

        Parameters
        ----------
        criterion, dataset, test_dataset, potential, quantity, metric, verdict
            Values as in `CheckResult`; None for any.
        """
        wanted = {
            "criterion": criterion,
            "dataset": dataset,
            "test_dataset": test_dataset,
            "potential": potential,
            "quantity": quantity,
            "metric": metric,
            "verdict": verdict,
        }
        return self._part(
            result
            for result in self._results
            if all(getattr(result, name) == value for name, value in wanted.items() if value)
        )

    def to_frame(self) -> DataFrame:
        """Table for pandas: a row for each result, with the columns of ``results.csv``.

        Raises
        ------
        UsageError
            pandas is not installed.
        """
        try:
            from pandas import DataFrame
        except ImportError as error:
            msg = "to_frame() needs pandas, which is not installed: pip install pandas"
            raise UsageError(msg) from error
        rows = [_record(result) for result in self._results]
        return DataFrame(rows, columns=list(CSV_COLUMNS))

    def save(self, folder: str | Path) -> ReportFiles:
        """Write the report of these results, with all its files, into a folder.

        Parameters
        ----------
        folder
            It is created if needed.

        Returns
        -------
        :
            Paths of the files; ``.html`` is the page to read.

        Raises
        ------
        ReportError
            The folder cannot be written to.
        """
        return write_report(Path(folder).expanduser(), self.run, self._results)

    def __len__(self) -> int:
        return len(self._results)

    def __iter__(self) -> Iterator[CheckResult]:
        return iter(self._results)

    @overload
    def __getitem__(self, key: int) -> CheckResult: ...

    @overload
    def __getitem__(self, key: slice | str) -> Results: ...

    def __getitem__(self, key: int | slice | str) -> CheckResult | Results:
        """One result by its position, several by a slice, those of a criterion by its name."""
        if isinstance(key, slice):
            return self._part(self._results[key])
        if not isinstance(key, str):
            return self._results[key]
        found = self.where(criterion=key)
        if not found:
            known = dict.fromkeys(result.criterion for result in self._results)
            msg = f"no results of {key!r}.{did_you_mean(key, known)} There are: {', '.join(known)}"
            raise KeyError(msg)
        return found

    def __repr__(self) -> str:
        return terminal_table(self._results, _TABLE_WIDTH, run=self.run).rstrip("\n")

    def _repr_html_(self) -> str:
        """Table for a notebook."""
        from jinja2 import Environment, PackageLoader, StrictUndefined

        environment = Environment(
            loader=PackageLoader("ms25_suite.report", "templates"),
            autoescape=True,
            finalize=visible,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        shown = without_repeats(self._results)
        return environment.get_template("results.html").render(
            verdict=verdict_word(self.verdict) if shown else "no results",
            summary=count_sentence(shown),
            notice=notice(two_levels_of(self.run, shown), counted=counted(shown)),
            rows=[_row(result) for result in shown],
        )

    def _part(self, results: Iterable[CheckResult]) -> Results:
        return Results(self.run, results, whole=False, owner=self._owner)


def _record(result: CheckResult) -> dict[str, Any]:
    """Values of one row of the table for pandas."""
    record = result.to_dict()
    record["interval_low"], record["interval_high"] = record["interval"] or (None, None)
    record["by_config_type"] = config_type_text(result)
    record |= change_columns(result)
    return {name: record[name] for name in CSV_COLUMNS}


def _row(result: CheckResult) -> dict[str, str]:
    """Texts of one row of the table in a notebook."""
    value, interval = result_text(result)
    return {
        "criterion": result.criterion,
        "dataset": pair_label(result.dataset, result.test_dataset),
        "potential": result.potential,
        "quantity": quantity_text(result.quantity, result.metric),
        "value": marked(value, result),
        "interval": interval,
        "limit": "" if result.threshold is None else limit_text(result.threshold, result.at_least),
        "unit": pretty_unit(result.unit),
        "verdict": verdict_word(result.verdict),
        "symbol": SYMBOLS[result.verdict],
        "reason": result.reason,
    }
