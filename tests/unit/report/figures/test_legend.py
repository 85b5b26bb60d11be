from __future__ import annotations

from ms25_suite.report.figures.canvas import drawing, new_figure
from ms25_suite.report.figures.legend import legend_below, legend_label, potential_legend
from ms25_suite.report.figures.palette import MARKERS


def test_labels_are_cut() -> None:
    assert legend_label("p", "barrier 1 eV") == "p: barrier 1 eV"
    assert len(legend_label("x" * 99)) == 40


def test_a_legend_has_a_row_for_each_potential() -> None:
    with drawing():
        figure = new_figure(3, 2)
        potential_legend(figure, ["a", "b" * 99])
    (legend,) = figure.legends
    assert [len(text.get_text()) for text in legend.get_texts()] == [1, 60]
    assert [line.get_marker() for line in legend.get_lines()] == list(MARKERS[:2])


def test_a_legend_in_columns() -> None:
    with drawing():
        figure = new_figure(3, 2)
        (line,) = figure.subplots().plot([0, 1], label="line")
        legend_below(figure, [line], ["line"], columns=3)
    assert figure.legends[0].get_texts()[0].get_text() == "line"
