"""Models of TorchSim as evaluators, to compare them with the adapters of the suite.

TorchSim: Cohen et al., AI Sci. 1, 025003 (2025), https://github.com/TorchSim/torch-sim.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ms25_suite.core.errors import NotApplicableError
from ms25_suite.core.frames import FloatArray, Frames, IntArray, Predictions, to_voigt
from ms25_suite.potentials.base import ModelInfo

__all__ = ["TorchSimEvaluator", "expect_torch_sim"]


@contextmanager
def expect_torch_sim() -> Iterator[None]:
    """Make a model of TorchSim inside; what is missing for it is said.

    Raises
    ------
    NotApplicableError
        TorchSim is not installed in the environment of the potential, or in a version that the
        package of the architecture cannot use.
    """
    if importlib.util.find_spec("torch_sim") is None:
        msg = "TorchSim is not installed where the potential runs: pip install torch-sim-atomistic"
        raise NotApplicableError(msg)
    try:
        yield
    except ImportError as error:
        msg = f"the TorchSim that is installed cannot be used with this package: {error}"
        raise NotApplicableError(msg) from error


class TorchSimEvaluator:
    """Predictions of a model of TorchSim; frames of one periodicity are one batch.

    Parameters
    ----------
    model
        A ``torch_sim.models.interface.ModelInterface``.
    """

    def __init__(self, model: Any) -> None:
        self._model = model

    @property
    def info(self) -> ModelInfo:
        """Nothing is known of it."""
        return ModelInfo()

    def predict(self, frames: Frames) -> Predictions:
        """Energies, forces, and stresses of periodic frames."""
        energy = np.empty(len(frames))
        forces = np.empty((len(frames.numbers), 3))
        stress = np.full((len(frames), 6), np.nan)
        # All frames of a state have the same periodicity.
        for periodic in np.unique(frames.pbc, axis=0):
            chosen = np.flatnonzero((frames.pbc == periodic).all(axis=1))
            found = self._batch(frames, chosen)
            energy[chosen] = found["energy"].reshape(-1)
            rows = np.isin(frames.frame_of_atom, chosen)
            forces[rows] = found["forces"]
            if periodic.all():
                stress[chosen] = to_voigt(found["stress"].reshape(-1, 3, 3))
        return Predictions(energy, forces, stress)

    def _batch(self, frames: Frames, chosen: IntArray) -> dict[str, FloatArray]:
        import torch_sim

        model = self._model
        images = [frames.atoms(int(index)) for index in chosen]
        state = torch_sim.initialize_state(images, model.device, model.dtype)
        return {
            name: np.asarray(values.detach().double().cpu().numpy(), dtype=np.float64)
            for name, values in model(state).items()
            if name in ("energy", "forces", "stress")
        }
