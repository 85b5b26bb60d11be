from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint
from types import SimpleNamespace
from typing import Any

import pytest

from ms25_suite.core import catalogue as module
from ms25_suite.core.catalogue import Criterion, Measure, built_in, catalogue, find, load
from ms25_suite.core.errors import UsageError

OTHER = Criterion(
    name="dipoles",
    title="Dipoles",
    question="Is the energy smooth?",
    measures={"energy": Measure("error", "meV/atom")},
    checks="their.test_dipoles",
)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Entries that packages bring, as long as the test runs."""
    found: list[Any] = []

    def entry_points(group: str) -> list[Any]:
        assert group == module.GROUP
        return [
            SimpleNamespace(
                name=f"entry{number}",
                value="their:CRITERION",
                dist=SimpleNamespace(name="theirs", version="1.0"),
                load=lambda content=content: content,
            )
            for number, content in enumerate(found)
        ]

    monkeypatch.setattr("importlib.metadata.entry_points", entry_points)
    catalogue.cache_clear()
    yield found
    catalogue.cache_clear()


def test_criteria_stand_in_the_order_of_the_report() -> None:
    assert list(built_in()) == [
        "error_thresholds",
        "energy_decomposition",
        "consistency",
        "smoothness",
        "short_range",
        "training_rate",
        "committee",
        "retention",
        "size_extensivity",
        "framework_transfer",
        "eos",
        "neb_barrier",
        "route_agreement",
        "stability",
        "throughput",
    ]


@pytest.mark.parametrize("criterion", built_in().values(), ids=lambda criterion: criterion.name)
def test_entries_are_whole(criterion: Criterion) -> None:
    assert criterion.question.endswith("?")
    assert criterion.main == "" or criterion.main in criterion.measures
    assert bool(criterion.needs) == bool(criterion.needs_text)
    for target in filter(None, (criterion.section, criterion.not_asked)):
        assert callable(load(target))
    assert criterion.explained_in == f"docs/checks/{criterion.name}.md"


def test_criteria_of_packages_come_last(installed: list[Any]) -> None:
    installed.append(OTHER)
    assert list(catalogue())[-1] == "dipoles"
    assert find("dipoles") is OTHER
    assert find("no_such_criterion") is None
    # It has no page in this repository.
    assert OTHER.explained_in == ""


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("text", r"entry point 'entry0' .* of the installed package theirs: expected a ms25_suite"),
        (built_in()["eos"], "brings the criterion 'eos', which ms25-suite has already"),
        (
            Criterion(name="x", title="X", question="?", measures={}),
            "names no module of checks: expected checks=",
        ),
    ],
    ids=["another type", "a name that is taken", "no checks"],
)
def test_wrong_entries_are_refused_with_their_package(
    installed: list[Any], entry: object, message: str
) -> None:
    installed.append(entry)
    with pytest.raises(UsageError, match=message):
        catalogue()


def test_two_packages_must_not_share_a_name(installed: list[Any]) -> None:
    installed += [OTHER, OTHER]
    with pytest.raises(UsageError, match="'dipoles', which theirs has already"):
        catalogue()


@pytest.mark.parametrize("target", ["no.such:function", "ms25_suite.core.units:nothing", ""])
def test_functions_that_cannot_be_imported_are_named(target: str) -> None:
    with pytest.raises(UsageError, match="cannot be imported"):
        load(target)


def test_the_group_is_that_of_entry_points() -> None:
    point = EntryPoint("x", "ms25_suite.criteria.eos:CRITERION", module.GROUP)
    assert point.load() is built_in()["eos"]
