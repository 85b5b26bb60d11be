"""The numbers of a run against those of a baseline: which one belongs to which."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ms25_suite.baseline.allowances import Allowances
from ms25_suite.baseline.document import Baseline, Entry, Key, less_is_better, version_of
from ms25_suite.baseline.samples import FrameSample
from ms25_suite.baseline.since import change_of
from ms25_suite.core.catalogue import find
from ms25_suite.core.changes import Change, ChangeVerdict
from ms25_suite.core.machine import Machine
from ms25_suite.core.results import CheckResult

__all__ = ["BaselineGate"]


@dataclass(frozen=True, kw_only=True)
class BaselineGate:
    """Compares the results of a run with accepted numbers.

    Parameters
    ----------
    path
        File of the baseline.
    baseline
        The accepted numbers.
    allowances
        How much worse a number may be.
    potentials
        Names of the potentials of the run. If it has one and the baseline has one, they are
        compared whatever their names are.
    dtype, device, machine
        Conditions of the run.
    """

    path: Path
    baseline: Baseline
    allowances: Allowances
    potentials: Sequence[str]
    dtype: str
    device: str
    machine: Machine
    _samples: dict[Key, FrameSample] = field(default_factory=dict, init=False, repr=False)

    def change(
        self, result: CheckResult, data_sha256: str, sample: FrameSample | None = None
    ) -> Change | None:
        """How a number changed; None for one of which it is not known what is better.

        Parameters
        ----------
        result
            The number.
        data_sha256
            SHA-256 of the dataset whose frames were predicted.
        sample
            Errors of the single frames.

        Raises
        ------
        BaselineError
            The errors of the frames in the file are damaged.
        """
        if result.value is None or less_is_better(result) is None:
            return None
        entry = self.entry(result)
        if entry is None:
            return Change(verdict=ChangeVerdict.NEW)
        before = self._sample(entry)
        reason = self._differs(entry, result, data_sha256, sample, before)
        if reason:
            return Change(verdict=ChangeVerdict.NOT_COMPARED, before=entry.value, reason=reason)
        allowed = self.allowances.allowed(
            result.criterion, result.quantity, result.unit, entry.value
        )
        return change_of(entry, result.value, result.interval, allowed, sample, before)

    def entry(self, result: CheckResult) -> Entry | None:
        """Accepted number of the same kind; None if there is none."""
        criterion, dataset, test_dataset, _, quantity, metric = result.key
        name = self._name_in_baseline(result.potential)
        return self.baseline.by_key.get((criterion, dataset, test_dataset, name, quantity, metric))

    def lost(self, results: Iterable[CheckResult]) -> list[CheckResult]:
        """Results without a number of which the baseline has one, and which did not fail."""
        known = list(results)
        have = {result.key for result in known if result.value is not None}
        skipped = [one for one in known if one.value is None and one.verdict == "skip"]
        accepted = {
            (entry.criterion, entry.test_dataset, entry.potential, entry.quantity)
            for entry in self.baseline.numbers
        }
        return [
            one
            for one in skipped
            if one.key not in have
            and (
                one.criterion,
                one.test_dataset,
                self._name_in_baseline(one.potential),
                one.quantity,
            )
            in accepted
        ]

    def _name_in_baseline(self, potential: str) -> str:
        known = self.baseline.potentials
        if potential not in known and len(known) == 1 and len(set(self.potentials)) == 1:
            return known[0]
        return potential

    def _sample(self, entry: Entry) -> FrameSample | None:
        if entry.sample is None:
            return None
        if entry.key not in self._samples:
            where = f"{self.path}: {' '.join(entry.key)}"
            self._samples[entry.key] = FrameSample.unpacked(entry.sample, where)
        return self._samples[entry.key]

    def _differs(
        self,
        entry: Entry,
        result: CheckResult,
        data_sha256: str,
        sample: FrameSample | None,
        before: FrameSample | None,
    ) -> str:
        """Why two numbers are not of the same thing; empty if they are."""
        run = self.baseline.run_of(entry)
        if entry.version != version_of(result.criterion):
            return (
                f"{result.criterion} means another number by now (version {entry.version} in the "
                f"baseline, {version_of(result.criterion)} here)"
            )
        if entry.unit != result.unit:
            return f"the baseline has it in {entry.unit}"
        if run.dtype and run.dtype != self.dtype:
            return f"the baseline is of {run.dtype}, and this run of {self.dtype}"
        if sample is not None and before is not None:
            if sample.frames != before.frames:
                return (
                    f"other frames: {len(before.errors)} in the baseline, {len(sample.errors)} "
                    "here, and they are not the same"
                )
        elif entry.data_sha256 != data_sha256:
            return (
                f"another dataset: sha256 {entry.data_sha256[:12] or 'unknown'} in the baseline, "
                f"{data_sha256[:12] or 'unknown'} here"
            )
        criterion = find(result.criterion)
        if criterion is not None and criterion.alone:
            return self._other_machine(run.machine, run.device)
        return ""

    def _other_machine(self, machine: Machine | None, device: str | None) -> str:
        """Why speeds cannot be compared; empty if they can."""
        then = ("", 0, "") if machine is None else (machine.cpu, machine.n_cpu, machine.gpu or "")
        now = (self.machine.cpu, self.machine.n_cpu, self.machine.gpu or "")
        if then != now:
            return f"another machine: {then[1]} cores of {then[0]} then, {now[1]} of {now[0]} now"
        if device != self.device:
            return f"another device: {device} then, {self.device} now"
        return ""
