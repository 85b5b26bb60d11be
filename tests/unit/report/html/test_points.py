"""Points of parity plots that name their frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ms25_suite.report.figures.parity import Parity, read_parity
from ms25_suite.report.html.points import named_points, thinned
from tests.helpers.reports import make_result, save_parity

FRAMES = np.repeat(np.arange(200), 3)


def parity(folder: Path, **arrays: Any) -> Parity:
    reference = np.linspace(-1.0, 1.0, 600)
    # The errors grow with the frame; two numbers of frame 5 are the worst.
    errors = 1e-3 * np.arange(600) / 600
    errors[[15, 17]] = 0.1, -0.2
    values = {"reference": reference, "predicted": reference + errors, "frame": FRAMES} | arrays
    worst = {"worst_frames": [{"frame": 5, "value": 100.0}, {"frame": 199, "value": 1.0}]}
    result = make_result(artifact=save_parity(folder, **values), details=worst)
    found = read_parity(folder, result)
    assert found is not None
    return found


def test_the_worst_frames_come_first_and_each_frame_once(tmp_path: Path) -> None:
    (panel,) = named_points([parity(tmp_path)])
    frames = [frame for frame, *_ in panel["points"]]
    assert frames[:6] == [5, 5, 5, 199, 199, 199]
    assert len(panel["points"]) == 120
    assert len(set(frames)) == 120 - 4
    # The largest error of all.
    frame, reference, predicted = panel["points"][0]
    assert (frame, round(predicted - reference, 1)) == (5, -200.0)
    assert (panel["quantity"], panel["unit"]) == ("forces", "meV/Å")
    low, high = panel["range"]
    assert all(low < one < high for point in panel["points"] for one in point[1:])


def test_of_few_frames_all_are_there(tmp_path: Path) -> None:
    arrays = {"reference": np.zeros(4), "predicted": np.ones(4), "frame": np.array([1, 1, 2, 3])}
    (panel,) = named_points([parity(tmp_path, **arrays)])
    assert {frame for frame, *_ in panel["points"]} == {1, 2, 3}


def test_small_errors_are_kept(tmp_path: Path) -> None:
    reference = -5246.0 - np.arange(3.0)
    predicted = reference + 1e-9 * np.array([1.0, 2.0, 3.0])
    arrays = {"reference": reference, "predicted": predicted, "frame": np.arange(3)}
    (panel,) = named_points([parity(tmp_path, **arrays)])
    error = panel["points"][0][2] - panel["points"][0][1]
    assert 2e-6 < error < 4e-6


def test_a_file_of_an_earlier_version_names_no_frames(tmp_path: Path) -> None:
    result = make_result(artifact=save_parity(tmp_path))
    earlier = read_parity(tmp_path, result)
    assert earlier is not None
    known = parity(tmp_path)
    panels = named_points([earlier, known])
    assert len(panels) == 1
    # It is the second panel of the picture.
    assert panels[0]["box"][0] > 0.5


def test_a_page_of_many_panels_has_fewer_points_in_each(tmp_path: Path) -> None:
    panels = named_points([parity(tmp_path)])
    assert thinned([panels, []]) == [panels, []]
    many = thinned([panels] * 1000)
    assert {len(one[0]["points"]) for one in many} == {24}
    assert many[0][0]["points"] == panels[0]["points"][:24]
