"""A package with the interface of CHGNet and the numbers of ASE's EMT."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ms25_suite.environments.installation import Installation
from ms25_suite.potentials.frameworks import opening

PACKAGE = """
import os

import numpy as np
from ase.calculators.emt import EMT


def refuse(atoms):
    most = float(os.environ.get("PRETEND_MOST_FORCE", "inf"))
    atoms = atoms.copy()
    atoms.calc = EMT()
    if abs(atoms.get_forces()).max() > most:
        raise ValueError("atoms are too close")


class Refusing(EMT):
    def calculate(self, atoms, *args):
        refuse(atoms)
        super().calculate(atoms, *args)


class Model:
    is_intensive = True

    def graph_converter(self, structure):
        refuse(structure)
        return structure

    def predict_graph(self, graphs, task, batch_size):
        print(f"a batch of {batch_size}")
        found = []
        for atoms in graphs:
            atoms.calc = EMT()
            e = np.array(atoms.get_potential_energy() / len(atoms))
            found.append({"e": e, "f": atoms.get_forces(), "s": atoms.get_stress(voigt=False)})
        return found[0] if len(found) == 1 else found

    @classmethod
    def load(cls, model_name, use_device, verbose):
        assert (use_device, verbose) == ("cpu", False)
        if model_name != "0.3.0":
            raise ValueError(f"Unknown model_name={model_name}")
        return cls()


CHGNet = Model


def CHGNetCalculator(model, use_device):
    assert isinstance(model, Model)
    made = Refusing()
    made.model, made.stress_weight = model, 1.0
    return made
"""

ADAPTOR = """
class AseAtomsAdaptor:
    get_structure = staticmethod(lambda atoms: atoms)
"""


def pretended_chgnet(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write the package, and make this interpreter the one of its environment.

    With ``PRETEND_MOST_FORCE`` it raises for frames with larger forces, alone and in batches.
    """
    model, adaptor = folder / "chgnet" / "model", folder / "pymatgen" / "io"
    for path in (model, adaptor):
        path.mkdir(parents=True)
    for path in (model.parent, model):
        (path / "__init__.py").write_text("")
    (model / "model.py").write_text(PACKAGE)
    (model / "dynamics.py").write_text("from chgnet.model.model import CHGNetCalculator\n")
    (adaptor / "ase.py").write_text(ADAPTOR)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    place = Installation(Path(sys.executable), folder)
    monkeypatch.setattr(opening, "place_of", lambda spec: place)
