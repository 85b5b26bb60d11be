"""ASE calculators of frameworks that have an environment of their own, one function for each.

They are called in a worker of that environment. Each takes the name of a model, or the path of its
weights, the device, and the head of models that have several; the pinned versions are in
``ms25_suite/environments/*.toml``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

__all__ = ["FACTORIES", "calculator"]


def calculator(framework: str, model: str, weights: str, head: str, device: str) -> Any:
    """The calculator of a framework.

    Parameters
    ----------
    framework
        Its name.
    model
        Name of the model; may be empty if the weights say what it is.
    weights
        File or folder of the weights; empty for those that the package has or downloads.
    head
        Head, fidelity, task or branch of a model with several; empty for none.
    device
        ``cpu``, ``cuda``, …

    Raises
    ------
    Exception
        Whatever the package raises.
    """
    return FACTORIES[framework](model, weights, head, device)


def _sevennet(model: str, weights: str, head: str, device: str) -> Any:
    from sevenn.calculator import SevenNetCalculator

    return SevenNetCalculator(weights or model, device=device, modal=head or None)


def _chgnet(model: str, weights: str, head: str, device: str) -> Any:
    from chgnet.model.dynamics import CHGNetCalculator
    from chgnet.model.model import CHGNet

    loaded = (
        CHGNet.from_file(weights)
        if weights
        else CHGNet.load(model_name=model, use_device=device, verbose=False)
    )
    return CHGNetCalculator(loaded, use_device=device)


def _mattersim(model: str, weights: str, head: str, device: str) -> Any:
    from mattersim.forcefield import MatterSimCalculator, Potential

    # Training state is not needed, and the calculator's own argument would be passed on to ASE.
    potential = Potential.from_checkpoint(
        weights or model, device=device, load_training_state=False
    )
    return MatterSimCalculator(potential, device=device)


def _orb(model: str, weights: str, head: str, device: str) -> Any:
    from orb_models.forcefield import pretrained
    from orb_models.forcefield.calculator import ORBCalculator

    load = pretrained.ORB_PRETRAINED_MODELS[model]
    # The package's default rounds products of matrices to TF32 on a GPU.
    own = {"weights_path": weights} if weights else {}
    return ORBCalculator(load(device=device, precision="float32-highest", **own), device=device)


def _grace(model: str, weights: str, head: str, device: str) -> Any:
    from tensorpotential.calculator import TPCalculator, grace_fm

    return TPCalculator(model=weights) if weights else grace_fm(model)


def _uma(model: str, weights: str, head: str, device: str) -> Any:
    from fairchem.core import FAIRChemCalculator, pretrained_mlip
    from fairchem.core.units.mlip_unit import load_predict_unit

    kind = device.partition(":")[0]
    unit = (
        load_predict_unit(weights, device=kind)
        if weights
        else pretrained_mlip.get_predict_unit(model, device=kind)
    )
    return FAIRChemCalculator(unit, task_name=head or None)


def _upet(model: str, weights: str, head: str, device: str) -> Any:
    from upet.ase import UPETCalculator

    if weights:
        return UPETCalculator(checkpoint_path=weights, device=device)
    return UPETCalculator(model=model, device=device)


def _matgl(model: str, weights: str, head: str, device: str) -> Any:
    import matgl
    from matgl.ext.ase import PESCalculator

    potential = matgl.load_model(Path(weights) if weights else model).to(device)
    # ASE's unit; its default is GPa.
    return PESCalculator(potential, stress_unit="eV/A3")


def _deepmd(model: str, weights: str, head: str, device: str) -> Any:
    from deepmd.calculator import DP

    return DP(model=weights or model, head=head or None)


def _aimnet2(model: str, weights: str, head: str, device: str) -> Any:
    from aimnet.calculators import AIMNet2ASE, AIMNet2Calculator

    return AIMNet2ASE(AIMNet2Calculator(weights or model, device=device))


FACTORIES: Mapping[str, Callable[[str, str, str, str], Any]] = MappingProxyType(
    {
        "aimnet2": _aimnet2,
        "chgnet": _chgnet,
        "deepmd": _deepmd,
        "grace": _grace,
        "matgl": _matgl,
        "mattersim": _mattersim,
        "orb": _orb,
        "sevennet": _sevennet,
        "uma": _uma,
        "upet": _upet,
    }
)
"""By the name of the environment: a function of model, weights, head and device."""
