"""Batches by the package of a framework: several structures in one pass of its model.

Each function takes the framework's own ASE calculator and returns a function of structures, which
uses the same model, settings and graphs as that calculator. They run in a worker of the
framework's environment; the pinned versions are in ``ms25_suite/environments/*.toml``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.core.frames import FloatArray

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["BATCHES", "Batched", "Found"]


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What a batch gave, in the order of its structures.

    Parameters
    ----------
    energy
        Energies in eV, one a structure.
    forces
        Forces in eV/Å, shape ``(n_atoms, 3)`` for each structure.
    stress
        Stresses in eV/Å^3, shape ``(6,)`` in ASE's sign and order, or ``(3, 3)``; None if the
        model has none.
    """

    energy: Sequence[float]
    forces: Sequence[FloatArray]
    stress: Sequence[FloatArray] | None


@dataclass(frozen=True, slots=True, eq=False)
class Batched:
    """The batches of a model.

    Parameters
    ----------
    evaluate
        Function of structures, at least one. It raises whatever the package raises.
    numbers
        Atomic numbers of the elements of the model; None if they are not known.
    """

    evaluate: Callable[[Sequence[Atoms]], Found]
    numbers: tuple[int, ...] | None = None


def _arrays(tensor: Any, sizes: Sequence[int]) -> list[FloatArray]:
    """Rows of the atoms of each structure."""
    rows = tensor.detach().cpu().numpy()
    if len(rows) != sum(sizes):
        msg = f"the package gave {len(rows)} forces for {sum(sizes)} atoms"
        raise ValueError(msg)
    return np.split(rows, np.cumsum(sizes)[:-1])


def _sevennet(calculator: Any) -> Batched:
    """SevenNet's graphs, collated as its training and its model for TorchSim collate them."""
    import sevenn._keys as keys
    from sevenn.atom_graph_data import AtomGraphData
    from sevenn.train.dataload import unlabeled_atoms_to_graph
    from torch_geometric.loader.dataloader import Collater

    model, collate = calculator.model, Collater([], follow_batch=None, exclude_keys=None)

    def graph(atoms: Atoms) -> Any:
        # It refuses elements that the model does not know, which the model itself would not.
        calculator.set_atoms(atoms)
        made = AtomGraphData.from_numpy_dict(
            unlabeled_atoms_to_graph(atoms, calculator.cutoff, with_shift=False)
        )
        if calculator.modal:
            made[keys.DATA_MODALITY] = calculator.modal
        return made

    def evaluate(images: Sequence[Atoms]) -> Found:
        batch = collate([graph(atoms) for atoms in images]).to(calculator.device)
        # Its modules sum over the batch or over one structure; the calculator does the latter.
        model.set_is_batch_data(True)
        try:
            output = model(batch)
        finally:
            model.set_is_batch_data(False)
        # Its stress is that of VASP: the other sign, and the order xx yy zz xy yz zx.
        stress = -output[keys.PRED_STRESS].detach().cpu().numpy()[:, [0, 1, 2, 4, 5, 3]]
        return Found(
            output[keys.PRED_TOTAL_ENERGY].detach().cpu().reshape(-1).tolist(),
            _arrays(output[keys.PRED_FORCE], [len(atoms) for atoms in images]),
            list(stress),
        )

    return Batched(evaluate, tuple(sorted(int(z) for z in calculator.type_map)))


def _chgnet(calculator: Any) -> Batched:
    """CHGNet's ``predict_graph`` of a list."""
    from pymatgen.io.ase import AseAtomsAdaptor

    model = calculator.model

    def evaluate(images: Sequence[Atoms]) -> Found:
        structures = [AseAtomsAdaptor.get_structure(atoms) for atoms in images]
        graphs = [model.graph_converter(structure) for structure in structures]
        # Without the magnetic moments, which nothing here reads.
        found = model.predict_graph(graphs, task="efs", batch_size=len(graphs))
        # Of one graph it is a dictionary, not a list of one.
        found = [found] if len(graphs) == 1 else found
        counts = [len(one) if model.is_intensive else 1 for one in structures]
        return Found(
            [float(one["e"]) * count for one, count in zip(found, counts, strict=True)],
            [one["f"] for one in found],
            [one["s"] * calculator.stress_weight for one in found],
        )

    return Batched(evaluate)


def _mattersim(calculator: Any) -> Batched:
    """MatterSim's ``predict_properties`` of a loader."""
    from mattersim.datasets.utils.build import build_dataloader

    potential = calculator.potential
    sizes = {name: potential.model.model_args[name] for name in ("cutoff", "threebody_cutoff")}

    def evaluate(images: Sequence[Atoms]) -> Found:
        loader = build_dataloader(
            list(images),
            model_type=potential.model_name,
            batch_size=len(images),
            only_inference=True,
            **sizes,
        )
        energy, forces, stress = potential.predict_properties(
            loader, include_forces=True, include_stresses=True
        )
        return Found(energy, forces, [one * calculator.stress_weight for one in stress])

    return Batched(evaluate)


def _orb(calculator: Any) -> Batched:
    """Graphs of Orb, joined by its ``batch_graphs``."""
    from orb_models.forcefield.atomic_system import ase_atoms_to_atom_graphs
    from orb_models.forcefield.base import batch_graphs

    model = calculator.model
    forces, stress = (
        (model.grad_forces_name, model.grad_stress_name)
        if calculator.conservative
        else ("forces", "stress")
    )

    def graph(atoms: Atoms) -> Any:
        needed = {"charge", "spin"} if calculator.expects_charge_and_spin else set()
        if missing := sorted(name for name in needed if name not in atoms.info):
            msg = f"the model needs {' and '.join(missing)} of each frame"
            raise ValueError(msg)
        return ase_atoms_to_atom_graphs(
            atoms,
            system_config=calculator.system_config,
            max_num_neighbors=calculator.max_num_neighbors,
            edge_method=calculator.edge_method,
            half_supercell=calculator.half_supercell,
            device=calculator.device,
        )

    def evaluate(images: Sequence[Atoms]) -> Found:
        batch = batch_graphs([graph(atoms) for atoms in images]).to(calculator.device)
        output = model.predict(batch)
        found = output.get(stress)
        return Found(
            output["energy"].detach().cpu().reshape(-1).tolist(),
            _arrays(output[forces], [len(atoms) for atoms in images]),
            None if found is None else list(found.detach().cpu().numpy().reshape(-1, 6)),
        )

    return Batched(evaluate)


BATCHES: Final[Mapping[str, Callable[[Any], Batched]]] = MappingProxyType(
    {
        "chgnet": _chgnet,
        "mattersim": _mattersim,
        "orb": _orb,
        "sevennet": _sevennet,
    }
)
"""By the name of the environment: a function of the framework's calculator."""
