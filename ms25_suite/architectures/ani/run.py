"""The training of an ANI network, in a process of its own.

Run as ``python -m ms25_suite.architectures.ani.run PARENT CONFIG`` in a work folder; ``PARENT``
is the number of the process that waits for it.

The loss of a batch is that of TorchANI's example of a training on forces, with one more term for
the stress: the mean over its frames of

    energy_weight dE^2 / sqrt(N) + forces_weight mean(dF^2) + stress_weight mean((V dS)^2) / sqrt(N)

in eV and Å, where ``N`` is the number of atoms, ``V`` the volume and ``dS`` the six components of
the stress. A frame without a stress leaves that term out.

A checkpoint is written after every epoch, and the order of the frames depends on the seed and the
number of the epoch only: a training that was killed continues as if nothing had happened.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import numpy as np

from ms25_suite.architectures.ani.features import Batch, FeatureMaker, predict
from ms25_suite.architectures.ani.file import AniConfig, build_network, write_network
from ms25_suite.architectures.ani.trainer import BEST, CHECKPOINT, OUTCOME, RESULTS
from ms25_suite.core.cache import atomic_path
from ms25_suite.core.frames import Predictions
from ms25_suite.potentials.baseline import element_energies
from ms25_suite.training.curve import append_line, validation_errors
from ms25_suite.training.files import read_arrays
from ms25_suite.training.process import end_with_parent

if TYPE_CHECKING:
    import torch
    from torchani.arch import ANI

    from ms25_suite.training.request import Part

__all__ = ["AniRun", "loss_of"]

FEATURE_BYTES: Final = 2_000_000_000
"""Most memory for features of frames; those of further frames are made anew in every epoch."""


class _Source:
    """Frames one by one, with features that are kept as far as the memory goes."""

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
    """Loss of each frame, shape ``(n_frames,)``; see above."""
    import torch

    energy, forces, virial = predicted
    n_atoms = batch.n_atoms.to(energy.dtype)
    squares = ((forces - batch.forces) ** 2).mean(dim=1)
    by_frame = torch.zeros_like(energy).index_add(0, batch.graph, squares) / n_atoms
    has_stress = torch.isfinite(batch.virial)
    # NaN times zero would still be NaN: it is replaced before anything is computed.
    label = torch.where(has_stress, batch.virial, virial.detach())
    stress = ((virial - label) ** 2).mean(dim=1)
    loss: torch.Tensor = (
        settings["energy_weight"] * (energy - batch.energy) ** 2 / n_atoms.sqrt()
        + settings["forces_weight"] * by_frame
        + settings["stress_weight"] * stress / n_atoms.sqrt()
    )
    return loss


class AniRun:
    """A training in the current folder.

    Parameters
    ----------
    settings
        Values of `AniTrainer.settings`, and ``device``.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        import torch

        self._settings = settings
        names = {field.name for field in fields(AniConfig)}
        chosen = {name: value for name, value in settings.items() if name in names}
        self._config = AniConfig.from_dict(chosen)
        train, self._validation = (
            read_arrays(Path("train.npz")),
            read_arrays(Path("validation.npz")),
        )
        if train[1].energy is None:
            msg = "energies are needed"
            raise ValueError(msg)
        self._energies = element_energies(train[0], train[1].energy)
        torch.manual_seed(settings["seed"])
        network = build_network(self._config)
        maker = FeatureMaker(network, self._energies)
        device = settings["device"]
        self._n_blocks = maker.n_blocks
        self._network = network.to(device)
        self._train = _Source(maker, train, device)
        self._check = _Source(maker, self._validation, device)
        self._optimizer = torch.optim.Adam(network.parameters(), lr=settings["lr"])
        self._scheduler = self._make_scheduler()
        self._epoch = 0
        self._best = (math.inf, 0)
        self._seconds = 0.0
        if Path(CHECKPOINT).exists():
            self._continue()

    def run(self) -> None:
        """Train to the end and say how it ended."""
        ended_by = self._ended()
        while not ended_by:
            start = time.monotonic()
            self._epoch += 1
            train_loss = self._train_epoch()
            loss, errors = self._validate()
            for what, value in (("training", train_loss), ("validation", loss)):
                if not math.isfinite(value):
                    self._give_up(what)
            rate = self._optimizer.param_groups[0]["lr"]
            line = {"epoch": self._epoch, "loss": loss, "train_loss": train_loss, "lr": rate}
            append_line(Path(RESULTS), {**line, **errors})
            _say(f"epoch {self._epoch}: loss {loss:.6g} (training {train_loss:.6g})")
            on_plateau = self._settings["scheduler"] == "ReduceLROnPlateau"
            self._scheduler.step(*([loss] if on_plateau else []))
            if loss < self._best[0]:
                self._best = (loss, self._epoch)
                self._write_best()
            self._seconds += time.monotonic() - start
            self._save()
            ended_by = self._ended()
        with atomic_path(Path(OUTCOME)) as temporary:
            text = json.dumps({"epoch": self._best[1], "ended_by": ended_by})
            temporary.write_text(text, encoding="utf-8")

    def _make_scheduler(self) -> Any:
        from torch.optim import lr_scheduler

        settings = self._settings
        if settings["scheduler"] == "ReduceLROnPlateau":
            return lr_scheduler.ReduceLROnPlateau(
                self._optimizer,
                factor=settings["lr_factor"],
                patience=settings["scheduler_patience"],
            )
        if settings["scheduler"] == "ExponentialLR":
            steps = max(1, settings["max_num_epochs"] - 1)
            gamma = (settings["lr_final"] / settings["lr"]) ** (1 / steps)
            return lr_scheduler.ExponentialLR(self._optimizer, gamma)
        msg = f"unknown scheduler {settings['scheduler']!r}: ReduceLROnPlateau or ExponentialLR"
        raise ValueError(msg)

    def _ended(self) -> str:
        """Why the training is over; empty if it is not."""
        settings = self._settings
        if self._epoch >= settings["max_num_epochs"]:
            return "number of epochs"
        if self._seconds >= settings.get("seconds_most", math.inf):
            return "time"
        if self._optimizer.param_groups[0]["lr"] < settings.get("lr_stop", 0.0):
            return "learning rate"
        return ""

    def _batches(self) -> Iterator[Batch]:
        rng = np.random.default_rng([self._settings["seed"], self._epoch])
        order = rng.permutation(len(self._train))
        size = self._settings["batch_size"]
        for start in range(0, len(order), size):
            parts = [self._train.get(int(index)) for index in order[start : start + size]]
            yield Batch.join(parts, self._n_blocks)

    def _train_epoch(self) -> float:
        """One pass over the training frames; the mean loss on the way."""
        total = 0.0
        for batch in self._batches():
            predicted = predict(self._network, batch, training=True)
            loss = loss_of(batch, predicted, self._settings)
            self._optimizer.zero_grad()
            loss.mean().backward()
            self._optimizer.step()
            total += float(loss.detach().sum())
        return total / len(self._train)

    def _validate(self) -> tuple[float, dict[str, float]]:
        """Mean loss of the validation frames, and their errors."""
        total = 0.0
        parts = []
        frames, labels = self._validation
        by_atom = self._energies[self._element_of(frames.numbers)]
        offsets = np.bincount(frames.frame_of_atom, weights=by_atom, minlength=len(frames))
        for index in range(len(self._check)):
            batch = self._check.get(index)
            found = predict(self._network, batch, training=False)
            total += float(loss_of(batch, found, self._settings).detach().sum())
            energy, forces, virial = (values.detach().double().cpu().numpy() for values in found)
            volume = float(batch.volume)
            stress = virial / volume if volume > 0 else np.full_like(virial, np.nan)
            parts.append(Predictions(energy + offsets[index], forces, stress))
        errors = validation_errors(frames, labels, Predictions.concatenate(parts))
        return total / len(self._check), errors

    def _element_of(self, numbers: Any) -> Any:
        """Index of the element of each atom: ascending numbers, as in `element_energies`."""
        from ase.data import atomic_numbers

        return np.searchsorted([atomic_numbers[s] for s in self._config.symbols], numbers)

    def _write_best(self) -> None:
        """Write the model as it is now, in Hartree as TorchANI has it."""
        write_network(Path(BEST), in_hartree(self._network, self._energies), self._config)

    def _save(self) -> None:
        import torch

        content = {
            "epoch": self._epoch,
            "best": list(self._best),
            "seconds": self._seconds,
            "network": self._network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "scheduler": self._scheduler.state_dict(),
        }
        with atomic_path(Path(CHECKPOINT)) as temporary:
            torch.save(content, temporary)

    def _continue(self) -> None:
        import torch

        content = torch.load(CHECKPOINT, map_location=self._settings["device"], weights_only=True)
        self._epoch = content["epoch"]
        self._best = (content["best"][0], content["best"][1])
        self._seconds = content["seconds"]
        self._network.load_state_dict(content["network"])
        self._optimizer.load_state_dict(content["optimizer"])
        self._scheduler.load_state_dict(content["scheduler"])
        _say(f"continuing after epoch {self._epoch}")

    def _give_up(self, what: str) -> NoReturn:
        kept = (
            f"the model of epoch {self._best[1]} is kept in {Path(BEST).resolve()}"
            if self._best[1]
            else "no epoch before it gave a model"
        )
        msg = (
            f"the {what} loss of epoch {self._epoch} is not a number: {kept}. The learning rate "
            "may be too large for this data, or a label wrong"
        )
        raise SystemExit(msg)


def _say(text: str) -> None:
    """Write a line to the log."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def in_hartree(network: ANI, energies: Any) -> ANI:
    """Copy of a network in eV with energies of the elements, in Hartree."""
    import torch
    from ase.units import Hartree

    copied = deepcopy(network).cpu()
    with torch.no_grad():
        for atomic in copied.neural_networks.atomics.values():
            atomic.final_layer.weight /= Hartree
            atomic.final_layer.bias /= Hartree
        copied.energy_shifter.self_energies.copy_(torch.as_tensor(energies / Hartree))
    return copied


def main() -> None:
    """Train as the configuration says."""
    end_with_parent(int(sys.argv[1]))
    AniRun(json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))).run()


if __name__ == "__main__":
    main()
