"""TorchSim, which batches frames and builds neighbour lists on the device."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np

from ms25_suite.core.frames import Frames, Predictions, to_voigt
from tests.benchmarks.gpu.clock import Clock

__all__ = ["NoRivalError", "torchsim", "torchsim_model"]


class NoRivalError(Exception):
    """TorchSim is not installed, or has no interface for an architecture."""


def torchsim_model(
    architecture: str, path: Path, device: str, dtype: str, *, compiled: bool = False
) -> Any:
    """Model of TorchSim from a model file, as the package of the architecture makes it.

    Raises
    ------
    NoRivalError
        There is none.
    """
    try:
        import torch_sim  # noqa: F401
    except ImportError as error:
        msg = f"TorchSim cannot be imported: {error}"
        raise NoRivalError(msg) from error
    import torch

    if architecture == "mace":
        from mace.calculators.mace_torchsim import MaceTorchSimModel

        return MaceTorchSimModel(
            str(path), device=torch.device(device), dtype=getattr(torch, dtype)
        )
    if architecture in ("nequip", "allegro"):
        from nequip.integrations.torchsim import NequIPTorchSimCalc

        make = (
            NequIPTorchSimCalc.from_compiled_model
            if compiled
            else NequIPTorchSimCalc._from_saved_model
        )
        # TorchSim's first choice on a GPU, and what it takes where that is not installed.
        known = importlib.util.find_spec("nvalchemiops") is not None
        return make(
            str(path),
            device=device,
            chemical_species_to_atom_type_map=True,
            neighborlist_backend="alchemiops" if known else "vesin",
        )
    msg = f"TorchSim has no interface for {architecture}"
    raise NoRivalError(msg)


def torchsim(
    model: Any, frames: Frames, batch_atoms: int, clock: Clock
) -> tuple[dict[str, Any], Predictions]:
    """Time of `torch_sim.static` for frames that are on the device already.

    Parameters
    ----------
    model
        Model of TorchSim.
    frames
        The frames.
    batch_atoms
        Most atoms in a batch: the best size of the bare model, so that TorchSim need not search.
    clock
        Clock of the device.

    Returns
    -------
    :
        The time, and what it predicted.
    """
    import torch_sim as ts

    images = [frames.atoms(index) for index in range(len(frames))]
    state = ts.initialize_state(images, model.device, model.dtype)
    warm = max(1, batch_atoms // int(frames.n_atoms.max()))
    first = ts.initialize_state(images[:warm], model.device, model.dtype)

    def run(state: Any) -> list[dict[str, Any]]:
        batcher = ts.BinningAutoBatcher(
            model=model,
            memory_scales_with="n_atoms",
            max_memory_scaler=float(max(batch_atoms, int(frames.n_atoms.max()))),
        )
        found: list[dict[str, Any]] = ts.static(state, model, autobatcher=batcher)
        return found

    clock.once(lambda: run(first))
    results: list[list[dict[str, Any]]] = []
    seconds = clock.once(lambda: results.append(run(state)))
    rows = results[0]

    def joined(name: str) -> np.ndarray[Any, Any]:
        return np.concatenate([row[name].detach().double().cpu().numpy() for row in rows])

    n_atoms = len(frames.numbers)
    predictions = Predictions(
        joined("potential_energy").reshape(-1),
        joined("forces"),
        to_voigt(joined("stress").reshape(-1, 3, 3)),
    )
    values = {"n_frames": len(frames), "s": seconds, "us_per_atom": 1e6 * seconds / n_atoms}
    return {**values, "torch_sim": ts.__version__}, predictions
