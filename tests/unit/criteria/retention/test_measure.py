from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ms25_suite.core.details import details_of
from ms25_suite.core.errors import NotApplicableError, NotJudgedError
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.core.thresholds import Threshold
from ms25_suite.core.units import QUANTITY_UNITS
from ms25_suite.criteria.retention import CRITERION
from ms25_suite.criteria.retention.details import CHILD, KEY, PARENT, SCRATCH, RetentionDetails
from ms25_suite.criteria.retention.family import MOST_FRAMES, Family
from ms25_suite.criteria.retention.measure import measure_retention
from ms25_suite.criteria.retention.sets import RetentionSet
from ms25_suite.datasets import Dataset
from ms25_suite.potentials.base import ModelInfo
from ms25_suite.potentials.potential import Potential
from tests.helpers.families import Elsewhere, Forgot, Kept, Parent, alloy, crystals, nickel
from tests.helpers.in_process import InProcess
from tests.helpers.recording import make_recorder
from tests.helpers.wrong_potentials import Good

MARKS = {
    quantity: Threshold(floor, QUANTITY_UNITS[quantity], "difference", "a test", share=20.0)
    for quantity, floor in {"energy": 0.25, "forces": 3.5, "stress": 0.06}.items()
}

QUANTITIES = ("energy", "forces", "stress")


class Ignorant(Good):
    """Knows nothing of what it is asked."""

    def spoil(self, i: Any, j: Any, d: Any, vectors: Any) -> None:
        self.results["forces"] = -2 * self.results["forces"]


class Silent(Good):
    """Has no answer for copper."""

    def calculate(self, atoms: Any = None, *args: Any, **kwargs: Any) -> None:
        if 29 in atoms.numbers:
            msg = "no parameters"
            raise ValueError(msg)
        super().calculate(atoms, *args, **kwargs)


class OfElements(InProcess):
    """A calculator that states its elements."""

    def __init__(self, kind: type[Good], name: str, elements: tuple[int, ...]) -> None:
        super().__init__(kind, name)
        self._elements = elements

    def info(self) -> ModelInfo:
        return replace(super().info(), elements=self._elements)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return nickel(tmp_path_factory.mktemp("own"))


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return alloy(tmp_path_factory.mktemp("other"))


def family(
    own: Dataset,
    other: Dataset,
    child: type[Good] | Potential,
    parent: type[Good] | Potential = Parent,
    scratch: type[Good] | None = None,
    *,
    asked: bool = True,
) -> Family:
    def opened(one: type[Good] | Potential, name: str) -> Potential:
        return one if isinstance(one, Potential) else InProcess(one, name)

    sets = (RetentionSet(other, asked=asked),)
    third = None if scratch is None else InProcess(scratch, "scratch")
    return Family(opened(child, "child"), opened(parent, "parent"), own, sets, third)


def judged(found: Family, quantity: Any, folder: Path, **context: Any) -> list[CheckResult]:
    recorder = make_recorder(CRITERION, folder, MARKS, dataset="ni", quantity=quantity)
    recorder.two_levels = context
    measure_retention(found, quantity).record(recorder)
    return recorder.results


def details(result: CheckResult) -> RetentionDetails:
    found = details_of(result, KEY, RetentionDetails)
    assert found is not None
    return found


def test_who_forgot_fails_and_who_kept_passes(own: Dataset, other: Dataset, tmp_path: Path) -> None:
    kept, forgot = (family(own, other, kind) for kind in (Kept, Forgot))
    for quantity in QUANTITIES:
        gain, loss = judged(kept, quantity, tmp_path)
        assert (gain.test_dataset, gain.verdict) == ("ni", None)
        assert gain.value is not None
        assert gain.value < 0
        assert (loss.test_dataset, loss.verdict) == ("cuni", Verdict.PASS), quantity
    gain, loss = judged(forgot, "forces", tmp_path)
    # The error on its own data does not show it.
    assert details(gain).of(CHILD).value == pytest.approx(0, abs=1e-3)  # type: ignore[union-attr]
    assert (loss.verdict, loss.metric, loss.unit) == (Verdict.FAIL, "difference", "meV/Å")
    assert loss.value is not None
    assert loss.threshold is not None
    assert loss.interval is not None
    assert loss.interval[0] > loss.threshold
    child, parent = (details(loss).of(role) for role in (CHILD, PARENT))
    assert child is not None
    assert parent is not None
    assert parent.value is not None
    assert loss.value == pytest.approx((child.value or 0) - parent.value)
    # The mark is a share of what the parent was wrong by.
    assert loss.threshold == pytest.approx(0.2 * parent.value, rel=1e-2)
    assert "20 % of" in loss.threshold_source
    assert "the parent's error" in loss.threshold_source
    assert loss.conditions == {"parent": "parent"}
    assert judged(forgot, "energy", tmp_path)[1].verdict is Verdict.FAIL


def test_a_child_moves_by_at_least_what_it_loses(
    own: Dataset, other: Dataset, tmp_path: Path
) -> None:
    _, loss = judged(family(own, other, Forgot), "forces", tmp_path)
    assert loss.value is not None
    moved = details(loss).moved
    assert moved is not None
    assert moved >= loss.value


def test_other_energies_of_the_elements_are_no_loss(
    own: Dataset, other: Dataset, tmp_path: Path
) -> None:
    _, loss = judged(family(own, other, Elsewhere), "energy", tmp_path)
    assert loss.verdict is Verdict.PASS
    assert loss.conditions["energies"] == "aligned"
    child = details(loss).of(CHILD)
    assert child is not None
    assert child.raw is not None
    assert child.value is not None
    # 2 eV for each atom of copper, less 7 eV for each frame.
    assert child.raw > 100 * child.value
    assert details(loss).where == "20 other frames of cuni"


def test_without_frames_for_the_constants_no_energy_is_judged(own: Dataset, tmp_path: Path) -> None:
    few = alloy(tmp_path, n=12, name="few")
    few = replace(few, splits=open_all(few))
    found = family(own, few, Kept)
    with pytest.raises(NotJudgedError, match="energies cannot be aligned"):
        measure_retention(found, "energy")
    assert len(judged(found, "forces", tmp_path)) == 2


def open_all(dataset: Dataset) -> Any:
    """All frames are test frames."""
    every = np.arange(len(dataset))

    class All:
        n_sets = 1

        def test(self, **kwargs: Any) -> Any:
            return every

        def train(self, *args: Any, **kwargs: Any) -> Any:
            return every[:0]

    return All()


def test_few_frames_decide_nothing(own: Dataset, tmp_path: Path) -> None:
    few = alloy(tmp_path, n=4, name="few")
    _, loss = judged(family(own, few, Kept), "forces", tmp_path)
    assert loss.verdict is Verdict.UNDECIDED
    assert "4 independent frames" in loss.reason


def test_what_a_parent_does_not_know_it_cannot_lose(
    own: Dataset, other: Dataset, tmp_path: Path
) -> None:
    class Better(Good):
        """Not much better."""

        def spoil(self, i: Any, j: Any, d: Any, vectors: Any) -> None:
            self.results["forces"] = -1.9 * self.results["forces"]

    _, loss = judged(family(own, other, Better, Ignorant), "forces", tmp_path)
    assert loss.verdict is Verdict.UNDECIDED
    assert loss.reason.startswith("the parent knows nothing here that could be lost")


def test_a_child_without_an_answer_has_lost_it(
    own: Dataset, other: Dataset, tmp_path: Path
) -> None:
    (_, loss) = judged(family(own, other, Silent), "forces", tmp_path)
    assert (loss.verdict, loss.test_dataset, loss.value) == (Verdict.FAIL, "cuni", None)
    assert "no answer where its parent has one" in loss.reason
    with pytest.raises(NotJudgedError, match="the parent, has no answer itself"):
        measure_retention(family(own, other, Kept, Silent), "forces")


def test_elements_that_one_of_them_does_not_know(
    own: Dataset, other: Dataset, tmp_path: Path
) -> None:
    small = OfElements(Parent, "parent", (28,))
    with pytest.raises(NotJudgedError, match="parent, the parent, has no parameters for Cu"):
        measure_retention(family(own, other, Kept, small), "forces")
    # A child that dropped elements has lost them, where somebody asks.
    dropped = OfElements(Kept, "child", (28,))
    _, loss = judged(family(own, other, dropped), "forces", tmp_path)
    assert loss.verdict is Verdict.FAIL
    assert "no parameters for Cu any more" in loss.reason
    with pytest.raises(NotJudgedError, match="To judge retention, name others"):
        measure_retention(family(own, other, dropped, asked=False), "forces")


def test_one_of_two_sets_that_cannot_be_judged_is_named(
    own: Dataset, other: Dataset, tmp_path: Path
) -> None:
    copper = tmp_path / "copper.extxyz"
    from ase.io import write

    from ms25_suite.datasets import open_dataset

    write(copper, crystals([29], 12))
    sets = (RetentionSet(other, asked=True), RetentionSet(open_dataset(str(copper)), asked=True))

    class NoCopperAlone(Parent):
        def calculate(self, atoms: Any = None, *args: Any, **kwargs: Any) -> None:
            if 28 not in atoms.numbers:
                msg = "no nickel"
                raise ValueError(msg)
            super().calculate(atoms, *args, **kwargs)

    found = Family(InProcess(Kept, "child"), InProcess(NoCopperAlone, "parent"), own, sets)
    _, kept, missing = judged(found, "forces", tmp_path)
    assert kept.verdict is Verdict.PASS
    assert (missing.verdict, missing.unjudged) == (Verdict.SKIP, True)
    recorder = make_recorder(CRITERION, tmp_path, MARKS, dataset="ni", quantity="forces")
    recorder.allowed = lambda quantity, dataset: f"--ms25-allow-skip={quantity}:{dataset}"
    measure_retention(found, "forces").record(recorder)
    assert recorder.results[-1].unjudged is False
    assert "(allowed by --ms25-allow-skip=forces:copper)" in recorder.results[-1].reason
    assert missing.test_dataset == "copper"


def test_a_potential_from_scratch_is_shown_and_not_judged(
    own: Dataset, other: Dataset, tmp_path: Path
) -> None:
    _, loss = judged(family(own, other, Kept, scratch=Forgot), "forces", tmp_path)
    assert loss.verdict is Verdict.PASS
    third = details(loss).of(SCRATCH)
    assert third is not None
    assert (third.value or 0) > 3 * (details(loss).of(CHILD).value or 0)  # type: ignore[union-attr]


def test_labels_that_the_parent_did_not_learn(own: Dataset, other: Dataset, tmp_path: Path) -> None:
    _, loss = judged(family(own, other, Forgot), "forces", tmp_path, cuni="two levels of theory: x")
    assert (loss.verdict, loss.incomparable) == (Verdict.INCOMPARABLE, True)


def test_what_the_labels_lack_is_no_loss(own: Dataset, tmp_path: Path) -> None:
    data = alloy(tmp_path, name="bare", card='[labels]\nstress = "none"\n')
    found = family(own, data, Kept)
    with pytest.raises(NotApplicableError, match="as its card says"):
        measure_retention(found, "stress")


def test_sets_are_thinned_out_evenly(own: Dataset, tmp_path: Path) -> None:
    many = alloy(tmp_path, n=2 * MOST_FRAMES, name="many")
    found = family(own, many, Kept).compared(many)
    assert len(found.indices) == MOST_FRAMES
    assert set(found.indices) <= set(many.splits.test(set=1))
    assert set(found.predictions) == {CHILD, PARENT}
