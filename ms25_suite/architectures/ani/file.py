"""Files of ANI networks: weights, and a description from which the network is rebuilt.

TorchANI has no file format, so the suite has one: a PyTorch archive of
``{"format", "config", "state_dict"}`` with the configuration as JSON. It holds only tensors and
text, so nothing is executed when it is read. Weights are in Hartree, the unit of TorchANI's
calculator.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from ms25_suite.core.cache import atomic_path
from ms25_suite.core.errors import ModelFileError

if TYPE_CHECKING:
    from torchani.arch import ANI

__all__ = [
    "FORMAT",
    "AniConfig",
    "build_network",
    "expect_no_extensions",
    "read_network",
    "write_network",
]

FORMAT: Final = "ms25-suite/ani/1"
"""Name of the format; its number changes when older versions of the suite cannot read it."""


@dataclass(frozen=True, slots=True)
class AniConfig:
    """Everything that defines an ANI network besides its weights.

    Parameters
    ----------
    symbols
        Chemical symbols in the order of the network's elements.
    radial_cutoff, angular_cutoff
        Cutoffs in Å of the terms of pairs and of triples.
    radial_start, angular_start
        Smallest shift of the terms in Å; the shifts are evenly spaced up to the cutoff.
    radial_shifts, angular_shifts, angular_sections
        Number of shifts of both kinds, and of angles.
    radial_eta, angular_eta
        Widths of the Gaussians in 1/Å^2.
    angular_zeta
        Exponent of the angular terms.
    hidden
        Neurons of the hidden layers, the same for each element.
    activation
        ``gelu`` or ``celu`` (CELU with alpha 0.1).
    cutoff_fn
        TorchANI's name of the cutoff function: ``cosine`` or ``smooth``.
    dtype
        ``float32`` or ``float64``: type of the weights.
    """

    symbols: tuple[str, ...]
    radial_cutoff: float
    angular_cutoff: float
    hidden: tuple[int, ...]
    radial_start: float = 0.9
    angular_start: float = 0.9
    radial_shifts: int = 16
    angular_shifts: int = 4
    angular_sections: int = 8
    radial_eta: float = 16.0
    angular_eta: float = 8.0
    angular_zeta: float = 32.0
    activation: str = "celu"
    cutoff_fn: str = "cosine"
    dtype: str = "float64"

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """Inverse of `dataclasses.asdict`, also of its JSON.

        Raises
        ------
        ModelFileError
            A value is missing or unknown.
        """
        try:
            values = dict(record)
            values["symbols"] = tuple(values["symbols"])
            values["hidden"] = tuple(values["hidden"])
            return cls(**values)
        except (KeyError, TypeError) as error:
            known = ", ".join(field.name for field in fields(cls))
            msg = f"the configuration of an ANI network must have the values {known}: {error}"
            raise ModelFileError(msg) from error


def expect_no_extensions() -> None:
    """Suppress TorchANI's warning about CUDA extensions that are not compiled."""
    os.environ.setdefault("TORCHANI_NO_WARN_EXTENSIONS", "1")


def build_network(config: AniConfig) -> ANI:
    """An ANI network with random weights, without energies of the elements.

    The weights are random numbers of PyTorch: seed its generator before.
    """
    expect_no_extensions()
    import torch
    from torchani.aev import AEVComputer, ANIAngular, ANIRadial
    from torchani.arch import ANI
    from torchani.nn import ANINetworks
    from torchani.sae import SelfEnergy

    symbols = config.symbols
    features = AEVComputer(
        radial=ANIRadial.cover_linearly(
            start=config.radial_start,
            cutoff=config.radial_cutoff,
            eta=config.radial_eta,
            num_shifts=config.radial_shifts,
            cutoff_fn=config.cutoff_fn,
        ),
        angular=ANIAngular.cover_linearly(
            start=config.angular_start,
            cutoff=config.angular_cutoff,
            eta=config.angular_eta,
            zeta=config.angular_zeta,
            num_shifts=config.angular_shifts,
            num_sections=config.angular_sections,
            cutoff_fn=config.cutoff_fn,
        ),
        num_species=len(symbols),
    )
    networks = ANINetworks.build(
        symbols,
        features.out_dim,
        {},
        # CELU and GELU have a continuous derivative; with ReLU the forces would jump.
        activation=config.activation,
        bias=True,
        default_dims=config.hidden,
    )
    network = ANI(symbols, features, networks, SelfEnergy(symbols, [0.0] * len(symbols)))
    network.to(getattr(torch, config.dtype))
    # Energies of the elements are large: they need all their digits, also for float32 weights.
    network.energy_shifter.to(torch.float64)
    return network


def write_network(path: Path, network: ANI, config: AniConfig) -> None:
    """Write a network, as a whole or not at all; its weights must be in Hartree."""
    import torch

    content = {
        "format": FORMAT,
        "config": json.dumps(asdict(config)),
        "state_dict": network.state_dict(),
    }
    with atomic_path(path) as temporary:
        torch.save(content, temporary)


def read_network(path: Path) -> ANI:
    """Read a network. Nothing in the file is executed.

    Raises
    ------
    ModelFileError
        The file is damaged, of a newer format, or its weights do not fit its configuration.
    """
    import torch

    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        found = content["format"]
        if found != FORMAT:
            msg = f"{path}: expected the format {FORMAT!r}, found {found!r}. Update ms25-suite"
            raise ModelFileError(msg)
        network = build_network(AniConfig.from_dict(json.loads(content["config"])))
        # Strict: a missing or superfluous weight means that the configuration is another one.
        network.load_state_dict(content["state_dict"])
    except ModelFileError:
        raise
    except Exception as error:
        msg = f"{path} looks like an ANI model of ms25-suite but cannot be read: {error!r}"
        raise ModelFileError(msg) from error
    return network
