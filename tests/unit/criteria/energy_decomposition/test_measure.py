from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ms25_suite.core.details import details_of
from ms25_suite.core.errors import NotApplicableError
from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult
from ms25_suite.core.thresholds import Threshold
from ms25_suite.criteria.comparison import ComparedFrames
from ms25_suite.criteria.energy_decomposition import CRITERION
from ms25_suite.criteria.energy_decomposition.details import KEY, TermsDetails
from ms25_suite.criteria.energy_decomposition.figure import section
from ms25_suite.criteria.energy_decomposition.measure import measure_terms
from ms25_suite.criteria.held_out import HeldOutPredictions
from tests.helpers.copper_data import open_crystals
from tests.helpers.in_process import InProcess
from tests.helpers.recording import make_recorder


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> ComparedFrames:
    folder = tmp_path_factory.mktemp("data")
    return HeldOutPredictions()(InProcess(), open_crystals(folder, n=60))


def wrong(compared: ComparedFrames, errors: np.ndarray) -> ComparedFrames:
    """Energies with errors in eV/atom."""
    energy = np.array(compared.labels.energy) + errors * compared.frames.n_atoms
    return replace(compared, predictions=replace(compared.predictions, energy=energy))


def recorded(compared: ComparedFrames, folder: Path, **marks: Threshold) -> dict[str, CheckResult]:
    recorder = make_recorder(CRITERION, folder, marks)
    measure_terms(compared, seed=0).record(recorder)
    return {result.quantity: result for result in recorder.results}


def of_nickel(compared: ComparedFrames) -> np.ndarray:
    frames = compared.frames
    return np.bincount(frames.frame_of_atom, frames.numbers == 28) / frames.n_atoms


def test_another_level_of_theory_is_systematic(compared: ComparedFrames, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(scale=0.001, size=60)
    found = recorded(wrong(compared, 0.1 + 0.05 * of_nickel(compared) + noise), tmp_path)
    assert found["systematic"].value > 99
    assert found["element"].value == pytest.approx(50 * of_nickel(compared).std(), rel=0.2)
    assert found["rest"].value == pytest.approx(1.0, rel=0.3)
    assert found["cancellation"].value < 0.1
    assert all(result.verdict is None for result in found.values())
    details = details_of(found["systematic"], KEY, TermsDetails)
    assert details is not None
    assert sum(term.share for term in details.terms) == pytest.approx(100.0)


def test_a_pressure_is_found_with_its_sign(compared: ComparedFrames, tmp_path: Path) -> None:
    volumes = compared.frames.volumes / compared.frames.n_atoms
    rng = np.random.default_rng(0)
    errors = 0.004 * (volumes - volumes.mean()) + rng.normal(scale=1e-4, size=60)
    found = recorded(wrong(compared, errors), tmp_path)
    # dE/dV: the error of the stress, tension positive.
    assert found["pressure"].value == pytest.approx(4.0, rel=0.1)
    assert found["pressure"].interval[0] < 4.0 < found["pressure"].interval[1]
    assert found["volume"].value > 10 * found["constant"].value


def test_kinds_of_frames_have_constants(compared: ComparedFrames, tmp_path: Path) -> None:
    kinds = np.array(["slab", "bulk"] * 30)
    rng = np.random.default_rng(0)
    errors = 0.01 * (kinds == "slab") + rng.normal(scale=1e-4, size=60)
    found = recorded(replace(wrong(compared, errors), config_types=kinds), tmp_path)
    assert found["kind"].value == pytest.approx(5.0, rel=0.1)


def test_noise_is_the_structure(compared: ComparedFrames, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(scale=0.01, size=60)
    found = recorded(wrong(compared, noise), tmp_path)
    assert found["systematic"].value < 20
    assert found["cancellation"].interval[1] > 0.95
    mean = noise.mean()
    assert f"mean error {1000 * mean:+.4g} meV/atom" in found["constant"].reason


def test_terms_that_frames_cannot_determine_are_said(
    compared: ComparedFrames, tmp_path: Path
) -> None:
    of_one = np.flatnonzero(np.abs(of_nickel(compared) - 0.5) < 0.01)[:10]
    few = wrong(compared.only(compared.indices[of_one]), np.linspace(-1e-3, 1e-3, len(of_one)))
    found = recorded(few, tmp_path)
    assert "element: the frames have one composition" in found["systematic"].reason
    assert "element" not in found


def test_a_user_can_set_a_threshold(compared: ComparedFrames, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(scale=0.01, size=60)
    mark = Threshold(1.0, "meV/atom", "measurement", "a test")
    assert recorded(wrong(compared, noise), tmp_path, rest=mark)["rest"].verdict == "fail"


def test_nothing_to_split(compared: ComparedFrames) -> None:
    with pytest.raises(NotApplicableError, match="the predictions are the labels"):
        measure_terms(wrong(compared, np.zeros(60)), seed=0)
    few = compared.only(compared.indices[:5])
    with pytest.raises(NotApplicableError, match="5 frames with an energy are too few"):
        measure_terms(few, seed=0)
    none = replace(compared, predictions=replace(compared.predictions, energy=None))
    with pytest.raises(NotApplicableError, match="predicts no energy"):
        measure_terms(none, seed=0)


def test_the_report_has_a_table(compared: ComparedFrames, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(scale=0.01, size=60)
    results = list(recorded(wrong(compared, noise), tmp_path).values())
    found = section(RunRecord(), results)
    assert found is not None
    (block,) = found.blocks
    assert [row[1] for row in block.tables[0].rows][-1] == "rest"
    assert section(RunRecord(), []) is None
