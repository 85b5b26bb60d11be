"""What a check is about: its criterion, its dataset and its potential; where checks lie."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import pytest

from ms25_suite.core.catalogue import Criterion, catalogue
from ms25_suite.core.errors import UsageError
from ms25_suite.core.results import CheckResult
from ms25_suite.criteria.recorder import RESULT_PROPERTY, dataset_fields
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.datasets.observables.files import observable_of
from ms25_suite.plugin.settings import SETTINGS

__all__ = [
    "DATASET_PROPERTY",
    "PARAMETERS",
    "POTENTIAL_PROPERTY",
    "PREFIX",
    "CheckModule",
    "check_context",
    "check_files",
    "criterion_of",
    "is_benchmark",
    "parameters_of",
    "report_results",
    "skip_reasons",
    "subject_of",
]

PREFIX: Final = "ms25_"
"""What the names of the suite's fixtures begin with."""

PARAMETERS: Final = ("dataset", "partner", "potential", "training_series", "committee")
"""Fixtures that have a value for each dataset and potential of the command line."""

_CONTEXT = pytest.StashKey[dict[str, Any]]()
_SKIP_REASONS = pytest.StashKey[list[str]]()

POTENTIAL_PROPERTY = "ms25_potential"
"""Name under which facts about a potential travel in the ``user_properties`` of a report."""

DATASET_PROPERTY = "ms25_dataset"
"""The same for facts about a partner dataset, named in a card."""


def check_files() -> tuple[Path, ...]:
    """Folder of the suite's own checks, and a file for each criterion of another package.

    In a clone the folder is the top-level ``checks/``, else it is inside the installed package.

    Raises
    ------
    UsageError
        Another package names a module for its checks that is not installed.
    """
    own = Path(import_module("ms25_suite.checks").__path__[0]).resolve()
    return (own, *(_outside_file(one) for one in catalogue().values() if one.checks))


def _outside_file(criterion: Criterion) -> Path:
    found = find_spec(criterion.checks)
    if found is None or not found.origin:
        msg = (
            f"the criterion {criterion.name} names the module {criterion.checks} for its checks, "
            "which cannot be found: its package is not installed as a whole"
        )
        raise UsageError(msg)
    return Path(found.origin).resolve()


def criterion_of(item: Any) -> Criterion | None:
    """Criterion that an item or a function is marked with; None if it is not a check."""
    return next((one for one in catalogue().values() if item.get_closest_marker(one.name)), None)


def check_context(item: pytest.Item) -> dict[str, Any] | None:
    """Fields that all results of a check share; None for any other test.

    Benchmarks count as other tests: they report to pytest-benchmark and give no verdict. The same
    dictionary is returned each time, and a fixture that learns more about the check adds it there.
    """
    criterion, parameters = criterion_of(item), parameters_of(item)
    subject = subject_of(parameters)
    if criterion is None or "dataset" not in parameters or subject is None or is_benchmark(item):
        return None
    # In the stash of the item: fixtures and hooks of the same item share the dictionary.
    if _CONTEXT not in item.stash:
        dataset = item.config.stash[SETTINGS].datasets[parameters["dataset"]]
        fields = dataset_fields(dataset)
        if parameters.get("partner"):
            # Provisional: the partner itself is opened by its fixture, after the collection.
            fields["test_dataset"] = Path(parameters["partner"]).stem
        item.stash[_CONTEXT] = {
            "criterion": criterion.name,
            "dataset": dataset.name,
            "potential": subject.name,
            "architecture": subject.architecture,
            "quantity": "" if skip_reasons(item) else _quantity(criterion, parameters, dataset),
            **fields,
        }
    return item.stash[_CONTEXT]


def is_benchmark(item: pytest.Item) -> bool:
    """Whether an item is a benchmark of pytest-benchmark."""
    return "benchmark" in getattr(item, "fixturenames", ())


def _quantity(criterion: Criterion, parameters: Mapping[str, Any], dataset: Dataset) -> str:
    """Quantity of a check: its own parameter, or the main one of its criterion."""
    main = criterion.main
    if main and criterion.needs:
        main = observable_of(dataset.card, criterion.needs, main)
    prefix = "relaxed_" if main and parameters.get("eos_atoms") == "relaxed" else ""
    return str(parameters.get("quantity", prefix + main))


def skip_reasons(item: pytest.Item) -> list[str]:
    """Reasons why a check cannot be run, found at collection; the list can be added to.

    It is empty for a check that can be run.
    """
    return item.stash.setdefault(_SKIP_REASONS, [])


def parameters_of(item: pytest.Item) -> dict[str, Any]:
    """Parameters of an item, without ``ms25_`` in their names; empty for one that has none.

    A dataset or a potential that another plugin or a project has for a parameter is not in it.
    """
    found = getattr(getattr(item, "callspec", None), "params", {})
    own = {f"{PREFIX}{name}" for name in PARAMETERS}
    return {
        name.removeprefix(PREFIX): value
        for name, value in found.items()
        if name in own or name not in PARAMETERS
    }


def subject_of(parameters: Mapping[str, Any]) -> Any:
    """The potential, series over training sizes or committee that is judged; None without one."""
    names = ("potential", "training_series", "committee")
    return next((parameters[name] for name in names if name in parameters), None)


class CheckModule(pytest.Module):
    """Module of checks: its functions are called ``test_…``, whatever a project's ini file sets."""

    def funcnamefilter(self, name: str) -> bool:
        """Whether a function is a check."""
        return name.startswith("test_")


def report_results(report: pytest.TestReport) -> list[CheckResult]:
    """Results that travel in a report."""
    return [
        CheckResult.from_dict(value)
        for name, value in report.user_properties
        if name == RESULT_PROPERTY
    ]
