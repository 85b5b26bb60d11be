"""What the figures hold: text, numbers and marks, without the cost of their files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from ms25_suite.campaign.paper.figures.curves import curve_sheet
from ms25_suite.campaign.paper.figures.errors import error_sheet, framework_sheet, size_sheet
from ms25_suite.campaign.paper.figures.observables import observable_sheet
from ms25_suite.campaign.paper.figures.sheet import Sheet
from ms25_suite.campaign.paper.figures.speeds import speed_sheet
from ms25_suite.campaign.paper.figures.style import style_of
from ms25_suite.campaign.paper.figures.table8 import rate_sheet, rates_of
from ms25_suite.campaign.paper.outcomes import ALL_SETS, Outcomes
from ms25_suite.core.results import Verdict
from ms25_suite.report.figures.canvas import drawing
from ms25_suite.report.figures.palette import COLORS
from tests.helpers.campaign_results import (
    make_results,
    make_run,
    outcomes_of,
    write_campaign,
    write_run,
)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    paths = write_campaign(
        tmp_path_factory.mktemp("figures"),
        datasets=["mgo-2x2", "cha", "reaction", "hea"],
        architectures=["mace", "ani"],
        sizes=[50, 100, 400],
        sets=(1, 2),
    )
    return outcomes_of(paths, {"architectures": ["mtp"]})


def drawn(sheet: Sheet | None) -> tuple[Sheet, Figure, str]:
    assert sheet is not None
    figure = sheet.draw()
    return sheet, figure, " | ".join(one.get_text() for one in figure.findobj(Text))


def test_figure_2_has_both_sizes_and_hatches_what_is_missing(outcomes: Outcomes) -> None:
    with drawing():
        sheet, figure, text = drawn(error_sheet(outcomes, 1))
    assert "(a) 100 training frames" in text
    assert "(b) 400 training frames" in text
    assert "† Stand-in labels, not the paper's: MgO 2×2, CHA, Reaction" in text
    assert "No number: · not run" in text
    assert figure.get_figwidth() <= 7.0
    # Four datasets, three variants, three quantities, two sizes.
    assert len(sheet.rows) == 4 * 3 * 3 * 2
    lost = [row for row in sheet.rows if row["potential"] == "MTP"]
    assert {(row["value"], row["reason"]) for row in lost} == {(None, "not run")}


def test_figure_2_of_all_sets_has_the_spread(outcomes: Outcomes) -> None:
    with drawing():
        sheet, _, text = drawn(error_sheet(outcomes, ALL_SETS))
    assert "Mean of the sets 1, 2; ± half of their range." in text
    row = next(row for row in sheet.rows if row["potential"] == "MACE")
    assert (row["set"], row["trainings"]) == ("all", 2)
    assert row["low"] < row["value"] < row["high"]


def test_a_mean_of_fewer_sets_than_all_is_marked(tmp_path: Path) -> None:
    paths = write_campaign(
        tmp_path, datasets=["hea"], architectures=["mace"], sizes=[50], sets=(1, 2)
    )
    more = write_campaign(tmp_path, datasets=["hea"], architectures=["ani"], sizes=[50], sets=(1,))
    with drawing():
        sheet, _, text = drawn(error_sheet(outcomes_of([*paths, *more]), ALL_SETS))
    assert "* Without those sets or seeds that have no number." in text
    missing = {row["potential"]: row["missing"] for row in sheet.rows}
    assert missing == {"MACE": 0, "ANI": 1}


def test_figure_3_has_points_and_a_line_of_each_architecture(outcomes: Outcomes) -> None:
    with drawing():
        sheet, figure, text = drawn(curve_sheet(outcomes, "cha", "forces", 1))
    linear, logarithmic = figure.axes
    assert (linear.get_xscale(), logarithmic.get_xscale()) == ("linear", "log")
    assert logarithmic.get_yscale() == "log"
    colors = [line.get_color() for line in logarithmic.lines if len(line.get_xdata()) > 3]
    assert colors == [COLORS[0], COLORS[4]]
    assert "MTP (no error; a rate needs 3 sizes)" in text
    rates = [row for row in sheet.rows if row["quantity"] == "forces rate"]
    assert [row["potential"] for row in rates] == ["MACE", "MTP", "ANI"]
    assert rates[1]["value"] is None


def test_table_8_has_the_paper_s_rates(outcomes: Outcomes) -> None:
    with drawing():
        sheet, _, text = drawn(rate_sheet(outcomes, rates_of(outcomes, 1), 1))
    rows = {(row["dataset"], row["potential"], row["quantity"]): row for row in sheet.rows}
    assert rows["cha", "MACE", "forces rate"]["paper"] == 0.188
    assert rows["cha", "MACE", "stress rate"]["paper"] is None
    assert "prints no signs" in text


def test_figure_3_and_table_8_say_the_same_of_a_rate(tmp_path: Path) -> None:
    given = {"datasets": ["hea"], "architectures": ["mace"]}
    paths = [
        *write_campaign(tmp_path, **given, sizes=[50, 100, 400], sets=(1,)),
        *write_campaign(tmp_path, **given, sizes=[50, 100, 200, 400], sets=(2,)),
    ]
    found = outcomes_of(paths)
    curve = curve_sheet(found, "hea", "forces", ALL_SETS)
    table = rate_sheet(found, rates_of(found, ALL_SETS), ALL_SETS)
    assert curve is not None
    assert table is not None
    (one,) = [row for row in curve.rows if row["quantity"] == "forces rate"]
    (other,) = [row for row in table.rows if row["quantity"] == "forces rate"]
    assert one["trainings"] == 3 + 4
    assert one["n_train"] == "50 100 200 400"
    assert {**one, "figure": "table-8", "paper": other["paper"]} == other


def test_figure_4_has_rows_of_both_ways(outcomes: Outcomes) -> None:
    with drawing():
        sheet, _, text = drawn(size_sheet(outcomes, 1))
    assert "MgO 2×2 → MgO 4×4†" in text
    by_pair = {(r["dataset"], r["tested_on"], r["potential"]): r["reason"] for r in sheet.rows}
    # Nothing was trained on the larger cell.
    assert by_pair["mgo-4x4", "mgo-2x2", "MACE"] == "not run"


def test_figure_5_has_open_circles_where_the_band_does_not_converge(outcomes: Outcomes) -> None:
    with drawing():
        sheet, figure, text = drawn(observable_sheet(outcomes, 1))
    barrier = figure.axes[1]
    hollow = [line for line in barrier.lines if line.get_markerfacecolor() == "white"]
    assert sum(len(line.get_xdata()) for line in hollow) == 2
    assert all(line.get_marker() == "o" for line in hollow)
    assert {line.get_color() for line in hollow if len(line.get_xdata())} == {COLORS[0], COLORS[4]}
    assert "Open circles: the band did not converge" in text
    opened = [row for row in sheet.rows if str(row["reason"]).startswith("open symbol")]
    assert {(row["dataset"], row["n_train"]) for row in opened} == {("reaction", 400), ("hea", 50)}


def test_figure_6_is_of_frameworks_only(outcomes: Outcomes) -> None:
    with drawing():
        sheet, _, text = drawn(framework_sheet(outcomes, 1))
    assert {row["dataset"] for row in sheet.rows} == {"cha"}
    assert {row["tested_on"] for row in sheet.rows} == {"cha", "fau", "lta", "mfi"}
    assert "CHA → FAU†" in text


def test_figure_7_is_of_the_largest_size(outcomes: Outcomes) -> None:
    with drawing():
        sheet, figure, text = drawn(speed_sheet(outcomes, 1))
    assert {row["n_train"] for row in sheet.rows if row["value"]} == {400}
    assert figure.axes[0].get_yscale() == "log"
    assert "The paper: A100 GPUs, MTP on a CPU." in text


def test_timings_that_are_too_noisy_are_shown_as_tried(tmp_path: Path) -> None:
    results = [
        replace(one, value=None, interval=None, verdict=Verdict.UNDECIDED, reason="too noisy")
        for one in make_results("hea", "mace", 50)
        if one.criterion == "throughput"
    ]
    path = write_run(tmp_path, make_run("hea", "mace", 50), results)
    with drawing():
        sheet, figure, text = drawn(speed_sheet(outcomes_of([path]), 1))
    assert "? undecided, no number" in text
    assert [(row["sign"], row["reason"]) for row in sheet.rows] == [("?", "too noisy")]
    assert "x" in {line.get_marker() for line in figure.axes[0].lines}


def test_no_text_is_outside_of_its_figure(outcomes: Outcomes) -> None:
    with drawing():
        for make in (framework_sheet, observable_sheet):
            _, figure, _ = drawn(make(outcomes, ALL_SETS))
            figure.canvas.draw()
            box = figure.bbox
            for text in figure.findobj(Text):
                if not text.get_text().strip() or not text.get_visible():
                    continue
                place = text.get_window_extent()
                assert box.x0 - 1 <= place.x0, text.get_text()
                assert place.x1 <= box.x1 + 1, text.get_text()


def test_one_symbol_in_all_figures(outcomes: Outcomes) -> None:
    mace = outcomes.variants[0]
    with drawing():
        curves = drawn(curve_sheet(outcomes, "cha", "energy", 1))[1].axes[0]
        speeds = drawn(speed_sheet(outcomes, 1))[1].axes[0]
    for axes in (curves, speeds):
        own = [line for line in axes.lines if line.get_color() == style_of(mace)["color"]]
        assert "o" in {line.get_marker() for line in own}


def test_no_line_is_explained_that_is_not_there(tmp_path: Path) -> None:
    results = [replace(one, threshold=None) for one in make_results("hea", "mace", 50)]
    path = write_run(tmp_path, make_run("hea", "mace", 50), results)
    with drawing():
        _, figure, text = drawn(observable_sheet(outcomes_of([path]), 1))
    assert not [line for axes in figure.axes for line in axes.lines if line.get_linestyle() == ":"]
    assert "Dotted" not in text


def test_nothing_is_drawn_of_nothing(tmp_path: Path) -> None:
    paths = write_campaign(tmp_path, datasets=["zro"], architectures=["mace"], sizes=[50])
    outcomes = outcomes_of(paths)
    assert size_sheet(outcomes, 1) is None
    assert framework_sheet(outcomes, 1) is None
    assert observable_sheet(outcomes, 1) is None


def test_thresholds_are_in_every_figure_of_errors(outcomes: Outcomes) -> None:
    with drawing():
        sheet, figure, text = drawn(curve_sheet(outcomes, "cha", "forces", 1))
        heatmap = drawn(error_sheet(outcomes, 1))[2]
        cells = drawn(size_sheet(outcomes, 1))[2]
    for axes in figure.axes:
        (line,) = [one for one in axes.lines if one.get_linestyle() == ":"]
        assert set(line.get_ydata()) == {35.0}
        low, high = axes.get_ylim()
        assert low < 35.0 < high
    assert "Dotted: threshold of the suite." in text
    numbers = [row for row in sheet.rows if row["quantity"] == "forces" and row["value"]]
    assert {row["threshold"] for row in numbers} == {35.0}
    assert "Thresholds of the suite: E 35 meV/atom; F 35 meV/Å" in heatmap
    assert "F 35 meV/Å" in cells
