"""The minimum energy path of CH4 -> CH3 + H on Pt(111) between the relaxed ends."""

from __future__ import annotations

import lzma
from collections.abc import Sequence
from importlib.resources import files
from io import StringIO
from itertools import pairwise, permutations
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.core.frames import FloatArray
from ms25_suite.reference.reaction.surface import HYDROGENS, relax

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["PATH_FILE", "dips", "mark", "nudged_band", "reference_path"]

PATH_FILE: Final = "reaction-neb.extxyz.xz"
"""File of the path among the shipped data."""

SPRING_eV_A2: Final = 0.5
"""Spring constant of the band."""

DIP_eV: Final = 0.05
"""Smallest depth of a dip of the path that counts as an intermediate state."""


def reference_path() -> list[Atoms]:
    """Read the shipped path: images from CH4 to CH3 and H, two layers fixed, no calculator.

    The last atom is the hydrogen that leaves, the fifth from the end is C.
    """
    from ase.io import read

    packed = (files("ms25_suite.datasets.builtin") / PATH_FILE).read_bytes()
    text = StringIO(lzma.decompress(packed).decode())
    return list(read(text, index=":", format="extxyz"))


def nudged_band(
    initial: Atoms,
    final: Atoms,
    make_calculator: Any,
    *,
    n_images: Sequence[int] = (15, 25, 13),
    largest_force: float = 0.05,
) -> list[Atoms]:
    """Converge the path from the initial to the final state, with climbing images.

    Hydrogens of the initial state are assigned to those of the final one so that they move least.
    A coarse band, from the image dependent pair potential, and a finer one find the rough path.
    At each dip deeper than `DIP_eV` the lowest image is relaxed to an intermediate state, and the
    path is converged in pieces between the states, each with its own climbing image. The pieces
    are necessary: in a single band only the highest image climbs, and the highest point of the
    path, a narrow ridge where C-H stretches from 1.1 to 1.5 Å, lies between two images. The
    barrier then comes out as 0.12 instead of 0.17 eV.

    The method uses improved tangents, springs of 0.5 eV/Å^2, and FIRE with steps that are short
    enough for the stiff regions of ReaxFF (third derivatives reach 1e5 eV/Å^3).

    Parameters
    ----------
    initial, final
        Relaxed states.
    make_calculator
        Function without arguments that returns a new ASE calculator; each image gets its own.
    n_images
        Numbers of images of the coarse and of the fine band, and of each piece, ends included.
    largest_force
        Largest force on any image in eV/Å.

    Returns
    -------
    :
        Images with calculators; ``info["kind"]`` is set as `mark` does.

    Raises
    ------
    ReferenceCalculatorError
        A piece of the path, or an intermediate state, does not converge.
    """
    from ase.geometry import find_mic
    from ase.mep import NEB

    start = _assigned(initial, final)
    end = final.copy()
    # Atoms take the short way across the cell boundary.
    step, _ = find_mic(end.positions - start.positions, start.cell, start.pbc)
    end.positions = start.positions + step
    images = [start, *(start.copy() for _ in range(n_images[0] - 2)), end]
    # A straight line would push hydrogens through each other; IDPP keeps pair distances (S.
    # Smidstrup et al., J. Chem. Phys. 140, 214106 (2014)).
    NEB(images, method="improvedtangent").interpolate("idpp")
    # No climbing yet: on a rough path the highest image is not near the saddle point.
    _descend(images, make_calculator, 240, largest_force=0.1, climb=False)
    images = _resampled(images, n_images[1])
    _descend(images, make_calculator, 120, largest_force=0.1, climb=False)
    pieces = _pieces(images)
    path: list[Atoms] = []
    for piece in pieces:
        band = _resampled(piece, n_images[2])
        if path:
            band[0] = path.pop()  # neighbouring pieces share their intermediate state
        if not _descend(band, make_calculator, 2000, largest_force=largest_force, climb=True):
            msg = (
                f"expected the path to converge to {largest_force} eV/Å in 2000 steps, found that "
                "it does not: is there another intermediate state?"
            )
            raise ReferenceCalculatorError(msg)
        path += band
        mark(band)
    return path


def mark(band: Sequence[Atoms]) -> None:
    """Set ``info["kind"]`` of each image of a piece to ``minimum``, ``saddle`` or ``path``."""
    # The climbing image of a converged piece is at its saddle point (G. Henkelman, B. P. Uberuaga
    # and H. Jonsson, J. Chem. Phys. 113, 9901 (2000)).
    top = int(np.argmax([image.get_potential_energy() for image in band]))
    for index, image in enumerate(band):
        end = index in (0, len(band) - 1)
        image.info["kind"] = "minimum" if end else "saddle" if index == top else "path"


def dips(energies: FloatArray) -> list[int]:
    """Indices of the lowest images of all dips of the path that are at least `DIP_eV` deep."""
    from scipy.signal import find_peaks

    return [int(index) for index in find_peaks(-energies, prominence=DIP_eV)[0]]


def _pieces(images: list[Atoms]) -> list[list[Atoms]]:
    """Cut the path at its dips, and relax the images there."""
    # A dip of the rough path is an intermediate minimum, which a single band would cut short.
    energies = np.array([image.get_potential_energy() for image in images])
    cuts = dips(energies)
    for index in cuts:
        if not relax(images[index], images[index].calc):
            msg = f"expected image {index} to relax to 0.01 eV/Å, found that it does not"
            raise ReferenceCalculatorError(msg)
    bounds = [0, *cuts, len(images) - 1]
    return [images[low : high + 1] for low, high in pairwise(bounds)]


def _descend(
    images: Sequence[Atoms], make_calculator: Any, steps: int, *, largest_force: float, climb: bool
) -> bool:
    """Optimise a band; return whether all forces fell below ``largest_force`` (eV/Å)."""
    from ase.mep import NEB
    from ase.optimize import FIRE

    for image in images:
        if image.calc is None:
            image.calc = make_calculator()
    # Springs act along the tangent only, forces of the potential only perpendicular to it.
    band = NEB(images, k=SPRING_eV_A2, climb=climb, method="improvedtangent")
    optimizer = FIRE(band, logfile=None, maxstep=0.1, dt=0.05, dtmax=0.25)
    return bool(optimizer.run(fmax=largest_force, steps=steps))


def _resampled(images: Sequence[Atoms], number: int) -> list[Atoms]:
    """Interpolate images at equal distances along the polygon through the given ones."""
    nodes = np.array([image.positions for image in images])
    lengths = np.linalg.norm(np.diff(nodes, axis=0).reshape(len(nodes) - 1, -1), axis=1)
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    wanted = np.linspace(0.0, along[-1], number)
    flat = nodes.reshape(len(nodes), -1)
    # `numpy.interp` interpolates one component at a time.
    new = np.stack([np.interp(wanted, along, column) for column in flat.T], axis=1)
    fresh = []
    for positions in new.reshape(number, -1, 3):
        image = images[0].copy()
        image.positions = positions
        fresh.append(image)
    return fresh


def _assigned(initial: Atoms, final: Atoms) -> Atoms:
    """Reorder the hydrogens of the initial state so that they move least to the final one."""
    from ase.geometry import find_mic

    origin = initial.positions[list(HYDROGENS)]
    target = final.positions[list(HYDROGENS)]

    def squared_path(order: tuple[int, ...]) -> float:
        step, _ = find_mic(origin[list(order)] - target, initial.cell, initial.pbc)
        return float((step**2).sum())

    # 24 permutations: equal hydrogens may be renamed, and a band follows each atom by its number.
    best = min(permutations(range(4)), key=squared_path)
    atoms = initial.copy()
    atoms.positions[list(HYDROGENS)] = origin[list(best)]
    return atoms
