from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ms25_suite.baseline.allowances import Allowances
from ms25_suite.baseline.document import Baseline
from ms25_suite.baseline.gate import BaselineGate
from ms25_suite.core.changes import Change, ChangeVerdict
from ms25_suite.core.results import Verdict
from tests.helpers.baselines import DATA, MACHINE, baseline_of, result_of, run_of, sample_of
from tests.helpers.reports import make_result

SAMPLE = sample_of(np.linspace(1.0, 2.0, 40))
SPEED = make_result(
    criterion="throughput", quantity="katoms_per_s", metric="measurement", unit="kAtoms/s"
)


def gate(baseline: Baseline, *names: str, **changes: Any) -> BaselineGate:
    return BaselineGate(
        path=Path("base.json"),
        baseline=baseline,
        allowances=Allowances.default(),
        potentials=names or ("mace-β",),
        run=run_of(**changes),
    )


def test_numbers_of_the_same_frames_are_paired() -> None:
    found = gate(baseline_of(result_of(SAMPLE), sample=SAMPLE)).change(
        result_of(SAMPLE), DATA, SAMPLE
    )
    assert found is not None
    assert (found.verdict, found.paired) == ("same", True)


def test_one_potential_each_is_compared_whatever_its_name() -> None:
    accepted = baseline_of(make_result(interval=None))
    other = make_result(potential="other", interval=None)
    found = gate(accepted, "other").change(other, DATA)
    assert found is not None
    assert found.verdict is ChangeVerdict.SAME
    # Of two, each has to be known by its name.
    found = gate(accepted, "other", "third").change(other, DATA)
    assert found is not None
    assert found.verdict is ChangeVerdict.NEW


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dtype": "float32"}, "the baseline is of float64, and this run of float32"),
        ({"data": "e" * 64}, "another dataset: sha256 dddddddddddd in the baseline, eeeeeeeeeeee"),
        ({"unit": "eV/Å"}, "the baseline has it in meV/Å"),
    ],
)
def test_other_conditions_are_named_and_not_compared(changes: dict[str, str], words: str) -> None:
    dtype, data = changes.pop("dtype", "float64"), changes.pop("data", DATA)
    found = gate(baseline_of(make_result()), dtype=dtype).change(make_result(**changes), data)
    assert found is not None
    assert found.verdict is ChangeVerdict.NOT_COMPARED
    assert words in found.reason


def test_other_frames_are_named_and_not_compared() -> None:
    other = replace(SAMPLE, frames="f" * 64, errors=SAMPLE.errors[:30], counts=SAMPLE.counts[:30])
    found = gate(baseline_of(result_of(SAMPLE), sample=SAMPLE)).change(
        result_of(other), DATA, other
    )
    assert found is not None
    assert found.reason == "other frames: 40 in the baseline, 30 here, and they are not the same"


def test_the_same_frames_in_another_file_are_the_same_with_the_same_labels() -> None:
    def change(labels: tuple[str, str], data: str) -> Change:
        before, now = (replace(SAMPLE, labels=one) for one in labels)
        own = gate(baseline_of(result_of(SAMPLE), sample=before))
        found = own.change(result_of(SAMPLE), data, now)
        assert found is not None
        return found

    assert change(("a", "a"), "e" * 64).verdict is ChangeVerdict.SAME
    # Errors against labels of another method are other numbers.
    assert change(("a", "b"), DATA).reason.startswith("other labels: the frames are the same")
    # Of a baseline that does not know its labels, the file has to be the same.
    assert change(("", "a"), DATA).verdict is ChangeVerdict.SAME
    assert change(("", "a"), "e" * 64).reason.startswith("another dataset")


def test_other_settings_are_other_numbers() -> None:
    aligned = make_result(quantity="energy", conditions={"energies": "aligned"})
    found = gate(baseline_of(aligned)).change(make_result(quantity="energy"), DATA)
    assert found is not None
    assert found.verdict is ChangeVerdict.NOT_COMPARED
    assert found.reason == ("other conditions: energies aligned in the baseline, not stated here")
    again = gate(baseline_of(aligned)).change(aligned, DATA)
    assert again is not None
    assert again.verdict is ChangeVerdict.SAME


def test_what_may_be_renamed_is_not_taken_for_new() -> None:
    new = Change(verdict=ChangeVerdict.NEW)
    same = make_result(change=Change(verdict=ChangeVerdict.SAME))
    accepted = baseline_of(make_result(), make_result(potential="second"))
    other = make_result(potential="other", change=new)
    own = gate(accepted, "mace-β", "other")
    assert own.unknown([same, other]) == [other]
    # Where everything that was accepted is there, it was added.
    assert own.unknown([same, make_result(potential="second"), other]) == []
    # And one potential each is one.
    assert gate(baseline_of(make_result()), "other").unknown([other]) == []
    moved = make_result(dataset="moved", test_dataset="moved", change=new)
    assert gate(accepted).unknown([moved]) == [moved]
    assert gate(accepted).unknown([same, moved]) == []


def test_another_version_of_a_criterion() -> None:
    found = baseline_of(make_result())
    older = replace(found, numbers=(replace(found.numbers[0], version=0),))
    change = gate(older).change(make_result(), DATA)
    assert change is not None
    assert "error_thresholds means another number by now (version 0" in change.reason


def test_speeds_are_those_of_one_machine() -> None:
    accepted = baseline_of(SPEED)
    same = gate(accepted).change(SPEED, DATA)
    assert same is not None
    assert same.verdict is ChangeVerdict.SAME
    faster = replace(MACHINE, cpu="another CPU")
    other = gate(accepted, machine=faster).change(SPEED, DATA)
    assert other is not None
    assert other.reason == "another machine: 4 cores of some CPU then, 4 cores of another CPU now"
    card = gate(accepted, device="cuda").change(SPEED, DATA)
    assert card is not None
    assert card.reason == "another device: cpu then, cuda now"


def test_a_skipped_number_of_the_baseline_is_lost() -> None:
    own = gate(baseline_of(make_result()))
    skipped = make_result(value=None, interval=None, verdict=Verdict.SKIP, metric="")
    assert own.lost([skipped]) == [skipped]
    assert own.lost([skipped, make_result()]) == []
    assert own.lost([replace(skipped, quantity="stress")]) == []
    # What has become too uncertain to be a number.
    unsure = replace(skipped, verdict=Verdict.UNDECIDED)
    assert own.lost([unsure]) == [unsure]
    # One that failed fails by itself.
    assert own.lost([replace(skipped, verdict=Verdict.ERROR)]) == []
