"""The bare models: each package's own forward on batches that lie on the device already.

Energies, forces and stresses, as the package computes them. Neighbour lists, batches and copies are
made before the clock starts: no program that predicts frames can be faster with the same model.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import numpy as np

from ms25_suite.core.frames import Frames, Predictions, to_voigt
from ms25_suite.potentials.batching.graphs import build_graph

__all__ = ["RawModel", "load_raw"]


class RawModel(ABC):
    """A model of a package on a device."""

    @abstractmethod
    def prepare(self, frames: Frames, repeat: int = 1) -> Any:
        """A batch on the device, as the package makes it: frames, as often as is said."""

    @abstractmethod
    def run(self, batch: Any) -> tuple[Any, Any, Any]:
        """Energies, forces and stresses of a batch, on the device."""

    def predict(self, frames: Frames) -> Predictions:
        """What `run` returns, on the host."""
        energy, forces, stress = (
            part.detach().double().cpu().numpy() for part in self.run(self.prepare(frames))
        )
        return Predictions(energy.reshape(-1), forces, to_voigt(stress.reshape(-1, 3, 3)))


def load_raw(architecture: str, path: Path, device: str, dtype: str) -> RawModel:
    """A model file, loaded as its package does."""
    kinds = {"mace": _Mace, "nequip": _Nequip, "allegro": _Nequip, "ani": _Ani}
    return kinds[architecture](path, device, dtype)


class _Mace(RawModel):
    """As `mace.calculators.MACECalculator` calls it."""

    def __init__(self, path: Path, device: str, dtype: str) -> None:
        import mace.modules.models  # noqa: F401  (before torch.load)
        import torch
        from mace.tools import utils

        torch.set_default_dtype(getattr(torch, dtype))
        # The fuser of TorchScript compiles again for each new shape.
        torch._C._jit_set_texpr_fuser_enabled(False)
        model = torch.load(path, map_location=device, weights_only=False)
        # Code that e3nn has compiled is loaded to the CPU, whatever map_location says.
        self.model = model.to(device=device, dtype=getattr(torch, dtype)).eval()
        for parameter in self.model.parameters():
            parameter.requires_grad_(False)
        self._table = utils.AtomicNumberTable([int(z) for z in self.model.atomic_numbers])
        self._cutoff = float(self.model.r_max)
        self._device = device

    def prepare(self, frames: Frames, repeat: int = 1) -> dict[str, Any]:
        from mace import data
        from mace.tools import torch_geometric

        configs = [data.config_from_atoms(frames.atoms(k)) for k in range(len(frames))]
        make = data.AtomicData.from_config
        parts = [make(one, z_table=self._table, cutoff=self._cutoff) for one in configs]
        batch = torch_geometric.Batch.from_data_list(parts * repeat)
        found: dict[str, Any] = batch.to(self._device).to_dict()
        return found

    def run(self, batch: dict[str, Any]) -> tuple[Any, Any, Any]:
        found = self.model(batch, training=False, compute_force=True, compute_stress=True)
        return found["energy"], found["forces"], found["stress"]


class _Nequip(RawModel):
    """As `nequip.integrations.ase.NequIPCalculator` calls it, but with many frames in a batch."""

    def __init__(self, path: Path, device: str, dtype: str) -> None:
        from nequip.integrations.ase import NequIPCalculator

        calculator = NequIPCalculator._from_saved_model(
            str(path), device=device, chemical_species_to_atom_type_map=True
        )
        self.model = calculator.model
        for parameter in self.model.parameters():
            parameter.requires_grad_(False)
        self._transforms = calculator.transforms
        self._device = device

    def prepare(self, frames: Frames, repeat: int = 1) -> dict[str, Any]:
        from nequip.data import AtomicDataDict, from_ase

        parts = []
        for index in range(len(frames)):
            data = from_ase(frames.atoms(index))
            for transform in self._transforms:
                data = transform(data)
            parts.append(data)
        return {
            name: value.to(self._device)
            for name, value in AtomicDataDict.batched_from_list(parts * repeat).items()
        }

    def run(self, batch: dict[str, Any]) -> tuple[Any, Any, Any]:
        found = self.model(dict(batch))
        return found["total_energy"], found["forces"], found["stress"]


class _Ani(RawModel):
    """TorchANI's network on a flat batch, with forces and stresses from derivatives by pairs.

    TorchANI's own code for periodic cells takes one structure at a time.
    """

    def __init__(self, path: Path, device: str, dtype: str) -> None:
        import torch

        from ms25_suite.architectures.ani.file import read_network

        self.model = read_network(path)
        self.model.potentials.to(getattr(torch, dtype))
        self.model.energy_shifter.to(torch.float64)
        self.model.to(device).eval()
        for parameter in self.model.parameters():
            parameter.requires_grad_(False)
        numbers = [int(z) for z in self.model.atomic_numbers]
        self._index = np.full(max(numbers) + 1, -1)
        self._index[numbers] = np.arange(len(numbers))
        self._device = device
        self._dtype = getattr(torch, dtype)

    def prepare(self, frames: Frames, repeat: int = 1) -> dict[str, Any]:
        import torch

        from ms25_suite.architectures.ani.model import half_list

        frames = frames.select(np.tile(np.arange(len(frames)), repeat))
        graph = build_graph(frames, float(self.model.cutoff))
        keep = half_list(graph)
        i, j = graph.senders[keep], graph.receivers[keep]
        arrays = {
            "species": self._index[graph.numbers][None],
            "pairs": np.stack([i, j]),
            "vectors": graph.vectors[keep],
            "frame": graph.graph_of_atom,
            "volumes": frames.volumes,
        }
        found = {}
        for name, values in arrays.items():
            tensor = torch.from_numpy(np.array(values)).to(self._device)
            found[name] = tensor.to(self._dtype) if tensor.is_floating_point() else tensor
        return found

    def run(self, batch: dict[str, Any]) -> tuple[Any, Any, Any]:
        import torch
        from ase.units import Hartree
        from torchani.neighbors import Neighbors

        n_frames, n_atoms = len(batch["volumes"]), len(batch["frame"])
        # TorchANI's vectors point from the second atom to the first.
        vectors = -batch["vectors"].detach()
        vectors.requires_grad_(True)
        neighbours = Neighbors(batch["pairs"], vectors.norm(dim=-1), vectors)
        # Only the shape of the positions is used.
        positions = vectors.new_zeros(1, n_atoms, 3)
        found = self.model.compute_from_neighbors(
            batch["species"], positions, neighbours, atomic=True
        )
        by_atom = Hartree * found.energies.squeeze(0)
        (slope,) = torch.autograd.grad(by_atom.sum(), [vectors])
        i, j = batch["pairs"]
        forces = torch.zeros_like(positions[0])
        forces.index_add_(0, i, -slope).index_add_(0, j, slope)
        # By atom first: additions to the same nine numbers of a frame would queue up on a GPU.
        outer = (vectors.detach()[:, :, None] * slope[:, None, :]).flatten(1)
        virials = outer.new_zeros(n_atoms, 9).index_add_(0, i, outer)
        stress = virials.new_zeros(n_frames, 9).index_add_(0, batch["frame"], virials)
        energy = by_atom.new_zeros(n_frames).index_add_(0, batch["frame"], by_atom.detach())
        stress = stress.view(-1, 3, 3) / batch["volumes"][:, None, None]
        return energy, forces, 0.5 * (stress + stress.transpose(1, 2))
