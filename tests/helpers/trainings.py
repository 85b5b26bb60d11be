"""Small trainings: frames that are learned in seconds, and an audience that may interfere."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from ase.build import bulk
from ase.calculators.emt import EMT

from ms25_suite.core.frames import Frames, Labels
from ms25_suite.training.request import Part


def part(n: int, seed: int) -> Part:
    """Distorted cells of a CuNi alloy, labelled by effective medium theory."""
    rng = np.random.default_rng(seed)
    images, energy, forces, stress = [], [], [], []
    for _ in range(n):
        atoms = bulk("Cu", cubic=True, a=3.6)
        atoms.numbers[: rng.integers(1, 4)] = 28
        atoms.set_cell(atoms.cell.array * rng.uniform(0.97, 1.03), scale_atoms=True)
        atoms.rattle(0.12, rng=rng)
        atoms.calc = EMT()
        images.append(atoms)
        energy.append(atoms.get_potential_energy())
        forces.append(atoms.get_forces())
        stress.append(atoms.get_stress())
    labels = Labels(energy=np.array(energy), forces=np.concatenate(forces), stress=np.array(stress))
    return Frames.from_atoms(images), labels


class Told:
    """Remembers what it was told, and may act on it."""

    def __init__(self, act_at: int = 0, act: Any = None) -> None:
        self.notes: list[str] = []
        self.epochs: list[int] = []
        self._act_at, self._act = act_at, act

    def note(self, text: str) -> None:
        self.notes.append(text)

    def start(self, total_epochs: int, title: str) -> None:
        self.total = total_epochs

    def update(self, epoch: int, *numbers: float | None) -> None:
        self.epochs.append(epoch)
        if epoch == self._act_at:
            self._act()

    def finish(self) -> None:
        pass


def children(command: str) -> list[int]:
    """Processes that this one started, with a word in their command line."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            words = (folder / "cmdline").read_bytes().decode()
        except OSError:
            continue
        if parent == os.getpid() and command in words:
            found.append(int(folder.name))
    return found
