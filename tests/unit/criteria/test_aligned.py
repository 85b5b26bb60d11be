from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase.calculators.emt import EMT

from ms25_suite.core.details import AlignmentDetails, details_of
from ms25_suite.core.errors import NotJudgedError
from ms25_suite.core.thresholds import Threshold
from ms25_suite.criteria.error_thresholds import CRITERION
from ms25_suite.criteria.error_thresholds.measure import measure_errors
from ms25_suite.criteria.held_out import HeldOutPredictions
from ms25_suite.report.grid import aligned_notes
from tests.helpers.copper_data import open_crystals
from tests.helpers.in_process import InProcess
from tests.helpers.recording import make_recorder

SPLIT = "[splits]\ntrain = 12\nvalidation = 10\ntest = 20\n"
MARKS = {"energy": Threshold(2.5, "meV/atom", "mae", "a test")}


class Zeros(EMT):
    """EMT with other energies of isolated atoms."""

    def calculate(self, *args: object, **kwargs: object) -> None:
        super().calculate(*args, **kwargs)
        self.results["energy"] += float(np.where(self.atoms.numbers == 28, 0.3, -0.2).sum())


def test_other_zeros_fail_as_predicted_and_pass_aligned(tmp_path: Path) -> None:
    data, potential = open_crystals(tmp_path, card=SPLIT, n=42), InProcess(Zeros)
    verdicts = {}
    for align in ("none", "element"):
        compared = HeldOutPredictions(align)(potential, data)  # type: ignore[arg-type]
        recorder = make_recorder(CRITERION, tmp_path, MARKS, quantity="energy")
        measure_errors(compared, "energy").record(recorder)
        verdicts[align] = {
            result.quantity: result for result in recorder.results if result.metric != "rmse"
        }
    raw, aligned = verdicts["none"]["energy"], verdicts["element"]["energy"]
    assert (raw.verdict, aligned.verdict) == ("fail", "pass")
    # Each is shown beside the other.
    assert verdicts["none"]["energy_aligned"].value == pytest.approx(0.0, abs=1e-4)
    assert verdicts["element"]["energy_as_predicted"].value == pytest.approx(raw.value)
    details = details_of(aligned, "alignment", AlignmentDetails)
    assert details is not None
    assert details.constants == pytest.approx({"Ni": 300.0, "Cu": -200.0})
    assert (details.n_frames, details.n_parameters) == (10, 2)
    assert details.where == "the 10 validation frames of cuni"
    (note,) = aligned_notes([aligned, raw])
    assert "2 parameters fitted to the 10 validation frames of cuni" in note


def test_the_card_can_ask_for_it_and_the_option_overrides_it(tmp_path: Path) -> None:
    data = open_crystals(tmp_path, card=f'align = "element"\n{SPLIT}', n=42)
    potential = InProcess(Zeros)
    assert HeldOutPredictions()(potential, data).alignment is not None
    assert HeldOutPredictions("none")(potential, data).alignment is None


def test_test_frames_are_never_part_of_the_fit(tmp_path: Path) -> None:
    data, potential = open_crystals(tmp_path, card=SPLIT, n=42), InProcess(Zeros)
    compared = HeldOutPredictions("element")(potential, data)
    assert compared.alignment is not None
    # Labels of test frames that are all wrong change no constant.
    labels = replace(data.labels, energy=np.array(data.labels.energy))
    labels.energy[data.splits.test()] += 100.0
    spoiled = HeldOutPredictions("element")(potential, replace(data, labels=labels))
    assert spoiled.alignment is not None
    assert spoiled.alignment.constants.tolist() == compared.alignment.constants.tolist()
    assert spoiled.errors("energy").mae.value > 10


def test_without_other_frames_it_is_not_judged(tmp_path: Path) -> None:
    compared = HeldOutPredictions("element")(InProcess(Zeros), open_crystals(tmp_path))
    with pytest.raises(NotJudgedError, match="that are no test frames"):
        measure_errors(compared, "energy")
    # Forces do not depend on it, and neither do the terms of the error.
    assert measure_errors(compared, "forces").errors.mae.value < 1e-6
    assert compared.as_predicted().errors("energy").mae.value > 0.01


def test_another_dataset_takes_the_constants_of_the_own_one(tmp_path: Path) -> None:
    own = open_crystals(tmp_path, card=SPLIT, n=42)
    other = open_crystals(tmp_path, "other", n=8, seed=5)
    found = HeldOutPredictions("element")(InProcess(Zeros), other, like=own)
    assert found.alignment is not None
    assert found.alignment.where.endswith("of cuni")
    assert found.errors("energy").mae.value == pytest.approx(0.0, abs=1e-7)


def test_a_part_of_aligned_frames_stays_aligned(tmp_path: Path) -> None:
    data = open_crystals(tmp_path, card=SPLIT, n=42)
    compared = HeldOutPredictions("element")(InProcess(Zeros), data)
    part = compared.only(compared.indices[:7])
    assert part.errors("energy").mae.value == pytest.approx(0.0, abs=1e-7)
    assert part.as_predicted().errors("energy").mae.value > 0.01
