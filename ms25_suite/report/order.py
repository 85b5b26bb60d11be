"""Order of the results and of the potentials in a report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ms25_suite.core.catalogue import catalogue
from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult
from ms25_suite.report.wording import QUANTITY_LETTERS

__all__ = ["sort_potentials", "sort_results"]


def sort_results(run: RunRecord, results: Iterable[CheckResult]) -> list[CheckResult]:
    """Results in the order of the report, in whatever order they came.

    By criterion, then by dataset and potential in the order of the run description, then by
    quantity. Names that are not listed there come last, in alphabetical order.
    """
    criteria, quantities = _places(catalogue()), _places(QUANTITY_LETTERS)
    datasets = _places(dataset.name for dataset in run.datasets)
    potentials = _places(potential.name for potential in run.potentials)
    return sorted(
        results,
        key=lambda result: (
            _rank(criteria, result.criterion),
            _rank(datasets, result.dataset),
            _rank(datasets, result.test_dataset),
            _rank(potentials, result.potential),
            _rank(quantities, result.quantity),
            result.metric,
        ),
    )


def sort_potentials(run: RunRecord, results: Iterable[CheckResult]) -> list[str]:
    """Names of the potentials of some results: those of the run in its order, others by name."""
    places = _places(potential.name for potential in run.potentials)
    return sorted({result.potential for result in results}, key=lambda name: _rank(places, name))


def _places(names: Iterable[str]) -> dict[str, int]:
    """Place of each name; of a repeated one the first."""
    return {name: place for place, name in enumerate(dict.fromkeys(names))}


def _rank(places: Mapping[str, int], name: str) -> tuple[int, str]:
    return (places.get(name, len(places)), name)
