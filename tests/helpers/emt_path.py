"""A copper atom that hops on Cu(100): a path that Effective Medium Theory relaxes in a second."""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.build import add_adsorbate, fcc100
from ase.calculators.emt import EMT
from ase.constraints import FixAtoms
from ase.mep import NEB
from ase.optimize import BFGS, FIRE

from ms25_suite.core.frames import Frames, Predictions

N_IMAGES = 5


def emt(frames: Frames) -> Predictions:
    """EMT as a function of many frames."""
    images = [frames.atoms(index) for index in range(len(frames))]
    for atoms in images:
        atoms.calc = EMT()
    return Predictions(
        np.array([atoms.get_potential_energy() for atoms in images]),
        np.concatenate([atoms.get_forces() for atoms in images]),
    )


def hop(n_images: int = N_IMAGES) -> list[Atoms]:
    """Path between neighbouring hollow sites, not relaxed but for its ends."""
    slab = fcc100("Cu", (3, 2, 2), vacuum=5.0)
    add_adsorbate(slab, "Cu", 1.7, "hollow")
    slab.pbc = True
    slab.info.clear()
    slab.set_constraint(FixAtoms(mask=slab.get_tags() == 2))
    last = slab.copy()
    last.positions[-1, 0] += slab.cell[0, 0] / 3
    for atoms in (slab, last):
        atoms.calc = EMT()
        BFGS(atoms, logfile=None).run(fmax=0.005)
    images = [slab, *(slab.copy() for _ in range(n_images - 2)), last]
    NEB(images, method="improvedtangent").interpolate(mic=True, apply_constraint=False)
    for atoms in images:
        atoms.calc = None
    return images


def relaxed(images: list[Atoms], *, fmax: float = 0.01, steps: int = 100) -> list[Atoms]:
    """The same path relaxed by ASE's own band with one shared calculator."""
    images = [atoms.copy() for atoms in images]
    calculator = EMT()
    for atoms in images:
        atoms.calc = calculator
    band = NEB(images, k=0.1, climb=True, method="improvedtangent", allow_shared_calculator=True)
    FIRE(band, logfile=None).run(fmax=fmax, steps=steps)
    return images
