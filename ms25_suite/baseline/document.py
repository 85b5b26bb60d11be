"""The file of a baseline: numbers that a person has accepted, and where they come from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Self

from ms25_suite.baseline.samples import PackedSample
from ms25_suite.core.cache import atomic_path
from ms25_suite.core.catalogue import find
from ms25_suite.core.contracts import read_as
from ms25_suite.core.documents.parsing import read_json
from ms25_suite.core.errors import BaselineError
from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult

__all__ = [
    "FILE_NAME",
    "SCHEMA",
    "Accepted",
    "Baseline",
    "Entry",
    "Key",
    "entry_of",
    "less_is_better",
]

SCHEMA: Final = 1
"""Version of the layout."""

FILE_NAME: Final = "baseline.json"
"""Name in the report folder, where each run writes its own numbers in this form."""

Key = tuple[str, str, str, str, str, str]
"""Criterion, dataset, test dataset, potential, quantity and metric, as `CheckResult.key`."""

_ALWAYS: Final = frozenset({"value", "unit", "version"})
"""What each number has in the file, also where it is 0."""

_LESS: Final = frozenset({"mae", "rmse", "error", "ratio", "part", "difference"})
"""Metrics of which less is better, whatever they are of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One accepted number.

    Parameters
    ----------
    criterion, dataset, test_dataset, potential, quantity, metric
        What the number is, as in `ms25_suite.core.results.CheckResult`.
    version
        Version of the criterion: numbers of two versions mean different things.
    value, unit, interval
        The number, its unit, and its 95 % interval.
    more_is_better
        Whether a larger number is better.
    n_frames
        Number of frames behind it.
    data_sha256
        SHA-256 of the dataset whose frames were predicted.
    conditions
        What else decides which number it is, see `ms25_suite.core.results.CheckResult`.
    accepted
        Number of the run in `Baseline.accepted`.
    sample
        Errors of the single frames; None where the number is no mean over frames.
    """

    criterion: str
    dataset: str
    test_dataset: str
    potential: str
    quantity: str
    metric: str
    version: int
    value: float
    unit: str
    interval: tuple[float, float] | None = None
    more_is_better: bool = False
    n_frames: int = 0
    data_sha256: str = ""
    conditions: Mapping[str, str] = field(default_factory=dict)
    accepted: int = 0
    sample: PackedSample | None = None

    @property
    def key(self) -> Key:
        """Identity of the number."""
        return (
            self.criterion,
            self.dataset,
            self.test_dataset,
            self.potential,
            self.quantity,
            self.metric,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A run whose numbers were accepted.

    Parameters
    ----------
    date
        When, in UTC, ISO 8601.
    reason
        Why, in the words of who accepted them; may be empty.
    run
        Description of the run: models and datasets with their hashes, versions, device, dtype and
        machine.
    """

    date: str
    reason: str = ""
    run: RunRecord


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """Accepted numbers.

    Parameters
    ----------
    schema
        Version of the layout.
    accepted
        The runs that the numbers are from.
    numbers
        The numbers.
    """

    schema: int
    accepted: tuple[Accepted, ...]
    numbers: tuple[Entry, ...]

    def __post_init__(self) -> None:
        wrong = [one for one in self.numbers if not 0 <= one.accepted < len(self.accepted)]
        if wrong:
            msg = f"`accepted` of the number {wrong[0].key} is none of the runs"
            raise ValueError(msg)

    @cached_property
    def by_key(self) -> Mapping[Key, Entry]:
        """The numbers by what they are."""
        return {entry.key: entry for entry in self.numbers}

    @property
    def potentials(self) -> tuple[str, ...]:
        """Names of the potentials, each once."""
        return tuple(dict.fromkeys(entry.potential for entry in self.numbers))

    def run_of(self, entry: Entry) -> RunRecord:
        """Run that a number is from."""
        return self.accepted[entry.accepted].run

    @classmethod
    def of(
        cls,
        run: RunRecord,
        results: Iterable[CheckResult],
        samples: Mapping[Key, PackedSample],
        *,
        date: str,
        reason: str = "",
    ) -> Self:
        """Numbers of a run, of which it is known whether more or less is better.

        Parameters
        ----------
        run
            The run.
        results
            Its results; those without a number are left out.
        samples
            Errors of single frames by the key of the result.
        date, reason
            See `Accepted`.
        """
        hashes = {dataset.name: dataset.sha256 or "" for dataset in run.datasets}
        found = [
            entry_of(result, hashes.get(result.test_dataset, ""), samples.get(result.key))
            for result in results
        ]
        accepted = Accepted(date=date, reason=reason, run=_without_folders(run))
        return cls(
            schema=SCHEMA,
            accepted=(accepted,),
            numbers=tuple(entry for entry in found if entry is not None),
        )

    def updated(self, other: Baseline) -> Baseline:
        """Numbers of both; where both have one, that of the other.

        If each is of one potential, these are taken for versions of one, which keeps its name here.
        """
        if len(self.potentials) == len(other.potentials) == 1:
            (name,) = self.potentials
            renamed = tuple(replace(entry, potential=name) for entry in other.numbers)
            other = Baseline(schema=SCHEMA, accepted=other.accepted, numbers=renamed)
        n_own = len(self.accepted)
        moved = [replace(entry, accepted=entry.accepted + n_own) for entry in other.numbers]
        merged = {**self.by_key, **{entry.key: entry for entry in moved}}
        used = sorted({entry.accepted for entry in merged.values()})
        runs = (*self.accepted, *other.accepted)
        return Baseline(
            schema=SCHEMA,
            accepted=tuple(runs[place] for place in used),
            numbers=tuple(
                replace(entry, accepted=used.index(entry.accepted)) for entry in merged.values()
            ),
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {
            "schema": self.schema,
            "accepted": [
                {"date": one.date, "reason": one.reason, "run": one.run.to_dict()}
                for one in self.accepted
            ],
            "numbers": [_without_defaults(asdict(entry)) for entry in self.numbers],
        }

    def write(self, path: Path) -> None:
        """Write the file.

        Raises
        ------
        OSError
            It cannot be written.
        """
        text = json.dumps(self.to_dict(), allow_nan=False, ensure_ascii=False, indent=1)
        with atomic_path(path) as temporary:
            temporary.write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file that `write` has written.

        Raises
        ------
        BaselineError
            There is no such file, it is no baseline, or one of another layout.
        """
        if path.is_dir() and (path / FILE_NAME).is_file():
            path = path / FILE_NAME
        content = read_json(path, "a baseline", BaselineError)
        found = content.get("schema") if isinstance(content, Mapping) else None
        if not isinstance(content, Mapping) or not {"accepted", "numbers"} <= content.keys():
            msg = (
                f"{path}: expected a baseline, with the tables `accepted` and `numbers`. A run "
                "writes one with --ms25-save-baseline=FILE, and one into its report folder"
            )
            raise BaselineError(msg)
        if found != SCHEMA:
            msg = (
                f"{path}: expected a baseline of schema {SCHEMA}, found {found!r}: it is of "
                "another version of ms25-suite"
            )
            raise BaselineError(msg)
        read = read_as(cls, content, str(path), BaselineError)
        keys = [entry.key for entry in read.numbers]
        if len(set(keys)) < len(keys):
            twice = next(key for key in keys if keys.count(key) > 1)
            msg = f"{path}: the number {' '.join(twice)} is there twice"
            raise BaselineError(msg)
        return read


def version_of(criterion: str) -> int:
    """Version of what the numbers of a criterion mean."""
    found = find(criterion)
    return 1 if found is None else found.version


def less_is_better(result: CheckResult) -> bool | None:
    """Whether less is better; None for a number of which that is not known."""
    if result.at_least:
        return False
    if result.threshold is not None or result.metric in _LESS:
        return True
    criterion = find(result.criterion)
    measure = None if criterion is None else criterion.measures.get(result.quantity)
    if measure is None or measure.metric != result.metric:
        # The height of a barrier is no error of it.
        return None
    return not measure.at_least


def entry_of(
    result: CheckResult, data_sha256: str, sample: PackedSample | None = None
) -> Entry | None:
    """A result as a number of a baseline; None if it has none, or of no known direction.

    Parameters
    ----------
    result
        The result.
    data_sha256
        SHA-256 of the dataset whose frames were predicted.
    sample
        Errors of single frames.
    """
    less = less_is_better(result)
    if result.value is None or less is None:
        return None
    return Entry(
        criterion=result.criterion,
        dataset=result.dataset,
        test_dataset=result.test_dataset,
        potential=result.potential,
        quantity=result.quantity,
        metric=result.metric,
        version=version_of(result.criterion),
        value=result.value,
        unit=result.unit,
        interval=result.interval,
        more_is_better=not less,
        n_frames=result.n_frames,
        data_sha256=data_sha256,
        conditions=result.conditions,
        sample=sample,
    )


def _without_folders(run: RunRecord) -> RunRecord:
    """A run without its command line and folders, which are those of a person's machine."""
    potentials = tuple(
        replace(
            one,
            path=None if one.path is None else Path(one.path).name,
            spec=None if one.spec is None else one.spec.rpartition("/")[2],
            training_curve=None,
            training_units=None,
        )
        for one in run.potentials
    )
    return replace(run, command=None, potentials=potentials)


def _without_defaults(record: dict[str, Any]) -> dict[str, Any]:
    """A number without what it does not have."""
    # A value of 0 is a number, and equal to False.
    return {key: value for key, value in record.items() if key in _ALWAYS or value}
