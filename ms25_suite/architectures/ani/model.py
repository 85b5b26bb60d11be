"""ANI: Smith, Isayev and Roitberg, Chem. Sci. 8, 3192 (2017), by TorchANI 2.

TorchANI's code for periodic cells takes one structure at a time. Here TorchANI gets the neighbours,
and a batch of frames is one large "molecule" without pairs between its frames. On the CPU in double
precision, the features, which are most of the work, come from `ms25_suite.architectures.ani.terms`.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ms25_suite.architectures.ani.file import FORMAT, expect_no_extensions, read_network
from ms25_suite.architectures.ani.terms import AniTerms
from ms25_suite.architectures.torch_device import expect_device
from ms25_suite.architectures.torch_graph import Arrays, TensorGraph
from ms25_suite.architectures.torch_model import TorchModel
from ms25_suite.core.errors import ModelFileError
from ms25_suite.core.frames import BoolArray, FloatArray, IntArray
from ms25_suite.potentials.base import Architecture, Graph, ModelInfo
from ms25_suite.potentials.model_file import FileSummary, summarise

if TYPE_CHECKING:
    from collections.abc import Iterable

    import torch

__all__ = ["AniModel", "TorchaniArchitecture", "half_list"]

_OWN = FORMAT.rpartition("/")[0]
_SCRIPTED = "code/__torch__/torchani/"


class TorchaniArchitecture(Architecture):
    """Files of the suite's trainer, and whole models that users of TorchANI saved.

    ``torch.save(model, path)`` and ``torch.jit.script(model).save(path)`` hold everything that a
    prediction needs. A state dict lacks the cutoffs and the activation function.
    """

    name = "ani"
    package = "torchani"
    distributions = ("torchani", "torch")
    requirement = "ms25-suite[ani]"
    trainer = "ms25_suite.architectures.ani.trainer:AniTrainer"

    def recognises(self, summary: FileSummary) -> bool:
        """Whether the file has the suite's format, or holds objects or code of TorchANI."""
        return (
            any(text.startswith(_OWN) for text in summary.pickle_strings)
            or any(name.startswith("torchani.") for name in summary.pickle_globals)
            or any(name.startswith(_SCRIPTED) for name in summary.members)
        )

    def load(self, path: Path, *, device: str, dtype: str) -> AniModel:
        """Load a model. Code in the file is executed only if it is TorchScript."""
        network, of_weights = _read(path, device, dtype)
        return AniModel(network, device, of_weights)

    def own_calculator(self, path: Path, *, device: str, dtype: str, **known: Any) -> Any:
        """TorchANI's calculator, ``model.ase()``; TorchScript has none."""
        del known
        import torch

        network, _ = _read(path, device, dtype)
        return None if isinstance(network, torch.jit.ScriptModule) else network.ase()


def _read(path: Path, device: str, dtype: str) -> tuple[Any, Any]:
    """The network of a file, ready to predict, and the type of its weights, of torch."""
    expect_no_extensions()
    import torch

    expect_device(device, dtype)
    summary = summarise(path)
    if any(text.startswith(_OWN) for text in summary.pickle_strings):
        network: Any = read_network(path)
    elif any(name.startswith(_SCRIPTED) for name in summary.members):
        network = _read_scripted(path)
    else:
        network = _read_pickled(path, summary.pickle_globals)
    network.potentials.to(getattr(torch, dtype))
    # Energies of the elements are large: they need all their digits, also for float32.
    network.energy_shifter.to(torch.float64)
    return network.to(device).eval(), getattr(torch, dtype)


def _read_scripted(path: Path) -> Any:
    import torch
    import torchani.arch  # noqa: F401  (registers the classes that the code names)

    try:
        network = torch.jit.load(path, map_location="cpu")
    except Exception as error:
        msg = f"{path} looks like an ANI model in TorchScript but cannot be loaded: {error!r}"
        raise ModelFileError(msg) from error
    return _checked(network, getattr(network, "original_name", ""), path)


def _read_pickled(path: Path, names: Iterable[str]) -> Any:
    """Read a pickled model; objects other than layers of torch and TorchANI are refused."""
    import torch
    import torchani.arch  # noqa: F401  (imports the modules of all its layers)

    layers = [found for found in map(_layer, sorted(names)) if found is not None]
    try:
        with torch.serialization.safe_globals(layers):
            network = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        msg = (
            f"{path} holds objects of TorchANI, but not only layers of a network, or it is damaged "
            f"({error}). Save a whole model of TorchANI 2: torch.save(model, path)"
        )
        raise ModelFileError(msg) from error
    return _checked(network, type(network).__name__, path)


def _layer(name: str) -> type | None:
    """Layer of torch or TorchANI with that name; None if it is something else."""
    import torch

    module, _, attribute = name.rpartition(".")
    if not module.startswith(("torch.nn.modules.", "torchani.")):
        return None
    found = getattr(sys.modules.get(module), attribute, None)
    return found if isinstance(found, type) and issubclass(found, torch.nn.Module) else None


def _checked(network: Any, kind: str, path: Path) -> Any:
    """Refuse a model that is not a function of edges within a finite cutoff."""
    if kind != "ANI":
        msg = (
            f"{path}: expected a model of TorchANI's class ANI, found {kind or type(network)!r}. "
            "A network of atomic charges (ANIq) is not a function of edges"
        )
        raise ModelFileError(msg)
    if not math.isfinite(network.cutoff):
        msg = f"{path}: expected a finite cutoff, found {network.cutoff} Å"
        raise ModelFileError(msg)
    return network


def half_list(graph: Graph) -> BoolArray:
    """Edges to keep so that each pair, also of an atom with its own image, is there once."""
    i, j, vectors = graph.senders, graph.receivers, graph.vectors
    # The image at D of an atom has a twin at -D: keep the one in the upper half space. Edges
    # between different atoms have their twin with i and j exchanged.
    x, y, z = vectors.T
    upper = (x > 0) | ((x == 0) & ((y > 0) | ((y == 0) & (z > 0))))
    return np.asarray((i < j) | ((i == j) & upper), dtype=np.bool_)


class AniModel(TorchModel):
    """A loaded ANI network.

    Parameters
    ----------
    network
        ``torchani.arch.ANI`` or its TorchScript, already on the device.
    device
        Where it is.
    dtype
        Type of its weights, of torch.
    """

    def __init__(self, network: Any, device: str, dtype: Any) -> None:
        self._network = network
        self.device = device
        self._dtype = dtype
        n_parameters = 0
        for parameter in network.parameters():
            n_parameters += parameter.numel()
            parameter.requires_grad_(False)
        elements = [int(z) for z in network.atomic_numbers]
        self._index = np.full(max(elements) + 1, -1)
        self._index[elements] = np.arange(len(elements))
        self._terms = _own_terms(network, device, dtype)
        self._info = ModelInfo(
            elements=tuple(sorted(elements)),
            r_max=float(network.cutoff),
            n_layers=1,
            n_parameters=n_parameters,
            inputs=(),
        )

    @property
    def info(self) -> ModelInfo:
        """Elements, cutoff and size."""
        return self._info

    def evaluate(self, graph: Graph) -> tuple[FloatArray, FloatArray]:
        """Energies and ``dE/dD``; see `EdgeModel.evaluate`."""
        if self._terms is None:
            return super().evaluate(graph)
        from ase.units import Hartree

        by_atom, slope = self._by_terms(self._terms, graph, self._index[graph.numbers])
        energy = np.bincount(
            graph.graph_of_atom, weights=Hartree * by_atom, minlength=graph.n_graphs
        )
        return np.asarray(energy, dtype=np.float64), Hartree * slope

    def _by_terms(
        self, terms: AniTerms, graph: Graph, species: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """Energy of each atom and its derivatives in Hartree, with compiled features."""
        import torch

        environment = terms.environment(graph, species)
        slope = np.empty_like(environment.features)
        by_atom = np.empty(len(species))
        # One element at a time: else PyTorch allocates a derivative of all features for each.
        for kind in np.unique(species):
            rows = np.flatnonzero(species == kind)
            features = torch.from_numpy(environment.features[rows]).requires_grad_(True)
            elements = torch.full((1, len(rows)), int(kind))
            learned = self._network.neural_networks(elements, features.unsqueeze(0), atomic=True)
            slope[rows] = torch.autograd.grad(learned.sum(), [features])[0].numpy()
            # Energies of the elements have no derivative: they are added after it was taken.
            if self._network.energy_shifter._enabled:
                learned = learned + self._network.energy_shifter(elements, atomic=True)
            by_atom[rows] = learned.detach().squeeze(0).numpy()
        return by_atom, terms.gradient(environment, slope)

    def inputs(self, graph: Graph) -> Arrays:
        """Species, and each pair once; see `TorchModel.inputs`."""
        return {
            "species": self._index[graph.numbers],
            "keep": np.flatnonzero(half_list(graph)),
        }

    def evaluate_tensors(self, graph: TensorGraph) -> tuple[torch.Tensor, torch.Tensor]:
        """Energies and ``dE/dD``, all by TorchANI; see `TorchModel.evaluate_tensors`.

        TorchANI uses each pair once, so one direction of each edge gets the whole derivative and
        the other one zero.
        """
        import torch
        from ase.units import Hartree
        from torchani.neighbors import Neighbors

        keep = slice(None, None, 2) if graph.in_pairs else graph.inputs["keep"]
        pairs = torch.stack([graph.senders[keep], graph.receivers[keep]])
        # TorchANI's vectors point from the second atom to the first.
        vectors = -graph.vectors[keep].to(self._dtype)
        vectors = vectors.detach().requires_grad_(True)
        # No pair joins two frames, so TorchANI sees one molecule made of all of them.
        neighbours = Neighbors(pairs, vectors.norm(dim=-1), vectors)
        # Only the shape of the positions is used; the geometry is in the vectors.
        positions = vectors.new_zeros(1, graph.n_atoms, 3)
        elements = graph.inputs["species"].unsqueeze(0)
        atoms = self._network.compute_from_neighbors(elements, positions, neighbours, atomic=True)
        by_atom = atoms.energies.squeeze(0)
        wide = torch.float32 if vectors.device.type == "mps" else torch.float64
        gradient = torch.zeros_like(graph.vectors)
        # Without pairs the energy is that of lone atoms, and has no derivative.
        if len(vectors):
            (slope,) = torch.autograd.grad(by_atom.sum(), [vectors])
            # The model's vectors are -D, so dE/dD has the other sign.
            gradient[keep] = -slope.to(gradient.dtype)
        energy = torch.zeros(graph.n_graphs, dtype=wide, device=vectors.device)
        energy.index_add_(0, graph.graph_of_atom, Hartree * by_atom.detach().to(wide))
        return energy, Hartree * gradient


def _own_terms(network: Any, device: str, dtype: Any) -> AniTerms | None:
    """Compiled features if they are those of the network; None: TorchANI computes them."""
    import torch

    if device != "cpu" or dtype is not torch.float64:
        return None
    if isinstance(network, torch.jit.ScriptModule):
        return None
    # The energy must be that of the network and of the elements, and nothing else.
    enabled = [name for name, part in network.potentials.items() if part._enabled]
    if enabled != ["nnp"] or not AniTerms.supports(network.aev_computer):
        return None
    return AniTerms(network.aev_computer)
