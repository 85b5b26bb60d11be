from __future__ import annotations

from typing import Any

import pytest

from ms25_suite.core.details import details_of
from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult
from ms25_suite.criteria.neb_barrier.details import KEY, NebDetails
from ms25_suite.criteria.neb_barrier.figure import draw_paths, section
from ms25_suite.report.figures.canvas import drawing
from tests.helpers.details import neb_details
from tests.helpers.reports import make_result


def neb(**changes: Any) -> CheckResult:
    return make_result(
        criterion="neb_barrier",
        quantity="barrier",
        metric="error",
        unit="eV",
        potential="mine",
        details=neb_details(**changes),
    )


def draw(result: CheckResult) -> Any:
    details = details_of(result, KEY, NebDetails)
    assert details is not None
    with drawing():
        (axes,) = draw_paths([(result, details)]).axes  # type: ignore[union-attr]
    return axes


@pytest.mark.parametrize("converged", [True, False])
def test_a_band_that_is_not_converged_has_open_circles(converged: bool) -> None:
    axes = draw(neb(converged=converged))
    own = next(line for line in axes.lines if str(line.get_label()).startswith("mine"))
    assert (own.get_markerfacecolor() == "white") is not converged
    words = "mine: barrier 0.500 eV (0.480 without climbing)"
    words += "" if converged else ", not converged"
    assert own.get_label() == words
    assert any(line.get_label() == "reference, barrier 0.400 eV" for line in axes.lines)


def test_a_reference_without_images_is_a_line_at_its_barrier() -> None:
    axes = draw(neb(reference={"barrier": 0.4}))
    line = next(line for line in axes.lines if "reference" in str(line.get_label()))
    assert list(line.get_ydata()) == [0.4, 0.4]


@pytest.mark.parametrize(("climb", "words"), [(False, ", no climbing"), (None, "")])
def test_a_band_that_did_not_climb_says_so(climb: bool | None, words: str) -> None:
    """Files of earlier versions do not say it: there it always climbed."""
    axes = draw(neb(climb=climb, without_climbing=None))
    assert f"mine: barrier 0.500 eV{words}" in [str(line.get_label()) for line in axes.lines]


def test_without_a_band_the_legend_says_so() -> None:
    names = ("lengths", "energies", "barrier", "fmax", "steps", "positions")
    lost = dict.fromkeys((*names, "climb", "without_climbing"))
    axes = draw(neb(converged=False, **lost))
    assert "mine: no band" in [str(line.get_label()) for line in axes.lines]


def test_the_section() -> None:
    with drawing():
        found = section(RunRecord(), [neb()])
    assert found is not None
    assert [block.heading for block in found.blocks] == ["mgo, barrier"]
    assert section(RunRecord(), [make_result(criterion="neb_barrier")]) is None
    assert section(RunRecord(), [neb(lengths=[1.0])]) is None
