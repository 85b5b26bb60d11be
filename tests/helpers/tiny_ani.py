"""A small ANI network with energies of the elements."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ms25_suite.architectures.ani.file import AniConfig, build_network
from ms25_suite.architectures.ani.model import TorchaniArchitecture
from ms25_suite.architectures.testing import standard_frames
from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.potentials.evaluate import EdgeEvaluator

CONFIG = AniConfig(
    ("Cr", "Fe", "Co", "Ni", "Cu"),
    radial_cutoff=5.0,
    angular_cutoff=3.9,
    hidden=(12, 6),
    radial_shifts=8,
    angular_sections=4,
)


def tiny_network(config: AniConfig) -> Any:
    import torch

    torch.manual_seed(3)
    made = build_network(config)
    made.energy_shifter.self_energies.copy_(torch.linspace(-0.2, -0.1, len(config.symbols)))
    return made


def predict(path: Path, dtype: str = "float64") -> Predictions:
    """Predictions of a model file, in this process: TorchANI leaves no traces, unlike MACE."""
    model = TorchaniArchitecture().load(path, device="cpu", dtype=dtype)
    images = standard_frames(("Ni", "Cu"))
    return EdgeEvaluator(model).predict(Frames.from_atoms(images.values()))
