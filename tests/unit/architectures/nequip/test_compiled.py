"""Compiled models of the nequip framework, with a stand-in for the native code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from ms25_suite.architectures.nequip.compiled import CompiledNequipModel, load_compiled
from ms25_suite.core.errors import ModelFileError
from ms25_suite.core.frames import Frames
from ms25_suite.potentials.base import Graph
from ms25_suite.potentials.evaluate import EdgeEvaluator
from tests.helpers.lennard_jones import LennardJonesModel
from tests.helpers.nequip_files import METADATA, compiled
from tests.unit.potentials.test_evaluate import STRUCTURES

MANY = {**METADATA, "nequip_aoti_inputs": METADATA["nequip_aoti_inputs"] + " batch num_atoms"}


LAMMPS = {**METADATA, "nequip_aoti_outputs": "atomic_energy forces virial"}


@pytest.mark.parametrize(
    ("metadata", "device", "message"),
    [
        (METADATA, "cuda", r"compiled for the device 'cpu' and cannot run on 'cuda'.*--device=cpu"),
        (
            {**METADATA, "AOTI_DEVICE_KEY": "cuda"},
            "cuda:1",
            r"first GPU only.*CUDA_VISIBLE_DEVICES=1",
        ),
        ({"AOTI_DEVICE_KEY": "cpu"}, "cpu", "does not state its cutoff and types of atoms"),
        (
            {**METADATA, "nequip_aoti_inputs": "pos spin"},
            "cpu",
            r"--target ase, batch or pair_nequip.*found one with the inputs pos spin",
        ),
        (
            {key: METADATA[key] for key in ("r_max", "type_names")},
            "cpu",
            r"inputs \(not stated\)",
        ),
        (
            {**METADATA, "AOTI_CPU_ISA": "AVX512_VNNI"},
            "cpu",
            r"another processor \(AVX512_VNNI instead of AVX2\): compile it again",
        ),
        ({**METADATA, "AOTI_MACHINE": "alpha"}, "cpu", r"another processor \(alpha instead of"),
    ],
)
def test_compiled_models_that_do_not_fit(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    metadata: dict[str, str],
    device: str,
    message: str,
) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    with pytest.raises(ModelFileError, match=message):
        load_compiled(compiled(tmp_path / "model.nequip.pt2", metadata), device)


class Stand:
    """Stands in for a compiled model: positions, cells and shifts in; forces and stresses out.

    As strict as the real ones: at least two atoms, edges and, of many, frames.
    """

    def __init__(self, metadata: dict[str, str]) -> None:
        self.metadata = metadata
        self.model = LennardJonesModel()

    def __call__(self, data: dict[str, Any]) -> dict[str, Any]:
        torch = pytest.importorskip("torch")
        assert list(data) == self.metadata["nequip_aoti_inputs"].split()
        arrays = {name: value.numpy() for name, value in data.items()}
        n_atoms = len(arrays["pos"])
        batch = arrays.get("batch", np.zeros(n_atoms, dtype=np.int64))
        cells = arrays["cell"]
        senders, receivers = arrays["edge_index"]
        assert n_atoms > 1
        assert len(senders) > 1
        assert ("batch" in data) == (len(cells) > 1)
        if "batch" in data:
            np.testing.assert_array_equal(arrays["num_atoms"], np.bincount(batch))
        shift = np.einsum("ei,eij->ej", arrays["edge_cell_shift"], cells[batch[senders]])
        vectors = arrays["pos"][receivers] - arrays["pos"][senders] + shift
        # Each atom counts as a frame, so that the energies are those of the atoms.
        atoms = np.arange(n_atoms)
        numbers = np.full(n_atoms, 28)
        graph = Graph(numbers, senders, receivers, vectors, atoms, n_atoms)
        per_atom, gradient = self.model.evaluate(graph)
        forces = np.zeros((n_atoms, 3))
        np.add.at(forces, senders, gradient)
        np.add.at(forces, receivers, -gradient)
        virial = np.zeros((len(cells), 3, 3))
        np.add.at(virial, batch[senders], vectors[:, :, None] * gradient[:, None, :])
        virial = 0.5 * (virial + virial.transpose(0, 2, 1))
        volume = np.abs(np.linalg.det(cells))[:, None, None]
        output = {
            "atomic_energy": per_atom[:, None],
            "total_energy": np.zeros((len(cells), 1)),
            "forces": forces,
            "stress": virial / volume,
            "virial": -virial,
        }
        names = self.metadata["nequip_aoti_outputs"].split()
        return {name: torch.from_numpy(output[name]) for name in names}


@pytest.mark.mace  # for torch
@pytest.mark.parametrize("metadata", [METADATA, MANY, LAMMPS], ids=["ase", "batch", "pair_nequip"])
def test_a_compiled_model_gets_edges_as_shifts_of_a_unit_cell(metadata: dict[str, str]) -> None:
    model = CompiledNequipModel(Stand(metadata), metadata, "cpu", Path("m"))
    assert (model.info.elements, model.info.r_max) == ((28, 29), 5.0)
    lone = Atoms("Ni", cell=[30, 30, 30], pbc=True)
    dimer = Atoms("NiCu", positions=[[0, 0, 0], [0, 0, 2.1]])
    images = [*(atoms.copy() for atoms in STRUCTURES.values()), lone, dimer]
    for chosen in (images, images[:1], images[2:3], [lone], [lone, lone], [dimer]):
        frames = Frames.from_atoms(chosen)
        found = EdgeEvaluator(model).predict(frames)
        expected = EdgeEvaluator(LennardJonesModel()).predict(frames)
        np.testing.assert_allclose(found.energy, expected.energy, atol=1e-10)
        np.testing.assert_allclose(found.forces, expected.forces, atol=1e-10)
        np.testing.assert_allclose(found.stress, expected.stress, atol=1e-12)


@pytest.mark.mace  # for torch
def test_a_compiled_model_gets_tensors_as_on_a_gpu() -> None:
    """Tensors in, tensors out; a small input gets the dimer here too."""
    pytest.importorskip("torch")
    from ms25_suite.architectures.torch_runner import TorchRunner

    model = CompiledNequipModel(Stand(MANY), MANY, "cpu", Path("m"))
    assert model.runner is None
    model.__dict__["_runner"] = TorchRunner(model)
    assert CompiledNequipModel(Stand(METADATA), METADATA, "cpu", Path("m")).runner is None
    lone = Atoms("Ni", cell=[30, 30, 30], pbc=True)
    images = [*(atoms.copy() for atoms in STRUCTURES.values()), lone]
    for chosen in (images, images[:1], [lone], [lone, lone]):
        frames = Frames.from_atoms(chosen)
        found = EdgeEvaluator(model).predict(frames)
        expected = EdgeEvaluator(LennardJonesModel()).predict(frames)
        np.testing.assert_allclose(found.energy, expected.energy, atol=1e-10)
        np.testing.assert_allclose(found.forces, expected.forces, atol=1e-10)
        np.testing.assert_allclose(found.stress, expected.stress, atol=1e-12)
