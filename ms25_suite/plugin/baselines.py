"""The baseline of a run: the one that it is compared with, and the one that it writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ms25_suite.baseline.allowances import Allowances, parse_rules
from ms25_suite.baseline.document import FILE_NAME, Baseline, Key
from ms25_suite.baseline.gate import BaselineGate
from ms25_suite.baseline.samples import PackedSample
from ms25_suite.core.changes import ChangeVerdict
from ms25_suite.core.contracts import read_as
from ms25_suite.core.documents.files import user_path
from ms25_suite.core.errors import BaselineError, ReportError, UsageError
from ms25_suite.core.machine import machine
from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.plugin.values import writable_file

__all__ = ["RunNumbers", "baseline_gate", "not_compared_lines", "save_baseline"]

_MOST_SHOWN = 5


def baseline_gate(
    text: str | None, rules: Sequence[str], *, potentials: Sequence[str], dtype: str, device: str
) -> BaselineGate | None:
    """The gate of ``--ms25-baseline``; None where none is named.

    Raises
    ------
    Ms25Error
        There is no such file, it is no baseline, or a rule of ``--ms25-fail-if`` is wrong or has no
        baseline to be applied to.
    """
    parsed = parse_rules(rules)
    if text is None:
        if parsed:
            msg = (
                "--ms25-fail-if says how much worse than a baseline a number may be, and no "
                "baseline is given: add --ms25-baseline=FILE. Limits without a baseline are "
                "thresholds (--ms25-thresholds)"
            )
            raise UsageError(msg)
        return None
    path = user_path(text, "--ms25-baseline", UsageError)
    gate = BaselineGate(
        path=path,
        baseline=Baseline.read(path),
        allowances=Allowances.default().with_rules(parsed),
        potentials=potentials,
        run=RunRecord(dtype=dtype, device=device, machine=machine()),
    )
    gate.check()
    return gate


def save_baseline(text: str | None, reason: str) -> Path | None:
    """File of ``--ms25-save-baseline``; None where none is named.

    Raises
    ------
    UsageError
        It cannot be written, or a reason is given without a file.
    """
    if reason and text is None:
        msg = "--ms25-baseline-reason says why numbers are accepted: add --ms25-save-baseline=FILE"
        raise UsageError(msg)
    return writable_file(text, "--ms25-save-baseline")


def not_compared_lines(results: Iterable[CheckResult], gate: BaselineGate | None) -> list[str]:
    """What could be expected to be compared with the baseline and was not; empty without one."""
    if gate is None:
        return []
    known = list(results)
    reasons: dict[str, list[CheckResult]] = {}
    for result in known:
        if result.change is not None and result.change.verdict is ChangeVerdict.NOT_COMPARED:
            reasons.setdefault(result.change.reason, []).append(result)
    changes = {one.change.verdict for one in known if one.change is not None}
    for result in [] if changes <= {ChangeVerdict.NEW} else gate.unknown(known):
        reasons.setdefault(
            "the baseline does not have it, and has what this run has not: was it renamed?", []
        ).append(result)
    for result in gate.lost(known):
        reasons.setdefault("the baseline has a number, and this run has none", []).append(result)
    lines = [
        f"not compared with the baseline: {_named(own)}: {why}" for why, own in reasons.items()
    ]
    if lines:
        lines.append(
            "A number that is not compared is not known to be as good: make a baseline of these "
            "conditions with --ms25-save-baseline, or repeat the run under those of the baseline"
        )
    if not lines and changes and changes <= {ChangeVerdict.NEW}:
        here = ", ".join(dict.fromkeys(one.potential for one in known))
        lines.append(
            f"nothing was compared with the baseline: it has no number of {here} on these datasets "
            f"by these criteria. It has those of {', '.join(gate.baseline.potentials)}"
        )
    return lines


def _named(results: Sequence[CheckResult]) -> str:
    names = [f"{one.quantity} of {one.potential} on {one.test_dataset}" for one in results]
    more = len(names) - _MOST_SHOWN
    return ", ".join(names[:_MOST_SHOWN]) + (f" and {more} more" if more > 0 else "")


class RunNumbers:
    """Collects the errors of single frames, and writes the numbers of a run as a baseline.

    Attributes
    ----------
    problems
        What could not be written, and why.
    """

    def __init__(self) -> None:
        self._samples: dict[Key, PackedSample] = {}
        self.problems: list[str] = []

    def add(self, value: Any) -> None:
        """Keep what a check has sent under `ms25_suite.criteria.recorder.SAMPLE_PROPERTY`."""
        sample = read_as(PackedSample, value["sample"], "errors of single frames", ReportError)
        criterion, dataset, test_dataset, potential, quantity, metric = value["key"]
        key = (criterion, dataset, test_dataset, potential, quantity, metric)
        self._samples[key] = sample

    def baseline(self, run: RunRecord, results: Sequence[CheckResult], reason: str) -> Baseline:
        """The numbers of the run."""
        date = datetime.now(UTC).isoformat(timespec="seconds")
        return Baseline.of(run, results, self._samples, date=date, reason=reason)

    def write(
        self,
        folder: Path,
        path: Path | None,
        run: RunRecord,
        results: Sequence[CheckResult],
        *,
        reason: str,
    ) -> bool:
        """Write the numbers into the report folder, and to the file of the user.

        The file of a user is not written where a number is worse than the former baseline or could
        not be computed, and a part of a run replaces no whole one.

        Parameters
        ----------
        folder
            Folder of the report.
        path
            File of ``--ms25-save-baseline``; None for none.
        run, results
            The run.
        reason
            Why the numbers are accepted.

        Returns
        -------
        :
            Whether all was written that was asked for.
        """
        found = self.baseline(run, results, reason)
        try:
            found.write(folder / FILE_NAME)
        except OSError as error:
            self.problems.append(f"{folder / FILE_NAME} could not be written: {error}")
        if path is None:
            return True
        refused = _refused(found, path, results)
        if refused:
            self.problems.append(
                f"no baseline was written to {path}: {refused}. `ms25 baseline update {path.name} "
                f"{folder}` accepts the numbers of this run all the same"
            )
            return False
        try:
            found.write(path)
        except OSError as error:
            self.problems.append(f"the baseline {path} could not be written: {error}")
            return False
        return True


def _refused(found: Baseline, path: Path, results: Sequence[CheckResult]) -> str:
    """Why a baseline is not written; empty if it is."""
    if not found.numbers:
        return "this run has no number"
    not_run = [one for one in results if one.verdict is Verdict.ERROR]
    if not_run:
        # Later runs would have numbers that nothing is compared with.
        return f"what could not be run has no number: {_named(not_run)}"
    worse = [
        one
        for one in results
        if one.change is not None and one.change.verdict is ChangeVerdict.WORSE
    ]
    if worse:
        return f"worse than the former one is {_named(worse)}"
    try:
        former: Mapping[Key, object] = Baseline.read(path).by_key
    except BaselineError:
        if path.is_file() and path.stat().st_size:
            return "there is another file, which is no baseline"
        return ""
    lost = [key for key in former if key not in found.by_key]
    if lost:
        return (
            f"the one there has {len(lost)} numbers that this run has not, such as "
            f"{' '.join(lost[0])}"
        )
    return ""
