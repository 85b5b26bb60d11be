"""The numbers of a run against those of a baseline: which one belongs to which."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ms25_suite.baseline.allowances import Allowances
from ms25_suite.baseline.document import Baseline, Entry, Key, entry_of
from ms25_suite.baseline.samples import FrameSample
from ms25_suite.baseline.since import change_of
from ms25_suite.core.catalogue import find
from ms25_suite.core.changes import Change, ChangeVerdict
from ms25_suite.core.machine import Machine
from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult, Verdict

__all__ = ["BaselineGate"]


@dataclass(frozen=True, kw_only=True)
class BaselineGate:
    """Compares the numbers of a run with accepted ones.

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
    run
        The run; its device, dtype and machine are used.
    """

    path: Path
    baseline: Baseline
    allowances: Allowances
    potentials: Sequence[str]
    run: RunRecord
    _samples: dict[Key, FrameSample] = field(default_factory=dict, init=False, repr=False)

    def check(self) -> None:
        """Unpack what is packed in the file.

        Raises
        ------
        BaselineError
            It is damaged.
        """
        for entry in self.baseline.numbers:
            self._sample(entry)

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
        now = entry_of(result, data_sha256)
        return None if now is None else self.change_of_entry(now, sample)

    def change_of_entry(self, now: Entry, sample: FrameSample | None = None) -> Change:
        """The same for a number of another baseline."""
        before = self.baseline.by_key.get(self.key_in_baseline(now.key))
        if before is None:
            return Change(verdict=ChangeVerdict.NEW)
        samples = self._sample(before), sample
        reason = self._differs(before, now, samples)
        if reason:
            return Change(verdict=ChangeVerdict.NOT_COMPARED, before=before.value, reason=reason)
        allowed = self.allowances.allowed(now.criterion, now.quantity, now.unit, before.value)
        return change_of(before, now, allowed, samples)

    def lost(self, results: Iterable[CheckResult]) -> list[CheckResult]:
        """Results without a number of which the baseline has one, and which fail no check.

        The metric is not compared: a skipped check may not know it.
        """
        accepted = {entry.key[:-1] for entry in self.baseline.numbers}
        known = list(results)
        have = {one.key[:-1] for one in known if one.value is not None}
        return [
            one
            for one in known
            if one.value is None
            and one.verdict in (Verdict.SKIP, Verdict.UNDECIDED)
            and one.key[:-1] not in have
            and self.key_in_baseline(one.key)[:-1] in accepted
        ]

    def unknown(self, results: Iterable[CheckResult]) -> list[CheckResult]:
        """New numbers of a potential or dataset that may be another name of an accepted one.

        All numbers of it are new, and the baseline has a potential or dataset that is not there:
        then nothing says whether something was added, or renamed and is no longer compared.
        """
        known = list(results)
        names = {one.potential: self.key_in_baseline(one.key)[3] for one in known}
        own = {one.potential for one in self.baseline.numbers}
        datasets = {one.test_dataset for one in self.baseline.numbers}
        gone = own - set(names.values())
        left = datasets - {one.test_dataset for one in known}
        return [
            one
            for one in known
            if one.change is not None
            and one.change.verdict is ChangeVerdict.NEW
            and (
                (gone and names[one.potential] not in own)
                or (left and one.test_dataset not in datasets)
            )
        ]

    def key_in_baseline(self, key: Key) -> Key:
        """Key of the accepted number that a number is compared with."""
        criterion, dataset, test_dataset, potential, quantity, metric = key
        known = self.baseline.potentials
        if potential not in known and len(known) == 1 and len(set(self.potentials)) == 1:
            potential = known[0]
        return criterion, dataset, test_dataset, potential, quantity, metric

    def _sample(self, entry: Entry) -> FrameSample | None:
        if entry.sample is None:
            return None
        if entry.key not in self._samples:
            where = f"{self.path}: {' '.join(entry.key)}"
            self._samples[entry.key] = FrameSample.unpacked(entry.sample, where)
        return self._samples[entry.key]

    def _differs(
        self, before: Entry, now: Entry, samples: tuple[FrameSample | None, FrameSample | None]
    ) -> str:
        """Why two numbers are not of the same thing; empty if they are."""
        then = self.baseline.run_of(before)
        if before.version != now.version:
            return (
                f"{now.criterion} means another number by now (version {before.version} in the "
                f"baseline, {now.version} here)"
            )
        if before.unit != now.unit:
            return f"the baseline has it in {before.unit}"
        if then.dtype != self.run.dtype:
            return f"the baseline is of {then.dtype}, and this run of {self.run.dtype}"
        if before.conditions != now.conditions:
            names = dict.fromkeys((*before.conditions, *now.conditions))
            differing = [
                f"{name} {before.conditions.get(name, 'not stated')} in the baseline, "
                f"{now.conditions.get(name, 'not stated')} here"
                for name in names
                if before.conditions.get(name) != now.conditions.get(name)
            ]
            return f"other conditions: {'; '.join(differing)}"
        first, second = samples
        if first is not None and second is not None:
            if first.frames != second.frames:
                return (
                    f"other frames: {len(first.errors)} in the baseline, {len(second.errors)} "
                    "here, and they are not the same"
                )
            if first.labels and second.labels and first.labels != second.labels:
                return "other labels: the frames are the same, and their reference values are not"
        known = first is not None and second is not None and first.labels and second.labels
        if not known and before.data_sha256 != now.data_sha256:
            return (
                f"another dataset: sha256 {before.data_sha256[:12] or 'unknown'} in the baseline, "
                f"{now.data_sha256[:12] or 'unknown'} here"
            )
        criterion = find(now.criterion)
        if criterion is not None and criterion.alone:
            return _other_machine(then, self.run)
        return ""


def _other_machine(then: RunRecord, now: RunRecord) -> str:
    """Why speeds cannot be compared; empty if they can."""
    if _parts(then.machine) != _parts(now.machine):
        return f"another machine: {_words(then.machine)} then, {_words(now.machine)} now"
    if then.device != now.device:
        return f"another device: {then.device} then, {now.device} now"
    return ""


def _parts(machine: Machine | None) -> tuple[str, int, str] | None:
    return None if machine is None else (machine.cpu, machine.n_cpu, machine.gpu or "")


def _words(machine: Machine | None) -> str:
    return "an unknown one" if machine is None else f"{machine.n_cpu} cores of {machine.cpu}"
