"""Training program of ANI networks.

Run as ``python -m ms25_suite.architectures.ani.run CONFIG``; see `TrainingRun`.

The loss of a batch is that of TorchANI's example of a training on forces, with one more term for
the stress: the mean over its frames of

    energy_weight dE^2 / sqrt(N) + forces_weight mean(dF^2) + stress_weight mean((V dS)^2) / sqrt(N)

in eV and Å, where ``N`` is the number of atoms, ``V`` the volume and ``dS`` the six components of
the stress. A frame without a stress leaves that term out.

The order of the frames depends on the seed and the number of the epoch only, so a training that
was killed continues as if nothing had happened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.architectures.ani.features import Batch, FeatureMaker, predict
from ms25_suite.architectures.ani.file import AniConfig, build_network, write_network
from ms25_suite.architectures.ani.trainer import CHECKPOINT
from ms25_suite.core.frames import Predictions
from ms25_suite.potentials.baseline import element_energies
from ms25_suite.training.curve import validation_errors
from ms25_suite.training.run import TrainingRun

if TYPE_CHECKING:
    import torch
    from torchani.arch import ANI

    from ms25_suite.training.request import Part

__all__ = ["AniRun", "loss_of"]

FEATURE_BYTES: Final = 2_000_000_000
"""Most memory for features of frames; those of further frames are computed in every epoch."""


class _Source:
    """Frames one by one; their features are kept up to a limit of memory."""

    def __init__(self, maker: FeatureMaker, part: Part, device: str) -> None:
        self._maker = maker
        self._frames, self._labels = part
        self._device = device
        self._kept: dict[int, Batch] = {}
        self._free = FEATURE_BYTES

    def __len__(self) -> int:
        return len(self._frames)

    def get(self, index: int) -> Batch:
        """One frame."""
        if index in self._kept:
            return self._kept[index]
        # One by one: any batch can then be joined from the frames that are kept.
        labels = self._labels.select([index], self._frames.offsets)
        made = self._maker.make(self._frames.select([index]), labels).to(self._device)
        if made.n_bytes <= self._free:
            self._free -= made.n_bytes
            self._kept[index] = made
        return made


def loss_of(
    batch: Batch,
    predicted: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
    settings: Mapping[str, Any],
) -> torch.Tensor:
    """Loss of each frame, shape ``(n_frames,)``; formula at the top of this module."""
    import torch

    energy, forces, virial = predicted
    n_atoms = batch.n_atoms.to(energy.dtype)
    # Mean over the three components here, and over the atoms of the frame in the next line.
    squares = ((forces - batch.forces) ** 2).mean(dim=1)
    by_frame = torch.zeros_like(energy).index_add(0, batch.graph, squares) / n_atoms
    has_stress = torch.isfinite(batch.virial)
    # NaN times zero would still be NaN: it is replaced before anything is computed.
    label = torch.where(has_stress, batch.virial, virial.detach())
    stress = ((virial - label) ** 2).mean(dim=1)
    # 1 / sqrt(N) as in TorchANI's example. Independent errors of the atoms make dE^2 grow as N, so
    # a frame weighs as sqrt(N): between equal weights of frames and of atoms.
    loss: torch.Tensor = (
        settings["energy_weight"] * (energy - batch.energy) ** 2 / n_atoms.sqrt()
        + settings["forces_weight"] * by_frame
        + settings["stress_weight"] * stress / n_atoms.sqrt()
    )
    return loss


class AniRun(TrainingRun):
    """A training in the current folder.

    Parameters
    ----------
    config
        Values of `AniTrainer.settings`, and ``device``.
    """

    checkpoint = CHECKPOINT
    advice = "The learning rate may be too large for this data, or a label wrong"

    def __init__(self, config: Mapping[str, Any]) -> None:
        import torch

        super().__init__(config)
        names = {field.name for field in fields(AniConfig)}
        chosen = {name: value for name, value in config.items() if name in names}
        self._network_config = AniConfig.from_dict(chosen)
        frames, labels = self.train
        if labels.energy is None:
            msg = "expected training frames with energies"
            raise ValueError(msg)
        self._energies = element_energies(frames, labels.energy)
        # TorchANI draws its initial weights from PyTorch's global generator.
        torch.manual_seed(config["seed"])
        network = build_network(self._network_config)
        maker = FeatureMaker(network, self._energies)
        device = config["device"]
        self._n_blocks = maker.n_blocks
        self._network = network.to(device)
        self._train_source = _Source(maker, self.train, device)
        self._validation_source = _Source(maker, self.validation, device)
        self._optimizer = torch.optim.Adam(network.parameters(), lr=config["lr"])
        self._scheduler = self._make_scheduler()
        self.restore()

    def advance(self) -> float:
        """Train on all frames once; returns the mean loss on the way."""
        total = 0.0
        for batch in self._batches():
            predicted = predict(self._network, batch, training=True)
            loss = loss_of(batch, predicted, self.config)
            self._optimizer.zero_grad()
            loss.mean().backward()
            self._optimizer.step()
            # Sum of the losses of the frames, so that a smaller last batch counts as it should.
            total += float(loss.detach().sum())
        return total / len(self._train_source)

    def validate(self) -> tuple[float, dict[str, float]]:
        """Mean loss of the validation frames, and their errors."""
        total = 0.0
        parts = []
        frames, labels = self.validation
        by_atom = self._energies[self._element_of(frames.numbers)]
        # The network predicts energies without those of the elements: they are added again.
        offsets = np.bincount(frames.frame_of_atom, weights=by_atom, minlength=len(frames))
        for index in range(len(self._validation_source)):
            batch = self._validation_source.get(index)
            found = predict(self._network, batch, training=False)
            total += float(loss_of(batch, found, self.config).detach().sum())
            energy, forces, virial = (values.detach().double().cpu().numpy() for values in found)
            # A molecule has no volume, and no stress.
            volume = float(batch.volume)
            stress = virial / volume if volume > 0 else np.full_like(virial, np.nan)
            parts.append(Predictions(energy + offsets[index], forces, stress))
        errors = validation_errors(frames, labels, Predictions.concatenate(parts))
        return total / len(self._validation_source), errors

    def extras(self) -> dict[str, float]:
        """Learning rate."""
        return {"lr": self._optimizer.param_groups[0]["lr"]}

    def end_epoch(self, loss: float) -> None:
        """Adapt the learning rate."""
        on_plateau = self.config["scheduler"] == "ReduceLROnPlateau"
        self._scheduler.step(*([loss] if on_plateau else []))

    def converged(self) -> str:
        """Whether the learning rate has become so small that nothing changes any more."""
        # MS25 ("ANI Training Procedure") stops below 1e-5.
        rate = self._optimizer.param_groups[0]["lr"]
        return "learning rate" if rate < self.config.get("lr_stop", 0.0) else ""

    def write_model(self, path: Path) -> None:
        """Write the model in Hartree, the unit of TorchANI."""
        write_network(path, in_hartree(self._network, self._energies), self._network_config)

    def write_checkpoint(self, path: Path, progress: Mapping[str, Any]) -> None:
        """Write the states of network, optimiser and scheduler."""
        import torch

        content = {
            **progress,
            "network": self._network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "scheduler": self._scheduler.state_dict(),
        }
        torch.save(content, path)

    def read_checkpoint(self, path: Path) -> Mapping[str, Any]:
        """Take over the states of network, optimiser and scheduler."""
        import torch

        content: Mapping[str, Any] = torch.load(
            path, map_location=self.config["device"], weights_only=True
        )
        self._network.load_state_dict(content["network"])
        self._optimizer.load_state_dict(content["optimizer"])
        self._scheduler.load_state_dict(content["scheduler"])
        return content

    def _make_scheduler(self) -> Any:
        from torch.optim import lr_scheduler

        settings = self.config
        if settings["scheduler"] == "ReduceLROnPlateau":
            return lr_scheduler.ReduceLROnPlateau(
                self._optimizer,
                factor=settings["lr_factor"],
                patience=settings["scheduler_patience"],
            )
        if settings["scheduler"] == "ExponentialLR":
            steps = max(1, settings["max_num_epochs"] - 1)
            # From `lr` in the first epoch to `lr_final` in the last one.
            gamma = (settings["lr_final"] / settings["lr"]) ** (1 / steps)
            return lr_scheduler.ExponentialLR(self._optimizer, gamma)
        msg = f"unknown scheduler {settings['scheduler']!r}: ReduceLROnPlateau or ExponentialLR"
        raise ValueError(msg)

    def _batches(self) -> Iterator[Batch]:
        # A generator for each epoch, so that a continued training needs no state of it.
        rng = np.random.default_rng([self.config["seed"], self.epoch])
        order = rng.permutation(len(self._train_source))
        size = self.config["batch_size"]
        for start in range(0, len(order), size):
            parts = [self._train_source.get(int(index)) for index in order[start : start + size]]
            yield Batch.join(parts, self._n_blocks)

    def _element_of(self, numbers: Any) -> Any:
        """Index of the element of each atom: ascending numbers, as in `element_energies`."""
        from ase.data import atomic_numbers

        return np.searchsorted([atomic_numbers[s] for s in self._network_config.symbols], numbers)


def in_hartree(network: ANI, energies: Any) -> ANI:
    """Copy of a network in eV with energies of the elements, in Hartree."""
    import torch
    from ase.units import Hartree

    copied = deepcopy(network).cpu()
    with torch.no_grad():
        for atomic in copied.neural_networks.atomics.values():
            # The last layer is linear: scaling its weights and bias scales the energy.
            atomic.final_layer.weight /= Hartree
            atomic.final_layer.bias /= Hartree
        copied.energy_shifter.self_energies.copy_(torch.as_tensor(energies / Hartree))
    return copied


if __name__ == "__main__":
    AniRun.main()
