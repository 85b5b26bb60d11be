"""Batches of frameworks, with a package of the same interface in place of theirs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from ms25_suite.environments.spec import environments
from ms25_suite.potentials.frameworks.batches import BATCHES
from ms25_suite.potentials.frameworks.factories import FACTORIES


def test_descriptions_say_which_frameworks_have_batches() -> None:
    sized = {
        name
        for name, spec in environments().items()
        if spec.framework is not None and spec.framework.batch_atoms
    }
    assert sized == set(BATCHES)
    assert sized <= set(FACTORIES)


class Tensor:
    """Just enough of a tensor."""

    def __init__(self, values: Any) -> None:
        self.values = np.asarray(values)

    def __neg__(self) -> Tensor:
        return Tensor(-self.values)

    def detach(self) -> Tensor:
        return self

    def cpu(self) -> Tensor:
        return self

    def numpy(self) -> Any:
        return self.values

    def reshape(self, *shape: int) -> Any:
        return self.values.reshape(*shape)


def install(monkeypatch: pytest.MonkeyPatch, name: str, **attributes: Any) -> None:
    """A module of that name, and packages above it."""
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        whole = ".".join(parts[:end])
        if whole not in sys.modules or end == len(parts):
            monkeypatch.setitem(sys.modules, whole, ModuleType(whole))
        if end > 1:
            above = sys.modules[".".join(parts[: end - 1])]
            monkeypatch.setattr(above, parts[end - 1], sys.modules[whole], raising=False)
    for key, value in attributes.items():
        setattr(sys.modules[name], key, value)


@pytest.fixture
def sevennet(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Calculator of a package with the interface of SevenNet; its model returns what it got."""

    class Graphs(list[Any]):
        def to(self, device: str) -> Graphs:
            assert device == "cpu"
            return self

    install(
        monkeypatch,
        "sevenn._keys",
        DATA_MODALITY="modality",
        PRED_STRESS="stress",
        PRED_TOTAL_ENERGY="energy",
        PRED_FORCE="forces",
    )
    install(
        monkeypatch,
        "sevenn.atom_graph_data",
        AtomGraphData=SimpleNamespace(from_numpy_dict=lambda graph: dict(graph)),
    )
    install(
        monkeypatch,
        "sevenn.train.dataload",
        unlabeled_atoms_to_graph=lambda atoms, cutoff, with_shift: {"n": len(atoms)},
    )
    collater = lambda *args, **kwargs: Graphs  # noqa: E731
    install(monkeypatch, "torch_geometric.loader.dataloader", Collater=collater)

    class Model:
        is_batch = False
        modalities: Sequence[str | None] = ()

        def set_is_batch_data(self, flag: bool) -> None:
            self.is_batch = flag

        def __call__(self, graphs: Graphs) -> dict[str, Tensor]:
            assert self.is_batch
            self.modalities = [graph.get("modality") for graph in graphs]
            counts = [graph["n"] for graph in graphs]
            if 1 in counts:
                msg = "an atom alone"
                raise RuntimeError(msg)
            rows = np.arange(3 * sum(counts), dtype=float).reshape(-1, 3)
            stress = [[1, 2, 3, 12, 23, 31]] * len(counts)
            return {"energy": Tensor(counts), "forces": Tensor(rows), "stress": Tensor(stress)}

    return SimpleNamespace(
        model=Model(),
        cutoff=5.0,
        modal="PBE",
        device="cpu",
        type_map={29: 0, 13: 1},
        set_atoms=lambda atoms: None,
    )


def test_sevennet_stress_in_the_order_and_sign_of_ase(sevennet: Any) -> None:
    batched = BATCHES["sevennet"](sevennet)
    found = batched.evaluate([bulk("Cu", cubic=True), bulk("Cu") * (2, 1, 1)])
    assert batched.numbers == (13, 29)
    assert list(found.energy) == [4, 2]
    assert [one.tolist() for one in found.forces] == [
        np.arange(12.0).reshape(4, 3).tolist(),
        np.arange(12.0, 18.0).reshape(2, 3).tolist(),
    ]
    assert found.stress is not None
    # From xx yy zz xy yz zx of the other sign.
    assert found.stress[1].tolist() == [-1, -2, -3, -23, -31, -12]
    assert sevennet.model.modalities == ["PBE", "PBE"]


def test_sevennet_is_left_as_its_calculator_needs_it(sevennet: Any) -> None:
    batched = BATCHES["sevennet"](sevennet)
    with pytest.raises(RuntimeError, match="an atom alone"):
        batched.evaluate([Atoms("Cu")])
    assert not sevennet.model.is_batch


def test_chgnet_of_one_and_of_several(monkeypatch: pytest.MonkeyPatch) -> None:
    adaptor = SimpleNamespace(get_structure=lambda atoms: atoms)
    install(monkeypatch, "pymatgen.io.ase", AseAtomsAdaptor=adaptor)

    class Model:
        is_intensive = True

        def graph_converter(self, structure: Atoms) -> int:
            return len(structure)

        def predict_graph(self, graphs: list[int], task: str, batch_size: int) -> Any:
            assert (task, batch_size) == ("efs", len(graphs))
            found = [
                {"e": np.array(-5.0), "f": np.full((n, 3), float(n)), "s": 2.0 * np.eye(3)}
                for n in graphs
            ]
            return found[0] if len(found) == 1 else found

    batched = BATCHES["chgnet"](SimpleNamespace(model=Model(), stress_weight=0.5))
    for images in ([bulk("Cu")], [bulk("Cu", cubic=True), bulk("Cu")]):
        found = batched.evaluate(images)
        sizes = [len(atoms) for atoms in images]
        # The model's energy is that of an atom, its stress in GPa.
        assert list(found.energy) == [-5.0 * n for n in sizes]
        assert [one.shape for one in found.forces] == [(n, 3) for n in sizes]
        assert found.stress is not None
        assert np.array_equal(found.stress[0], np.eye(3))
