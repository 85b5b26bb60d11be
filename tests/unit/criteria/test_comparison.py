from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase.io import read

from ms25_suite.core.catalogue import built_in
from ms25_suite.core.errors import NotApplicableError
from ms25_suite.core.fields import Quantity
from ms25_suite.core.frames import Predictions
from ms25_suite.criteria.comparison import (
    ComparedFrames,
    in_display_units,
    measure_mae,
    record_mae,
)
from ms25_suite.criteria.held_out import HeldOutPredictions
from ms25_suite.metrics.intervals import Statistic
from tests.helpers.copper_data import Shifted, open_crystals
from tests.helpers.in_process import InProcess
from tests.helpers.recording import make_recorder


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> ComparedFrames:
    dataset = open_crystals(tmp_path_factory.mktemp("data"))
    return HeldOutPredictions()(InProcess(Shifted), dataset)


def test_numbers_are_shown_in_milli_units() -> None:
    assert in_display_units(Statistic(0.002, (0.001, 0.003), 7.5, "a doubt")) == {
        "value": 2.0,
        "interval": (1.0, 3.0),
        "n_independent": 7.5,
        "doubt": "a doubt",
    }
    assert in_display_units(Statistic(0.002, None))["interval"] is None


def test_a_shift_of_known_size_is_recorded(compared: ComparedFrames, tmp_path: Path) -> None:
    recorder = make_recorder(built_in()["error_thresholds"], tmp_path, quantity="energy")
    record_mae(recorder, measure_mae(compared, "energy"), compared)
    (result,) = recorder.results
    assert result.value == pytest.approx(10.0, rel=1e-3)
    assert result.n_frames == 8
    assert {found["code"] for found in result.details["findings"]} == {"energy-offset"}
    assert (tmp_path / result.artifact).is_file()


def test_errors_of_forces_are_told_by_element(compared: ComparedFrames, tmp_path: Path) -> None:
    recorder = make_recorder(built_in()["error_thresholds"], tmp_path, quantity="forces")
    record_mae(recorder, measure_mae(compared, "forces"), compared)
    details = recorder.results[0].details
    assert set(details["per_element"]) == {"Ni", "Cu"}
    worst = [entry["value"] for entry in details["worst_frames"]]
    assert worst == sorted(worst, reverse=True)


@pytest.mark.parametrize(("quantity", "count"), [("energy", 1), ("forces", 3), ("stress", 1)])
def test_the_worst_frames_are_kept_with_both_sides(
    compared: ComparedFrames, tmp_path: Path, quantity: Quantity, count: int
) -> None:
    recorder = make_recorder(built_in()["error_thresholds"], tmp_path, quantity=quantity)
    record_mae(recorder, measure_mae(compared, quantity), compared)
    (result,) = recorder.results
    with np.load(tmp_path / result.artifact) as archive:
        images = read(io.StringIO(str(archive["structures"])), index=":", format="extxyz")
        of = archive["frame"]
        errors = 1000 * np.abs(archive["predicted"] - archive["reference"])
    worst = result.details["worst_frames"][:count]
    assert [atoms.info["frame"] for atoms in images] == [entry["frame"] for entry in worst]
    for atoms, entry in zip(images, worst, strict=True):
        place = int(np.flatnonzero(compared.indices == entry["frame"])[0])
        assert atoms.positions == pytest.approx(compared.frames.atoms(place).positions, abs=1e-8)
        name = "energy_per_atom" if quantity == "energy" else quantity
        found = atoms.arrays if quantity == "forces" else atoms.info
        difference = np.abs(found[f"predicted_{name}"] - found[f"reference_{name}"])
        # The errors are those of the result, here in eV: the frame is the one that it says.
        assert 1000 * np.mean(difference) == pytest.approx(entry["value"], rel=1e-4, abs=1e-4)
        # And so are those of the points of the parity plot that name this frame.
        assert errors[of == entry["frame"]].mean() == pytest.approx(entry["value"], rel=1e-9)


def test_a_part_of_the_frames_can_be_compared(compared: ComparedFrames) -> None:
    part = compared.only(np.array([1, 5, 99]))
    assert part.indices.tolist() == [1, 5]
    assert len(part.frames) == len(part.labels.energy) == len(part.predictions.energy) == 2
    assert part.predictions.energy[1] == compared.predictions.energy[5]


def test_what_is_missing_is_the_reason(compared: ComparedFrames) -> None:
    no_stress = Predictions(compared.predictions.energy, compared.predictions.forces)
    without = ComparedFrames(
        compared.indices, compared.frames, compared.labels, no_stress, duration_s=0.0
    )
    with pytest.raises(NotApplicableError, match="the potential predicts no stress"):
        measure_mae(without, "stress")


def test_errors_by_config_type_and_on_some_frames(compared: ComparedFrames, tmp_path: Path) -> None:
    labels = compared.labels
    energy, forces = np.array(labels.energy), np.array(labels.forces)
    energy[:2] = np.nan
    forces[compared.frames.frame_of_atom == 3] = np.nan
    kinds = np.array(["bulk"] * 5 + [""] * 3)
    some = replace(
        compared, labels=replace(labels, energy=energy, forces=forces), config_types=kinds
    )
    for quantity, n_frames, n_bulk in (("energy", 6, 3), ("forces", 7, 4)):
        recorder = make_recorder(built_in()["error_thresholds"], tmp_path, quantity=quantity)
        record_mae(recorder, measure_mae(some, quantity), some)
        (result,) = recorder.results
        assert result.n_frames == n_frames
        by_kind = result.details["per_config_type"]
        assert {kind: entry["n_frames"] for kind, entry in by_kind.items()} == {
            "bulk": n_bulk,
            "(none stated)": 3,
        }
        total = sum(entry["mae"] * entry["n_frames"] for entry in by_kind.values())
        if quantity == "energy":
            assert total / n_frames == pytest.approx(result.value)
        messages = [found["message"] for found in result.details["findings"]]
        assert any(f"{n_frames} of 8 test frames have a label" in text for text in messages)
    assert set(result.details["per_element"]) == {"Ni", "Cu"}
