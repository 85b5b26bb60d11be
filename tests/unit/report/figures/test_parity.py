from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ms25_suite.core.errors import ReportError
from ms25_suite.report.figures.canvas import drawing
from ms25_suite.report.figures.numbers import numbers_of
from ms25_suite.report.figures.parity import (
    draw_parities,
    panel_box,
    panel_range,
    read_parity,
)
from tests.helpers.reports import make_result, save_parity


def test_only_pairs_of_finite_numbers_are_read(tmp_path: Path) -> None:
    arrays = {
        "reference": np.array([1.0, np.nan, 3.0, 4.0]),
        "predicted": np.array([1.5, 2.0, np.inf, 4.5]),
    }
    result = make_result(artifact=save_parity(tmp_path, **arrays))
    parity = read_parity(tmp_path, result)
    assert parity is not None
    assert parity.reference.tolist() == [1000.0, 4000.0]
    assert parity.predicted.tolist() == [1500.0, 4500.0]
    # In the unit of the errors beside the plot.
    assert (parity.n_dropped, parity.unit) == (2, "meV/Å")
    assert parity.frames is None


def test_the_unit_of_a_file_without_one_is_that_of_the_quantity(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", reference=np.ones(2), predicted=np.ones(2))
    parity = read_parity(tmp_path, make_result(quantity="stress", artifact="a.npz"))
    assert parity is not None
    assert parity.unit == "meV/Å^3"


def test_other_artifacts_have_no_parity(tmp_path: Path) -> None:
    np.savez(tmp_path / "eos.npz", volumes=np.ones(2))
    for artifact in ("", "broken.extxyz", "eos.npz"):
        assert read_parity(tmp_path, make_result(artifact=artifact)) is None


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"predicted": np.zeros(3)}, r"two arrays of one length, found the shapes \(600,\) and"),
        ({"frame": np.zeros(3)}, r"a `frame` in .* for each of the 600 numbers, found the shape"),
        ({"predicted": np.full(600, np.nan)}, "holds no pair of finite numbers"),
        ({"predicted": np.array([{"a": 1}] * 600)}, "cannot be read as an .npz of arrays"),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, arrays: dict[str, Any], message: str) -> None:
    result = make_result(artifact=save_parity(tmp_path, **arrays))
    with pytest.raises(ReportError, match=message):
        read_parity(tmp_path, result)
    with pytest.raises(ReportError, match=r"the file gone\.npz is missing"):
        read_parity(tmp_path, make_result(artifact="gone.npz"))


def test_many_points_are_hexagons_and_few_are_points(tmp_path: Path) -> None:
    many = read_parity(tmp_path, make_result(artifact=save_parity(tmp_path, "many.npz")))
    few = read_parity(
        tmp_path,
        make_result(
            artifact=save_parity(
                tmp_path,
                "few.npz",
                reference=np.array([-5.101, -5.102]),
                predicted=np.array([-5.1, -5.0]),
            )
        ),
    )
    assert many is not None
    assert few is not None
    with drawing():
        first, second = draw_parities([many, few]).axes
    assert [type(one.collections[0]).__name__ for one in (first, second)] == [
        "PolyCollection",
        "PathCollection",
    ]
    assert first.get_title() == "forces: MAE 31.2 meV/Å"
    # Numbers that are nearly the same are counted from one of them.
    assert first.get_xlabel() == "reference (meV/Å)"
    assert second.get_xlabel() == "reference (meV/Å, from −5101.5)"
    assert first.texts[0].get_text() == "n = 600\nthreshold 35"


def test_the_file_of_the_figure_has_every_point_with_its_frame(tmp_path: Path) -> None:
    arrays = {
        "reference": np.array([-5.101, np.nan, -5.2]),
        "predicted": np.array([-5.1, 0.0, -5.25]),
        "frame": np.array([3, 4, 9]),
    }
    parity = read_parity(tmp_path, make_result(artifact=save_parity(tmp_path, **arrays)))
    assert parity is not None
    with drawing():
        rows = list(numbers_of(draw_parities([parity])))
    points = [row for row in rows if row["series"] == "predicted"]
    assert [(row["frame"], row["x"], row["value"]) for row in points] == [
        (3, pytest.approx(-5101), pytest.approx(-5100)),
        (9, pytest.approx(-5200), pytest.approx(-5250)),
    ]
    assert {(row["unit"], row["potential"], row["tested_on"]) for row in points} == {
        ("meV/Å", "mace-β", "mgo")
    }
    (mean,) = [row for row in rows if row["series"] == "MAE"]
    assert (mean["value"], mean["low"], mean["high"], mean["unit"]) == (31.25, 30.5, 32.0, "meV/Å")
    (mark,) = [row for row in rows if row["series"] == "threshold"]
    assert mark["value"] == 35.0


def test_a_point_of_a_panel_lies_where_the_panel_says(tmp_path: Path) -> None:
    arrays = {"reference": np.array([-5.101, -5.102]), "predicted": np.array([-5.1, -5.0])}
    parity = read_parity(tmp_path, make_result(artifact=save_parity(tmp_path, **arrays)))
    assert parity is not None
    with drawing():
        second = draw_parities([parity, parity]).axes[1]
    assert panel_box(1, 2) == pytest.approx(second.get_position(original=True).bounds)
    # The axes count from a rounded number.
    assert np.ptp(panel_range(parity)) == pytest.approx(np.ptp(second.get_xlim()))
    assert panel_range(parity)[0] == pytest.approx(second.get_xlim()[0] - 5101.5)
