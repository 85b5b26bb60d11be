"""Errors with data, the drawn tree of errors, suggestions for misspelled names, and lists."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterable

import pytest

from ms25_suite.core import errors
from ms25_suite.core.errors import (
    EosFitError,
    Ms25Error,
    NotFiniteError,
    PredictionError,
    did_you_mean,
    listed,
)


def kinds() -> list[type[Ms25Error]]:
    found = vars(errors).values()
    return [each for each in found if isinstance(each, type) and issubclass(each, Ms25Error)]


def test_the_drawn_tree_is_that_of_the_classes() -> None:
    parents = {0: "Ms25Error"}
    drawn = {"Ms25Error": "Exception"}
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"    ([│ ]*)[├└]── (\w+)", line):
            depth = len(found[1]) // 4 + 1
            drawn[found[2]] = parents[depth - 1]
            parents[depth] = found[2]
    assert drawn == {each.__name__: each.__base__.__name__ for each in kinds()}


def test_every_error_is_public_and_explained() -> None:
    for each in kinds():
        assert each.__name__ in errors.__all__
        assert each.__doc__


def test_frames_are_listed_below_the_message() -> None:
    assert str(PredictionError("no number")) == "no number"
    few = str(NotFiniteError("no number", (3, 5)))
    assert few == "no number\nframe numbers, counted from 0: 3, 5"
    assert str(PredictionError("no number", tuple(range(9)))).endswith("0, 1, 2, 3, 4, …")


@pytest.mark.parametrize(
    "kind", [getattr(errors, name) for name in errors.__all__ if name.endswith("Error")]
)
def test_no_message_controls_a_terminal(kind: type[errors.Ms25Error]) -> None:
    """Messages quote texts of calculators, and names of files."""
    assert str(kind("a\x1b[31mb\udcff\nc")) == r"a\x1b[31mb\xff" + "\nc"
    if issubclass(kind, PredictionError):
        assert str(kind("a\x1b[2J", (1,))).splitlines()[0] == r"a\x1b[2J"


def test_a_fit_error_keeps_its_reason() -> None:
    error = EosFitError("only rises", "rising")
    assert (str(error), error.reason) == ("only rises", "rising")
    assert EosFitError("ended nowhere").reason == "not-converged"


def test_a_plain_error_survives_pickling() -> None:
    error = pickle.loads(pickle.dumps(errors.UsageError("no such option")))
    assert type(error) is errors.UsageError
    assert str(error) == "no such option"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("maec", "mace"), ("MACE", "mace"), (" nequip ", "nequip"), ("Nequipp", "nequip")],
)
def test_a_similar_name_is_suggested(name: str, expected: str) -> None:
    assert did_you_mean(name, ["mace", "nequip"]) == f" Did you mean {expected!r}?"


def test_names_are_suggested_as_they_are_spelled() -> None:
    assert did_you_mean("ref_energi", iter(["REF_energy"])) == " Did you mean 'REF_energy'?"


def test_nothing_similar_gives_nothing() -> None:
    assert did_you_mean("gap", ["mace", "nequip"]) == ""
    assert did_you_mean("mace", []) == ""
    assert did_you_mean("mac", ["mace"], cutoff=0.99) == ""


@pytest.mark.parametrize(
    ("items", "expected"),
    [([], ""), ([1], "1"), (["a", "b"], "a and b"), (iter("abc"), "a, b and c")],
)
def test_items_are_listed_in_a_sentence(items: Iterable[object], expected: str) -> None:
    assert listed(items) == expected
