from __future__ import annotations

import pytest

from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult
from ms25_suite.criteria.training_rate.curves import LearningGroup, learning_groups
from ms25_suite.criteria.training_rate.figure import (
    draw_learning,
    paper_table,
    rate_table,
    section,
)
from ms25_suite.report.figures.canvas import drawing, svg_bytes
from tests.helpers.details import rate_details
from tests.unit.criteria.training_rate.test_curves import needed, rate


def group_of(*results: CheckResult) -> LearningGroup:
    (group,) = learning_groups(RunRecord(), results)
    return group


def test_a_row_says_it_all() -> None:
    table = rate_table(group_of(rate(), needed()))
    (row,) = table.rows
    found = dict(zip([column.heading for column in table.columns], row, strict=True))
    assert found == {
        "potentials": "mace",
        "quantity": "forces",
        "training frames": "50, 100, 200",
        "rate": "0.500",
        "95 % interval": "[0.400, 0.600]",
        "r²": "0.980",
        "frames needed for the threshold": "421 [210, 3900]",
        "verdict": None,
        "|rate|": "0.500",
        "paper, |rate|": "0.519",
    }


def test_errors_that_grow_are_compared_with_the_paper_without_sign() -> None:
    table = rate_table(group_of(rate(value=-0.2, interval=None, architecture="mtp")))
    found = dict(zip([c.heading for c in table.columns], table.rows[0], strict=True))
    assert (found["rate"], found["|rate|"], found["paper, |rate|"]) == ("−0.200", "0.200", "0.219")


@pytest.mark.parametrize(
    ("results", "text"),
    [
        ([rate()], "not known"),
        ([rate(), needed(reason="upper bound: …", value=50.0, interval=None)], "at most 50.0"),
        ([rate(details=rate_details(threshold=None))], "no threshold"),
    ],
)
def test_frames_needed(results: list[CheckResult], text: str) -> None:
    assert rate_table(group_of(*results)).rows[0][6] == text


def test_other_peoples_data_have_no_column_of_the_paper() -> None:
    table = rate_table(group_of(rate(tier="user")))
    assert not [column.heading for column in table.columns if "|" in column.heading]


def test_the_papers_table_leaves_out_what_it_has_not() -> None:
    group = group_of(rate(dataset="mgo-2x2", test_dataset="mgo-2x2"))
    assert group.paper is not None
    table = paper_table(group.paper)
    assert table.columns[0].heading == "the paper's MgO (2x2), |rate| (Table 8)"
    assert table.rows[0] == ("mace", "0.695", "0.391", "")


def test_the_figure_is_linear_above_and_logarithmic_below() -> None:
    group = group_of(rate("energy"), rate(), rate(potential="a $ name"))
    with drawing():
        figure = draw_learning(group)
        assert svg_bytes(figure) == svg_bytes(draw_learning(group))
    assert [axes.get_yscale() for axes in figure.axes] == ["linear", "linear", "log", "log"]
    labels = {text.get_text() for text in figure.legends[0].get_texts()}
    assert labels == {"threshold of the error", "mace", "a $ name"}


def test_errors_without_intervals_have_no_bars() -> None:
    with drawing():
        figure = draw_learning(group_of(rate(details=rate_details(intervals=[None] * 3))))
    assert not figure.axes[0].collections


def test_the_section_has_a_block_for_each_dataset() -> None:
    with drawing():
        found = section(RunRecord(), [rate(stand_in=True), rate(dataset="a", test_dataset="b")])
    assert found is not None
    first, second = found.blocks
    assert (first.heading, len(first.tables)) == ("hea", 2)
    assert "with another level of theory, 50 to 1000 training frames" in first.note
    assert "may hold absolute values" in first.note
    assert "from 117 to 189 meV/Å between 100 and 1000 training frames" in first.note
    assert "a rate of −0.21; the table prints 0.219" in first.note
    assert (second.heading, len(second.tables), second.note) == ("a → b", 1, "")
    assert section(RunRecord(), []) is None


def test_the_note_says_what_the_text_says_where_it_says_something() -> None:
    with drawing():
        found = section(RunRecord(), [rate(dataset="cha", test_dataset="cha")])
    assert found is not None
    (block,) = found.blocks
    assert "may hold absolute values" in block.note
    assert "117" not in block.note
