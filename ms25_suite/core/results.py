"""Results of checks, and the document ``results.json`` that holds those of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Final, Literal, Self

from ms25_suite.core.catalogue import find
from ms25_suite.core.changes import Change
from ms25_suite.core.contracts import read_as
from ms25_suite.core.documentation.pages import how_to_read
from ms25_suite.core.errors import ReportError
from ms25_suite.core.findings import Finding
from ms25_suite.core.records import RunRecord
from ms25_suite.core.records.base import plain
from ms25_suite.core.text.lines import one_line
from ms25_suite.core.text.shown import shown, shown_lines
from ms25_suite.core.units import DIMENSIONLESS

__all__ = [
    "SCHEMA",
    "SEVERITY",
    "CheckResult",
    "ResultsDocument",
    "Verdict",
    "unjudged",
    "worst_verdict",
]

SCHEMA: Final = 1
"""Version of the layout of ``results.json`` and of the journal."""


class Verdict(StrEnum):
    """Outcome of a check.

    ``incomparable`` is a number that compares two levels of theory: it is shown for information,
    and counts neither for nor against the potential.
    """

    PASS = "pass"
    FAIL = "fail"
    UNDECIDED = "undecided"
    INCOMPARABLE = "incomparable"
    ERROR = "error"
    SKIP = "skip"


SEVERITY: Final = (
    Verdict.SKIP,
    Verdict.PASS,
    # Above a pass: where something could not be judged, the whole must not look like an approval.
    Verdict.INCOMPARABLE,
    Verdict.UNDECIDED,
    Verdict.FAIL,
    Verdict.ERROR,
)
"""Verdicts from the mildest to the worst."""

_NO_JUDGEMENT = (None, Verdict.SKIP, Verdict.INCOMPARABLE)
"""What says nothing about a potential."""


def unjudged(results: Iterable[CheckResult]) -> list[CheckResult]:
    """Results that could be expected to have a number and have none, nor has any other result.

    The errors on one dataset may be those of a check of it, or of a transfer to it; an observable
    may be known with atoms that the potential relaxes.
    """
    known = list(results)
    judged = {_subject(one) for one in known if one.verdict not in _NO_JUDGEMENT}
    return [result for result in known if result.unjudged and _subject(result) not in judged]


def _subject(result: CheckResult) -> tuple[str, str, str]:
    """What a number is about, whichever check it comes from."""
    return result.potential, result.test_dataset, result.quantity.removeprefix("relaxed_")


def worst_verdict(verdicts: Iterable[Verdict | None]) -> Verdict | None:
    """Worst of some verdicts; None if there is none.

    In descending order: error, fail, undecided, incomparable, pass, skip.

    A skipped check changes no other verdict: the worst is ``skip`` only if nothing was judged.
    """
    known = [verdict for verdict in verdicts if verdict is not None]
    return max(known, key=SEVERITY.index) if known else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One measured number and its verdict, or the reason why there is no number.

    Parameters
    ----------
    criterion
        ``error_thresholds``, …: name of the marker and of the docs page.
    dataset
        Dataset of the check: for a potential trained by the suite, the one that it was trained
        on.
    test_dataset
        Dataset whose frames were predicted; the same as ``dataset``, except for transfer.
    potential
        Name of the potential, unique in a run.
    potential_sha256
        SHA-256 of the model file or calculator file; empty where there is none.
    architecture
        ``mace``, …; ``ase`` for a potential that is any ASE calculator, ``reference`` for the
        reference itself, empty if unknown.
    quantity
        ``energy``, ``forces``, ``stress`` or an observable.
    metric
        ``mae``, ``rmse``, ``error``, ``rate``, ``ratio``, ``part`` (the largest mean absolute error
        of some parts), ``difference`` (of the mean absolute errors of two potentials) or
        ``measurement``.
    value
        The measured number; None if there is none.
    unit
        Unit of the value, of the interval and of the threshold.
    interval
        95 % confidence interval of the value.
    threshold
        A value up to and including it passes; None for a measurement without a threshold.
    threshold_source
        Where the threshold comes from.
    at_least
        True if larger values are better: a value at or above the threshold passes.
    verdict
        Outcome; None for a measurement without a threshold.
    n_frames
        Number of frames that the number was computed from.
    n_independent
        Effective number of independent frames or trajectories behind the interval; None where the
        number is no statistic of a sample.
    reason
        Why there is no number (``error`` and ``skip``), or a comment on the number.
    unjudged
        Whether a skipped number could be expected: then `reason` also says what to do, and the run
        is not a success.
    duration_s
        Wall time of the check in seconds.
    tier
        ``mini`` for a dataset of the suite, ``published`` for the authors' data, the name of the
        package for one that an installed package brings, ``user`` for a user's files; empty if
        unknown.
    level_of_theory
        Level of theory of the reference labels.
    stand_in
        Whether the labels stand in for those of the paper.
    incomparable
        Whether the number compares predictions with stand-in labels of another level of theory than
        the one that the potential is known to have learned. Unless the user lets such numbers
        count, their verdict is ``incomparable``.
    details
        Further small JSON-able data (errors per element, worst frames, findings, …).
    artifact
        File with the compared arrays, relative to the report folder; empty if there is none.
    change
        How the number changed since the baseline of the run; None without a baseline.
    conditions
        Settings that decide which number it is, such as the number of steps: numbers under other
        ones are not compared.
    """

    criterion: str
    dataset: str
    test_dataset: str
    potential: str
    quantity: str
    metric: str
    architecture: str = ""
    potential_sha256: str = ""
    value: float | None = None
    unit: str = ""
    interval: tuple[float, float] | None = None
    threshold: float | None = None
    threshold_source: str = ""
    at_least: bool = False
    verdict: Verdict | None = None
    n_frames: int = 0
    n_independent: float | None = None
    reason: str = ""
    unjudged: bool = False
    duration_s: float = 0.0
    tier: str = ""
    level_of_theory: str = ""
    stand_in: bool = False
    incomparable: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)
    artifact: str = ""
    change: Change | None = None
    conditions: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        found = self.details.get("findings", [])
        if not isinstance(found, list | tuple) or not all(map(_is_finding, found)):
            msg = "`details.findings` must be a list of tables with the keys `code` and `message`"
            raise ValueError(msg)

    @property
    def key(self) -> tuple[str, str, str, str, str, str]:
        """Identity of the result; in a report, a later result replaces one of the same key."""
        return (
            self.criterion,
            self.dataset,
            self.test_dataset,
            self.potential,
            self.quantity,
            self.metric,
        )

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Findings about the predictions, from ``details``."""
        return tuple(Finding.from_dict(entry) for entry in self.details.get("findings", ()))

    @property
    def _what(self) -> str:
        """What was measured, in the words of the tables: ``forces MAE``, ``energy p95 error``."""
        words = self.quantity.replace("_", " ")
        return words if self.metric in ("measurement", "part") else f"{words} {self._metric}"

    @property
    def _metric(self) -> str:
        return self.metric.upper() if self.metric in ("mae", "rmse") else self.metric

    @property
    def _independent(self) -> str:
        """How many of the frames are independent, where it is not all of them."""
        known = self.n_independent
        if known is None or known > self.n_frames - 0.5:
            return ""
        return f" (as good as {known:.3g} independent ones)"

    def in_short(self) -> str:
        """What decides the verdict, in part of a line: ``forces MAE 61.2 > 50 meV/Å``.

        Without a number it is the reason, of which a traceback is left out.
        """
        if self.value is None:
            about = f"{self.quantity.replace('_', ' ')}: " if self.quantity else ""
            return shown(f"{about}{one_line(self.reason)}")
        unit = "" if self.unit == DIMENSIONLESS else f" {self.unit}"
        value, mark = _told_apart(self.value, self.threshold)
        text = f"{self._what} {value}".strip()
        if self.threshold is None:
            return f"{text}{unit}"
        within = self.value >= self.threshold if self.at_least else self.value <= self.threshold
        if self.verdict is Verdict.PASS and within:
            return f"{text} {'≥' if self.at_least else '≤'} {mark}{unit}"
        if self.verdict is Verdict.FAIL and not within:
            return f"{text} {'<' if self.at_least else '>'} {mark}{unit}"
        # The mark alone does not explain this verdict.
        if self.interval is not None:
            text += f" ({self.interval[0]:.4g} to {self.interval[1]:.4g})"
        why = f": {one_line(self.reason)}" if self.reason and within else ""
        return shown(f"{text}, threshold {mark}{unit}{why}")

    def explain(self) -> str:
        """Explain the verdict in a few lines of text."""
        origin = "" if self.dataset == self.test_dataset else f" (from {self.dataset})"
        who = f"{shown(self.potential)} on {shown(self.test_dataset)}{shown(origin)}"
        # An error, a skip, or a failure before there was a number.
        if self.value is None:
            about = f"{self.quantity.replace('_', ' ')} of {who}" if self.quantity else who
            return shown_lines(f"{self.criterion}: {about}: {self.verdict}: {self.reason}")
        value = f"{self.value:.4g}"
        if self.interval is not None:
            value += f" (95 % interval {self.interval[0]:.4g} to {self.interval[1]:.4g})"
        what = f"{self._what} of {who}"
        unit = "" if self.unit == DIMENSIONLESS else f" {self.unit}"
        least = "at least " if self.at_least else ""
        mark = "no threshold"
        if self.threshold is not None:
            mark = f"threshold {least}{self.threshold:g}{unit}"
        lines = [
            f"{self.verdict or 'measured'}: {what} is {value}{unit}, {mark}",
            f"  frames:     {self.n_frames}{self._independent}",
            f"  threshold:  {self.threshold_source or 'none'}",
        ]
        if self.level_of_theory:
            stand_in = " (a stand-in for the paper's)" if self.stand_in else ""
            lines.append(f"  reference:  {self.level_of_theory}{stand_in}")
        if self.change is not None:
            lines.append(f"  since:      {self.change.explained(unit)}")
        if self.incomparable:
            lines.append(
                "  compared:   two levels of theory (that of the labels is not known to be what "
                f"{self.potential} learned)"
            )
        if "without_model" in self.details:
            scale = f"{self.details['without_model']:.4g}{unit}"
            lines.append(
                f"  baseline:   error {scale} (element energies, zero forces, mean stress)"
            )
        frames = self.details.get("worst_frames", ())
        worst = ", ".join(f"{entry['frame']} ({entry['value']:.4g})" for entry in frames)
        if worst:
            lines.append(f"  worst frames of the dataset, with their MAE: {worst}")
        if self.reason:
            lines.append(f"  reason:     {self.reason}")
        for finding in self.findings:
            lines.append(f"  {finding.severity + ':':<11} {finding.message}")
        entry = find(self.criterion)
        page = f"docs/checks/{self.criterion}.md" if entry is None else entry.explained_in
        if page:
            lines.append(f"  how to read this: {how_to_read(page)}")
        return shown_lines("\n".join(lines))

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        record: dict[str, Any] = plain(asdict(self))
        record["verdict"] = None if self.verdict is None else self.verdict.value
        record["interval"] = None if self.interval is None else list(self.interval)
        return record

    @classmethod
    def from_dict(cls, record: object, where: str = "result of a check") -> Self:
        """Inverse of `to_dict`; unknown keys are ignored.

        Parameters
        ----------
        record
            Table from a file or from a worker of pytest-xdist.
        where
            Start of the message of an error.

        Raises
        ------
        ReportError
            A key is missing, or a value has a wrong type.
        """
        return read_as(cls, record, where, ReportError)


def _told_apart(value: float, mark: float | None) -> tuple[str, str]:
    """A value and its threshold, with as many digits as tell them apart: not ``5 > 5``."""
    if mark is None or value == mark:
        return f"{value:.4g}", "" if mark is None else f"{mark:.4g}"
    texts = ((f"{value:.{digits}g}", f"{mark:.{digits}g}") for digits in (4, 6, 9, 17))
    return next(pair for pair in texts if pair[0] != pair[1])


def _is_finding(entry: object) -> bool:
    return isinstance(entry, Mapping) and all(
        isinstance(entry.get(key), str) for key in ("code", "message")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultsDocument:
    """Content of ``results.json``.

    Parameters
    ----------
    schema
        Version of the layout.
    run
        Description of the run.
    results
        Results of its checks.
    """

    schema: Literal[1]
    run: RunRecord
    results: tuple[CheckResult, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {
            "schema": self.schema,
            "run": self.run.to_dict(),
            "results": [result.to_dict() for result in self.results],
        }

    @classmethod
    def from_dict(cls, document: object, where: str = "results.json") -> Self:
        """Inverse of `to_dict`; unknown keys are ignored.

        Raises
        ------
        ReportError
            The layout is another one, a key is missing, or a value has a wrong type.
        """
        layout = document.get("schema") if isinstance(document, Mapping) else None
        if layout != SCHEMA:
            found = f"schema {layout!r}" if isinstance(document, Mapping) else "no table"
            msg = f"{where}: expected results of schema {SCHEMA}, found {found}"
            raise ReportError(msg)
        return read_as(cls, document, where, ReportError)
