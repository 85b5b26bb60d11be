"""Accelerated forms of the models, each against the plain one."""

from __future__ import annotations

import copy
import importlib.util
from collections.abc import Callable, Mapping
from typing import Any, Final

__all__ = ["VARIANTS", "NotInstalledError", "accelerate"]


class NotInstalledError(Exception):
    """The library of a variant is not installed."""


def _require(module: str) -> None:
    if importlib.util.find_spec(module) is None:
        msg = f"{module} is not installed"
        raise NotInstalledError(msg)


def _mace_cueq(model: Any, device: str) -> Any:
    _require("cuequivariance_torch")
    from mace.cli.convert_e3nn_cueq import run

    return run(model, device=device.partition(":")[0])


def _mace_oeq(model: Any, device: str) -> Any:
    _require("openequivariance")
    from mace.cli.convert_e3nn_oeq import run

    return run(model, device=device.partition(":")[0])


def _mace_compiled(model: Any, _device: str) -> Any:
    import torch
    from mace.tools.compile import configure_autograd_for_compile, simplify

    configure_autograd_for_compile(allow_autograd=True)
    return torch.compile(simplify(model), dynamic=True)


def _modified(modifier: str, module: str) -> Callable[[Any, str], Any]:
    def change(model: Any, _device: str) -> Any:
        _require(module)
        from nequip.model.modify_utils import modify

        return modify(model, [{"modifier": modifier}])

    return change


VARIANTS: Final[Mapping[str, Mapping[str, Callable[[Any, str], Any]]]] = {
    "mace": {
        "cuequivariance": _mace_cueq,
        "openequivariance": _mace_oeq,
        "torch.compile": _mace_compiled,
    },
    "nequip": {
        "cuequivariance": _modified("enable_CuEquivariance", "cuequivariance_torch"),
        "openequivariance": _modified("enable_OpenEquivariance", "openequivariance"),
    },
    "allegro": {
        "cuequivariance": _modified("enable_CuEquivarianceContracter", "cuequivariance_torch")
    },
    "ani": {},
}
"""How a model of each architecture is turned into a faster one, by the package's own code."""


def accelerate(architecture: str, variant: str, model: Any, device: str) -> Any:
    """A faster form of a model; the model itself stays what it is.

    Raises
    ------
    Exception
        What the package raises, where a library is missing for instance.
    """
    changed = VARIANTS[architecture][variant](copy.deepcopy(model), device)
    changed = changed.to(device).eval()
    for parameter in changed.parameters():
        parameter.requires_grad_(False)
    return changed
