"""Data as `ms25 data archive` imports them, in small."""

from __future__ import annotations

from pathlib import Path

from ms25_suite.datasets import open_dataset
from ms25_suite.datasets.tiers import MINI
from ms25_suite.datasets.writer import write_card, write_extxyz

__all__ = ["import_some"]

_FRAMES = 3


def import_some(folder: Path, *names: str, published: bool = True) -> dict[str, Path]:
    """Write a few frames of built-in datasets, with cards that call them published.

    Returns the cards by name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    cards = {}
    for name in names:
        dataset = open_dataset(name, tier=MINI)
        images = []
        for index in range(_FRAMES):
            atoms = dataset.frames.atoms(index)
            labels = dataset.part([index])[1]
            assert labels.energy is not None
            atoms.info["REF_energy"] = float(labels.energy[0])
            atoms.arrays["REF_forces"] = labels.forces
            images.append(atoms)
        write_extxyz(folder / f"{name}.extxyz", images)
        cards[name] = folder / f"{name}.toml"
        level = dataset.card.paper_level_of_theory
        values = {"name": name, "level_of_theory": level, "published": published or None}
        write_card(cards[name], values)
    return cards
