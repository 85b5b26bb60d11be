from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ms25_suite.core.errors import ModelFileError, NotApplicableError
from ms25_suite.core.frames import FloatArray
from ms25_suite.potentials.base import EdgeModel, ForceModel, Graph, ModelInfo
from ms25_suite.potentials.evaluate import EdgeEvaluator
from ms25_suite.potentials.workers import main as worker
from ms25_suite.potentials.workers.acceleration import (
    agreeing_form,
    choose_form,
    first_form,
    trial_frames,
)
from ms25_suite.potentials.workers.jobs import ModelJob


class Springs(EdgeModel):
    """E = k/2 sum (|D| - 2)^2 over directed edges, plus a constant for each atom."""

    def __init__(self, stiffness: float = 1.0, shift: float = 0.0, noise: float = 0.0) -> None:
        self.stiffness, self.shift, self.noise = stiffness, shift, noise

    @property
    def info(self) -> ModelInfo:
        return ModelInfo(elements=(8, 14), r_max=4.0)

    def evaluate(self, graph: Graph) -> tuple[FloatArray, FloatArray]:
        length = np.linalg.norm(graph.vectors, axis=1)
        of_edge = graph.graph_of_atom[graph.senders]
        energy = np.bincount(
            of_edge, 0.5 * self.stiffness * (length - 2.0) ** 2, minlength=graph.n_graphs
        )
        energy += self.shift * np.bincount(graph.graph_of_atom, minlength=graph.n_graphs)
        slope = self.stiffness * (1.0 - 2.0 / length[:, None]) * graph.vectors
        return energy, slope + self.noise


class Summed(ForceModel):
    """The same as a compiled model: sums of its own, with another sign of the virial if asked."""

    def __init__(self, sign: float = 1.0) -> None:
        self.sign = sign

    @property
    def info(self) -> ModelInfo:
        return Springs().info

    def evaluate(self, graph: Graph) -> tuple[FloatArray, FloatArray, FloatArray]:
        energy, slope = Springs().evaluate(graph)
        forces = np.zeros((len(graph.numbers), 3))
        np.add.at(forces, graph.senders, slope)
        np.add.at(forces, graph.receivers, -slope)
        virials = np.zeros((graph.n_graphs, 3, 3))
        outer = graph.vectors[:, :, None] * slope[:, None, :]
        np.add.at(virials, graph.graph_of_atom[graph.senders], outer)
        return energy, forces, self.sign * virials


def failing(error: Exception) -> Callable[[], EdgeModel]:
    def make() -> EdgeModel:
        raise error

    return make


def test_a_form_that_agrees_is_used_and_its_differences_are_said() -> None:
    form = Springs(shift=1e-9)
    chosen = choose_form(Springs, {"kernels": lambda: form}, "float64")
    assert chosen.model is form
    assert chosen.text.startswith("kernels, differs by 1.0e-09 eV/atom, ")
    assert "eV/Å, " in chosen.text
    assert chosen.text.endswith("eV/Å^3")


def test_without_forms_the_plain_model_is_used_silently() -> None:
    plain = Springs()
    chosen = choose_form(lambda: plain, {}, "float64")
    assert (chosen.model, chosen.text) == (plain, "")


@pytest.mark.parametrize(
    ("form", "unit"),
    [
        (Springs(shift=1e-4), "eV/atom"),
        (Springs(stiffness=1.001), "eV/Å"),
        (Springs(noise=float("nan")), "inf eV/Å"),
        (Summed(sign=-1.0), "eV/Å^3"),
    ],
)
def test_a_form_that_differs_is_not_used(form: Any, unit: str) -> None:
    plain = Springs()
    chosen = choose_form(lambda: plain, {"kernels": lambda: form}, "float64")
    assert chosen.model is plain
    assert chosen.text.startswith("plain; kernels differs from the plain model by ")
    assert f"{unit} (rounding: " in chosen.text


def test_the_next_form_is_tried() -> None:
    forms = {
        "one": failing(ImportError("no such\nlibrary")),
        "two": lambda: Springs(shift=1.0),
        "three": Summed,
    }
    chosen = choose_form(Springs, forms, "float64")
    assert isinstance(chosen.model, Summed)
    assert chosen.text.startswith("three, differs by ")
    assert "one cannot be used (ImportError: no such library); two differs" in chosen.text


def test_rounding_is_that_of_the_type_of_the_weights() -> None:
    off = {"kernels": lambda: Springs(shift=3e-6)}
    assert choose_form(Springs, off, "float64").text.startswith("plain")

    class Single(Springs):
        """A model that computes in float32 whatever was asked for."""

        precision = "float32"

    assert choose_form(lambda: Single(shift=-10.0), {}, "float64").text == ""
    near = {"kernels": lambda: Single(shift=-10.0 + 3e-6)}
    assert choose_form(lambda: Single(shift=-10.0), near, "float64").text.startswith("kernels")


def test_a_plain_model_that_cannot_be_tried_is_used() -> None:
    """A model that reads an input which the trial frames do not state, for instance."""

    class Picky(Springs):
        def evaluate(self, graph: Graph) -> tuple[FloatArray, FloatArray]:
            msg = "states no charge"
            raise ValueError(msg)

    chosen = choose_form(Picky, {"kernels": Springs}, "float64")
    assert isinstance(chosen.model, Picky)
    assert "kernels cannot be used (ValueError: states no charge)" in chosen.text


def test_the_first_form_is_taken_without_a_comparison() -> None:
    far = Springs(shift=1.0)
    found = first_form({"broken": failing(ImportError("gone")), "kernels": lambda: far})
    assert (found.model, found.text) == (far, "kernels")
    with pytest.raises(ModelFileError, match=r"broken cannot be used \(ImportError: gone\)"):
        first_form({"broken": failing(ImportError("gone"))})
    with pytest.raises(NotApplicableError, match="no faster form of the model"):
        first_form({})


@pytest.mark.parametrize("r_max", [2.5, 5.0, 8.0])
def test_trial_frames_have_all_elements_and_edges(r_max: float) -> None:
    from ms25_suite.potentials.batching.graphs import build_graph

    frames = trial_frames(ModelInfo(elements=(8, 14, 29), r_max=r_max))
    assert frames.elements == (8, 14, 29)
    assert frames.pbc.all(axis=1).tolist() == [True, True, False, True]
    lengths = np.linalg.norm(build_graph(frames, r_max).vectors, axis=1)
    assert 1.0 < lengths.min() < 0.9 * r_max
    again = trial_frames(ModelInfo(elements=(8, 14, 29), r_max=r_max))
    assert again.content_hash() == frames.content_hash()


class FakeArchitecture:
    name = "fake"
    accelerators = ("fast-kernels", "faster-kernels")
    names_species = True
    has_heads = False

    def load(self, path: Path, *, device: str, dtype: str) -> Any:
        return Summed() if path.suffix == ".pt2" else Springs()

    def faster(self, model: Any, *, device: str) -> dict[str, Callable[[], Any]]:
        return {f"kernels on {device}": lambda: copy.copy(model)}

    def own_calculator(self, path: Path, *, device: str, dtype: str) -> Any:
        from ase.calculators.emt import EMT

        return EMT() if path.suffix == ".pt" else None

    def torch_sim(self, path: Path, *, device: str, dtype: str) -> Any:
        return EdgeEvaluator(Springs(shift=1.0))


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelJob:
    monkeypatch.setattr(worker, "load_implementation", lambda _: FakeArchitecture())
    (tmp_path / "model.pt").touch()
    (tmp_path / "model.pt2").touch()
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    return ModelJob("", str(tmp_path / "model.pt"), empty, "cuda", "float64", None)


def changed(job: ModelJob, **values: Any) -> ModelJob:
    from dataclasses import replace

    return replace(job, **values)


def test_a_worker_uses_and_reports_a_faster_form_only_if_asked(job: ModelJob) -> None:
    assert worker.load_evaluator(job).info.acceleration == ""
    info = worker.load_evaluator(changed(job, accelerate=True)).info
    assert info.acceleration.startswith("kernels on cuda, differs by 0.0e+00 eV/atom")
    assert ModelInfo.from_dict(info.to_dict()) == info


def test_a_worker_says_that_there_is_no_faster_form(
    job: ModelJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeArchitecture, "faster", lambda *_, **__: {})
    asked = changed(job, accelerate=True)
    said = worker.load_evaluator(asked).info.acceleration
    assert said == (
        "plain: a faster form on a GPU needs one of fast-kernels, faster-kernels, of which none is "
        "usable here"
    )
    on_cpu = worker.load_evaluator(changed(asked, device="cpu")).info.acceleration
    assert on_cpu == "plain: there is no faster form of it on this device"
    with pytest.raises(NotApplicableError, match="no faster form"):
        worker.load_evaluator(changed(asked, route="form"))


def test_a_worker_compares_compiled_code_with_the_model_it_is_from(job: ModelJob) -> None:
    compiled = changed(job, accelerate=True, plain=job.path, path=job.path + "2")
    found = worker.load_evaluator(compiled)
    assert found.info.acceleration.startswith("compiled, differs by ")
    assert isinstance(found.model, Summed)  # type: ignore[attr-defined]


def test_a_route_is_not_the_adapter(job: ModelJob) -> None:
    frames = trial_frames(ModelInfo(elements=(29,), r_max=4.0)).select([0])
    plain = worker.load_evaluator(job).predict(frames)
    found = worker.load_evaluator(changed(job, route="calculator")).predict(frames)
    assert found.energy != pytest.approx(plain.energy)
    shifted = worker.load_evaluator(changed(job, route="torch_sim")).predict(frames)
    assert shifted.energy == pytest.approx(plain.energy + 12.0)
    with pytest.raises(NotApplicableError, match="no interface of its own for this model file"):
        worker.load_evaluator(changed(job, route="calculator", path=job.path + "2"))


def test_the_route_of_a_form_gives_also_one_that_differs(
    job: ModelJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(self: Any, model: Any, *, device: str) -> dict[str, Callable[[], Any]]:
        return {"kernels": lambda: Springs(shift=1.0)}

    monkeypatch.setattr(FakeArchitecture, "faster", wrong)
    asked = changed(job, accelerate=True)
    assert "differs from the plain model" in worker.load_evaluator(asked).info.acceleration
    form = worker.load_evaluator(changed(asked, route="form"))
    assert form.info.acceleration == "kernels"
    assert form.model.shift == 1.0  # type: ignore[attr-defined]
    # Also one that was compiled to a file.
    compiled = changed(asked, plain=job.path, path=job.path + "2", route="form")
    assert worker.load_evaluator(compiled).info.acceleration == "compiled"


def test_the_precision_of_a_model_is_known(job: ModelJob, monkeypatch: pytest.MonkeyPatch) -> None:
    assert worker.load_evaluator(job).info.precision == ""
    monkeypatch.setattr(Springs, "precision", "float32")
    info = worker.load_evaluator(job).info
    assert info.precision == "float32"
    assert ModelInfo.from_dict(info.to_dict()) == info
    # What older versions have cached does not say it.
    older = {name: value for name, value in info.to_dict().items() if name != "precision"}
    assert ModelInfo.from_dict(older).precision == ""


def test_a_form_that_was_asked_for_is_used_or_an_error() -> None:
    chosen = agreeing_form(Springs, "backend=x", Summed, "float64")
    assert isinstance(chosen.model, Summed)
    assert chosen.text.startswith("backend=x, differs by ")
    with pytest.raises(ModelFileError, match=r"backend=x differs from the plain model .*not used"):
        agreeing_form(Springs, "backend=x", lambda: Summed(-1.0), "float64")

    def broken() -> Springs:
        raise RuntimeError("no kernels")

    with pytest.raises(ModelFileError, match=r"backend=x cannot be used .RuntimeError: no kernels"):
        agreeing_form(Springs, "backend=x", broken, "float64")
