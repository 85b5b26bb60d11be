from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ms25_suite.core.catalogue import built_in
from ms25_suite.core.details import DistanceDetails, details_of
from ms25_suite.criteria.comparison import measure_mae, record_mae
from ms25_suite.criteria.held_out import HeldOutPredictions
from ms25_suite.criteria.novelty import TrainingDistances, distance_remarks, frames_of_training
from ms25_suite.datasets import Dataset, open_dataset
from ms25_suite.metrics.novelty.frames import FrameDistances
from tests.helpers.copper_data import Shifted
from tests.helpers.emt_data import crystals, labelled, save
from tests.helpers.fake_training import manifest
from tests.helpers.guises import disguised, rattled
from tests.helpers.in_process import InProcess
from tests.helpers.recording import make_recorder
from tests.unit.criteria.test_siblings import errors

N = 12


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Training frames, as many independent ones, rattled copies, and one in other guises."""
    folder = tmp_path_factory.mktemp("data")
    images = crystals("fcc", (2, 2, 2), 2 * N)
    copies = [labelled(rattled(atoms, 0.02, k)) for k, atoms in enumerate(images[:5])]
    guises = [labelled(atoms) for atoms in disguised(images[7]).values()]
    save(folder, "alloys", [*images, *copies, *guises])
    return open_dataset(str(folder / "alloys.toml"))


def trained(data: Dataset, seen: list[int]) -> InProcess:
    potential = InProcess(Shifted)
    prints = data.frames.select(seen).fingerprints()
    potential.manifest = replace(manifest(), seen_frames=tuple(one.hex() for one in prints))
    return potential


def test_the_training_frames_are_known_from_the_sidecar(data: Dataset) -> None:
    found = frames_of_training(trained(data, [0, 3]), data)
    assert found is not None
    assert found.tolist() == [0, 3]


def test_a_few_lost_in_the_rounding_of_a_file_are_said(data: Dataset) -> None:
    potential = trained(data, list(range(N)))
    assert potential.manifest is not None
    seen = (*potential.manifest.seen_frames, "ab" * 16)
    potential.manifest = replace(potential.manifest, seen_frames=seen)
    found = TrainingDistances()(potential, data, data.frames)
    assert found is not None
    assert (found.n_known, found.n_all_known) == (N, N + 1)


def test_nothing_is_said_of_a_training_that_is_not_known(data: Dataset) -> None:
    elsewhere = trained(data, [0, 3])
    assert elsewhere.manifest is not None
    seen = (*elsewhere.manifest.seen_frames, "ab" * 16)
    elsewhere.manifest = replace(elsewhere.manifest, seen_frames=seen)
    for potential in (InProcess(), trained(data, []), elsewhere):
        assert frames_of_training(potential, data) is None
        assert TrainingDistances()(potential, data, data.frames) is None
        assert HeldOutPredictions()(potential, data).distances() is None


def test_near_frames_are_found_and_independent_ones_are_not(data: Dataset, tmp_path: Path) -> None:
    compared = HeldOutPredictions()(trained(data, list(range(N))), data)
    recorder = make_recorder(built_in()["error_thresholds"], tmp_path, quantity="forces")
    record_mae(recorder, measure_mae(compared, "forces"), compared)
    (result,) = recorder.results
    found = [one for one in result.details["findings"] if one["code"] == "leakage"]
    copies, near = found
    assert copies["frames"] == list(range(2 * N + 5, 2 * N + 12))
    assert copies["severity"] == "warning"
    assert "29 % of the test frames (7 of 24)" in copies["message"]
    assert near["frames"] == list(range(2 * N, 2 * N + 12))
    assert near["severity"] == "warning"
    assert "that of the others" in near["message"]
    details = details_of(result, "by_distance", DistanceDetails)
    assert details is not None
    assert (details.n_frames, details.n_near, details.n_copies) == (24, 12, 7)
    assert sum(one.n_frames for one in details.bins) == 24


def test_no_framework_is_imported_for_it(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    # vesin imports torch where it can.
    for name in ("torch", "vesin"):
        monkeypatch.setitem(sys.modules, name, None)
    assert TrainingDistances()(trained(data, [0, 1]), data, data.frames) is not None


def test_distances_are_measured_once(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    measure, potential = TrainingDistances(), trained(data, list(range(N)))
    first = measure(potential, data, data.frames)
    monkeypatch.setattr("ms25_suite.criteria.novelty.KnownFrames", None)
    assert measure(potential, data, data.frames) is first


def test_the_remarks_say_what_was_looked_at() -> None:
    values = np.array([0.01, 0.2, np.nan, 0.3])
    near = np.array([True, False, False, False])
    distances = FrameDistances(values, near, np.zeros(4, bool), 0.2, 10, 1000)
    (remark,) = distance_remarks(errors([0.001, 0.004, 0.5, 0.008]), distances, np.arange(4) + 30)
    assert (
        "33 % of 3 test frames that were looked at (1 of 3, 10 of 1000 training" in remark.message
    )
    assert "(frame 30): their error is 1 meV/atom, that of the others 6 meV/atom" in remark.message
    assert remark.frames == (30,)


def test_few_near_frames_are_a_note_and_all_of_them_have_no_others() -> None:
    def remark(near: int, n: int) -> tuple[str, str]:
        distances = FrameDistances(
            np.linspace(0.1, 0.2, n), np.arange(n) < near, np.zeros(n, bool), 0.2, 10, 10
        )
        (found,) = distance_remarks(errors([0.001] * n), distances, np.arange(n))
        return found.severity, found.message

    assert remark(1, 20)[0] == "note"
    assert remark(3, 20)[0] == "warning"
    assert "their error" not in remark(3, 3)[1]
