from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ms25_suite.core.records import RunRecord
from ms25_suite.report import write_report
from ms25_suite.report.html.details import error_groups
from tests.helpers.reports import Page, make_result, save_parity


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"predicted": np.zeros(3)}, "two arrays of one length, found the shapes"),
        ({"reference": np.zeros((2, 2)), "predicted": np.zeros((2, 2))}, "two arrays of one"),
        ({"predicted": np.full(600, np.nan)}, "no pair of finite numbers"),
        ({"predicted": np.array([{"a": 1}] * 600)}, "cannot be read"),
    ],
)
def test_bad_artifact_is_noted(tmp_path: Path, arrays: dict[str, Any], message: str) -> None:
    artifact = save_parity(tmp_path, **arrays)
    page = Page(write_report(tmp_path, RunRecord(), [make_result(artifact=artifact)]).html)
    assert message in page.text
    assert len(page.images()) == 1


def test_missing_and_broken_files_are_noted(tmp_path: Path) -> None:
    (tmp_path / "broken.npz").write_bytes(b"PK\x03\x04 nonsense")
    (tmp_path / "text.npz").write_text("nonsense", encoding="utf-8")
    names = ["gone.npz", "broken.npz", "text.npz"]
    results = [make_result(potential=name, artifact=name) for name in names]
    page = Page(write_report(tmp_path, RunRecord(), results).html)
    assert "the file gone.npz is missing from the report folder" in page.text
    assert "broken.npz cannot be read" in page.text
    assert "text.npz cannot be read" in page.text


def test_artifact_of_another_kind_is_left_alone(tmp_path: Path) -> None:
    np.savez(tmp_path / "eos.npz", volume=np.arange(3.0))
    page = Page(write_report(tmp_path, RunRecord(), [make_result(artifact="eos.npz")]).html)
    assert "note on this report" not in page.text
    assert len(page.images()) == 1


@pytest.mark.parametrize(
    "arrays",
    [
        {"reference": np.zeros(1), "predicted": np.zeros(1)},
        {"reference": np.full(500, -5.123456), "predicted": np.full(500, -5.123456)},
        {"reference": np.array([-5.1, -5.2]), "predicted": np.array([1e6, np.inf])},
        {"reference": np.array([1e-9, 2e-9]), "predicted": np.array([1e-9, 3e-9])},
    ],
)
def test_parity_plot_of_odd_numbers(tmp_path: Path, arrays: dict[str, Any]) -> None:
    artifact = save_parity(tmp_path, **arrays)
    page = Page(write_report(tmp_path, RunRecord(), [make_result(artifact=artifact)]).html)
    assert len(page.images()) == 2


def test_details_of_another_layout_are_left_alone(tmp_path: Path) -> None:
    details = {"per_element": [1, 2], "worst_frames": [3, {"frame": 1}], "odd": "text"}
    assert error_groups(tmp_path, [make_result(details=details)])[:2] == ([], [])


def test_errors_of_elements_are_sorted_and_scaled(tmp_path: Path) -> None:
    details = {
        "per_element": {"O": 20.0, "Mg": 40.0, "H": 0.0},
        "worst_frames": [{"frame": 17, "value": 88.5}],
        "rmse": 45.0,
        "is_small": True,
        "pairs": 20,
        "without_model": 731.0,
    }
    ((group,), notes, _) = error_groups(tmp_path, [make_result(details=details, stand_in=True)])
    (shown,) = group["details"]
    assert notes == []
    assert (group["potential"], group["dataset"], group["stand_in"]) == ("mace-β", "mgo", True)
    assert group["image"] is None
    assert shown["elements"] == [("Mg", 40.0, 100.0), ("O", 20.0, 50.0), ("H", 0.0, 0.5)]
    assert shown["worst"] == [("17", 88.5)]
    assert shown["scalars"] == [
        ("rmse", "45.0"),
        # What is counted is a whole number, and what is measured has its unit.
        ("pairs", "20"),
        ("error without a model", "731 meV/Å"),
    ]
