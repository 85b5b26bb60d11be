from __future__ import annotations

from ms25_suite.core.details import details_of
from ms25_suite.criteria.committee.details import KEY, CommitteeDetails
from ms25_suite.criteria.committee.figure import draw_committees, section
from ms25_suite.report.figures.canvas import drawing
from tests.helpers.reports import RUN, make_result

DETAILS = CommitteeDetails(
    members=("a", "b", "c"),
    unit="meV/Å",
    expected=(10.0, 20.0, 40.0),
    found=(15.0, 30.0, 90.0),
    levels=(0.25, 0.5, 0.75),
    within=(0.1, 0.3, 0.6),
    foretold=0.7,
)


def result(**changes: object) -> object:
    return make_result(
        criterion="committee",
        quantity="forces_warning",
        metric="rate",
        unit="1",
        details={KEY: DETAILS.to_dict()},
        **changes,
    )


def test_error_against_spread_and_reliability_stand_side_by_side() -> None:
    one = result(potential="mace")
    assert details_of(one, KEY, CommitteeDetails) == DETAILS
    with drawing():
        figure = draw_committees([(one, DETAILS), (result(potential="ani"), DETAILS)])
    assert figure is not None
    errors, curves = figure.axes
    assert list(errors.lines[0].get_ydata()) == [15.0, 30.0, 90.0]
    assert errors.get_xlabel() == "error expected from the spread (meV/Å)"
    assert errors.get_xlim() == errors.get_ylim()
    assert list(curves.lines[0].get_ydata()) == [0.0, 0.1, 0.3, 0.6, 1.0]
    assert figure.legends[0].get_texts()[0].get_text() == "mace (3 members)"


def test_the_section_has_a_figure_for_each_quantity() -> None:
    with drawing():
        found = section(RUN, [result(), make_result()])
    assert found is not None
    assert [block.heading for block in found.blocks] == ["mgo, forces warning"]
    assert section(RUN, [make_result()]) is None
