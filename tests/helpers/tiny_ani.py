"""A small ANI network with random weights and energies of the elements."""

from __future__ import annotations

from typing import Any

from ms25_suite.architectures.ani.file import AniConfig, build_network


def tiny_network(config: AniConfig) -> Any:
    import torch

    torch.manual_seed(3)
    made = build_network(config)
    made.energy_shifter.self_energies.copy_(torch.linspace(-0.2, -0.1, len(config.symbols)))
    return made
