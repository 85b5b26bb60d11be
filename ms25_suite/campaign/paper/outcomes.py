"""Numbers of merged runs, by what they are about: one for each cell and point of a figure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ms25_suite.campaign.paper.planned import Plan
from ms25_suite.campaign.paper.printed import DATASETS
from ms25_suite.campaign.paper.readings import NOT_RUN, Reading, merged, reading_of
from ms25_suite.campaign.paper.subjects import Subject, Subjects, Variant
from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.criteria.eos import CRITERION as EOS
from ms25_suite.criteria.error_thresholds import CRITERION as ERRORS
from ms25_suite.criteria.framework_transfer import CRITERION as FRAMEWORKS
from ms25_suite.criteria.neb_barrier import CRITERION as NEB
from ms25_suite.criteria.size_extensivity import CRITERION as SIZES
from ms25_suite.criteria.throughput import CRITERION as SPEED
from ms25_suite.criteria.training_rate import CRITERION as RATE
from ms25_suite.report.wording import SYMBOLS

__all__ = ["ALL_SETS", "Outcomes", "Place", "wanted"]

ALL_SETS: Final = 0
"""In place of the number of a set: all of them, their mean and range."""

_METRICS: Final = {
    ERRORS.name: ("mae",),
    SIZES.name: ("mae", "ratio"),
    FRAMEWORKS.name: ("mae", "ratio"),
    EOS.name: ("error",),
    NEB.name: ("error",),
    SPEED.name: ("measurement",),
    RATE.name: ("rate",),
}
"""Metrics of each criterion that the figures show."""

_QUANTITIES: Final = {
    criterion.name: tuple(criterion.measures)
    for criterion in (ERRORS, SIZES, FRAMEWORKS, EOS, NEB, SPEED, RATE)
}


def wanted(record: Mapping[str, Any]) -> bool:
    """Whether a figure shows a result, in the form that it has in a file.

    A campaign has hundreds of thousands of results, of which the figures show a few in a hundred.
    """
    criterion = record.get("criterion")
    metrics = _METRICS.get(str(criterion))
    if metrics is None:
        return False
    quantity = record.get("quantity")
    # A check that could not be run counts for all its quantities.
    if record.get("value") is None and not quantity:
        return True
    return quantity in _QUANTITIES[str(criterion)] and (
        record.get("metric") in metrics or record.get("value") is None
    )


@dataclass(frozen=True, slots=True)
class Place:
    """What a number is about, apart from the potential.

    Parameters
    ----------
    criterion, quantity, metric
        As those of `CheckResult`.
    dataset, test
        Datasets that were trained on and tested.
    """

    criterion: str
    quantity: str
    metric: str
    dataset: str
    test: str


class Outcomes:
    """Numbers of merged runs.

    Parameters
    ----------
    run, results
        Merged runs, see `ms25_suite.report.merging.merge.load_results`.
    plan
        What was planned.
    """

    def __init__(self, run: RunRecord, results: Sequence[CheckResult], plan: Plan) -> None:
        self.run, self.plan = run, plan
        self._tasks = {
            (task.dataset, task.architecture, task.n, task.set): task
            # Of several about one potential the failed one says why there is no number.
            for task in sorted(plan.tasks, key=lambda task: task.state == "failed")
            if task.state != "done"
        }
        own = [result for result in results if result.criterion != RATE.name]
        self.subjects = Subjects(run, own, plan.architectures)
        self._found: dict[Place, dict[Subject, list[CheckResult]]] = defaultdict(dict)
        self._reasons: dict[tuple[str, str, str], dict[Subject, list[CheckResult]]] = {}
        self._sizes: dict[str, set[int]] = defaultdict(set)
        self._seen: set[tuple[str, Subject]] = set()
        self._replicates: dict[tuple[Variant, int, int], set[Subject]] = defaultdict(set)
        sets, stand_ins, pairs = set(plan.sets), set(), {}
        for result in own:
            subject, test = self.subjects.of(result), result.test_dataset or result.dataset
            if result.value is None and not result.quantity:
                at = (result.criterion, result.dataset, test)
                self._reasons.setdefault(at, {}).setdefault(subject, []).append(result)
            else:
                metric = result.metric
                place = Place(result.criterion, result.quantity, metric, result.dataset, test)
                self._found[place].setdefault(subject, []).append(result)
            pairs[result.criterion, result.dataset, test] = True
            if result.stand_in:
                stand_ins.add(test)
            if subject.n is not None and subject.set is not None:
                self._sizes[result.dataset].add(subject.n)
                self._replicates[subject.variant, subject.n, subject.set].add(subject)
                sets.add(subject.set)
        self.series = [result for result in results if result.criterion == RATE.name]
        self.sets = sorted(sets)
        self.stand_ins = stand_ins | {one.name for one in run.datasets if one.stand_in}
        self._pairs = list(pairs)

    @property
    def variants(self) -> list[Variant]:
        """What has a symbol of its own, in the order of the figures."""
        return self.subjects.variants

    @property
    def datasets(self) -> list[str]:
        """Datasets that were judged as such or planned: the paper's first, in its order."""
        found = [own for criterion, own, test in self._pairs if own == test]
        return sorted({*found, *self.plan.datasets}, key=_rank)

    def tested(self, criterion: str, dataset: str) -> list[str]:
        """Datasets that potentials of one dataset were tested on by a criterion, its own first."""
        found = [test for name, own, test in self._pairs if (name, own) == (criterion, dataset)]
        return sorted(dict.fromkeys(found), key=lambda test: (test != dataset, _rank(test)))

    def quantities(self, criterion: str, dataset: str) -> list[str]:
        """Quantities of a criterion that any potential has a number of, on a dataset."""
        found = {
            place.quantity
            for place, by_subject in self._found.items()
            if (place.criterion, place.dataset) == (criterion, dataset)
            and any(one.value is not None for own in by_subject.values() for one in own)
        }
        return [name for name in _QUANTITIES[criterion] if name in found]

    def sizes(self, dataset: str) -> list[int]:
        """Numbers of training frames on a dataset, ascending."""
        return sorted(self._sizes.get(dataset, set()) | set(self.plan.sizes))

    def reading(self, place: Place, variant: Variant, n: int | None, number: int) -> Reading:
        """Number of a variant at a place.

        Parameters
        ----------
        place
            What it is about.
        variant
            Who.
        n
            Number of training frames; without meaning for a given potential.
        number
            Number of the set, or `ALL_SETS`: then the mean of the sets, each of which is the mean
            over its seeds.
        """
        if not variant.trained:
            return self._of_one(place, variant, None, None)
        if number != ALL_SETS:
            return self._of_one(place, variant, n, number)
        single = [self._of_one(place, variant, n, one) for one in self.sets]
        return merged(single)

    def _who(self, variant: Variant, n: int | None, number: int | None) -> Iterable[Subject]:
        if not variant.trained:
            return (Subject(variant),)
        if n is None or number is None:
            return ()
        return sorted(
            self._replicates.get((variant, n, number), ()), key=lambda subject: subject.seed or 0
        )

    def _of_one(self, place: Place, variant: Variant, n: int | None, number: int | None) -> Reading:
        found = self._found.get(place, {})
        readings = []
        for who in self._who(variant, n, number):
            own = found.get(who)
            if own is None:
                at = (place.criterion, place.dataset, place.test)
                own = self._reasons.get(at, {}).get(who)
            readings += [reading_of(one) for one in own or ()]
        return merged(readings) if readings else self._nothing(place, variant, n, number)

    def _nothing(
        self, place: Place, variant: Variant, n: int | None, number: int | None
    ) -> Reading:
        task = self._tasks.get((place.dataset, variant.architecture, n, number))
        if task is None:
            return Reading(None, sign=NOT_RUN, reason="not run")
        if task.state == "failed":
            return Reading(
                None, sign=SYMBOLS[Verdict.ERROR], reason=f"{task.what} failed: {task.reason}"
            )
        return Reading(None, sign=NOT_RUN, reason=task.reason or f"{task.state}: no result yet")


def _rank(dataset: str) -> tuple[int, str]:
    known = (*DATASETS[:5], "fau", "lta", "mfi", "bea", *DATASETS[5:])
    return (known.index(dataset) if dataset in known else len(known)), dataset
