from __future__ import annotations

from typing import Any

import pytest

from ms25_suite.core import catalogue
from ms25_suite.core.catalogue import Criterion, Measure
from ms25_suite.report.criteria import (
    Explanation,
    criterion_title,
    error_criterion,
    explain,
    is_observable,
    is_transfer,
    transfer_criteria,
)


@pytest.fixture
def theirs(monkeypatch: pytest.MonkeyPatch) -> Criterion:
    """A criterion of another package, as an entry point would bring it."""
    criterion = Criterion(
        name="theirs",
        title="Their check",
        question="Is it so?",
        measures={"gap": Measure("error", "eV")},
        page="https://theirs.example.org/check",
    )
    known = catalogue.built_in() | {"theirs": criterion}  # type: ignore[operator]
    monkeypatch.setattr(catalogue, "catalogue", lambda: known)
    return criterion


def test_titles_of_all_criteria_also_of_unknown_ones(theirs: Criterion) -> None:
    assert criterion_title("eos") == "Equation of state"
    assert criterion_title("theirs") == theirs.title
    assert criterion_title("no_such_thing") == "no such thing"


def test_roles_come_from_the_catalogue() -> None:
    assert error_criterion() == "error_thresholds"
    assert transfer_criteria() == ["size_extensivity", "framework_transfer"]
    assert is_transfer("size_extensivity")
    assert not is_transfer("eos")
    assert is_observable("eos")
    assert not is_observable("error_thresholds")
    assert not is_transfer("no_such_thing")
    assert not is_observable("no_such_thing")


@pytest.mark.parametrize(
    ("docs_url", "where"),
    [
        ("", {"address": "", "command": "ms25 docs eos"}),
        ("javascript:alert(1)", {"address": "", "command": "ms25 docs eos"}),
        ("https://a.org/x/", {"address": "https://a.org/x/checks/eos.html", "command": ""}),
    ],
)
def test_our_pages_are_part_of_the_documentation(docs_url: str, where: dict[str, Any]) -> None:
    found = explain("eos", docs_url)
    assert found.question.startswith("Do the equilibrium volume")
    assert {"address": found.address, "command": found.command} == where


def test_pages_of_others_are_where_they_say(theirs: Criterion) -> None:
    found = explain("theirs", "https://a.org/x/")
    assert found == Explanation("theirs", theirs.title, theirs.question, theirs.page, "")


def test_of_an_unknown_criterion_nothing_is_explained() -> None:
    assert explain("new_one", "https://a.org") == Explanation("new_one", "new one", "", "", "")
