"""The minimum energy path of CH4 -> CH3 + H on Pt(111) between the relaxed ends."""

from __future__ import annotations

import lzma
from collections.abc import Sequence
from importlib.resources import files
from io import StringIO
from itertools import permutations
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.reference.reaction.bands import converge, cut, descend, resampled
from ms25_suite.reference.reaction.surface import HYDROGENS

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["PATH_FILE", "mark", "nudged_band", "reference_path", "refined"]

PATH_FILE: Final = "reaction-neb.extxyz.xz"
"""File of the path among the shipped data."""

DIP_eV: Final = 0.05
"""Smallest depth of a dip of a rough path that counts as an intermediate state."""

SHALLOW_DIP_eV: Final = 0.01
"""The same for a path of many images, on which shallow states show as well."""


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
    n_images: Sequence[int] = (15, 25, 13, 21, 13),
    largest_force: float = 0.02,
) -> list[Atoms]:
    """Converge the path from the initial to the final state, with climbing images.

    Hydrogens of the initial state are assigned to those of the final one so that they move least.
    A coarse band, from the image dependent pair potential, and a finer one find the rough path.
    At each dip deeper than `DIP_eV` the lowest image is relaxed to an intermediate state, and the
    path is converged in pieces between the states, each with its own climbing image. The pieces
    are necessary: in a single band only the highest image climbs, and the highest point of the
    path, a narrow ridge where C-H stretches from 1.1 to 1.5 Å, lies between two images. The
    barrier then comes out as 0.12 instead of 0.17 eV.

    Each piece gets more images then, most of them where the energy changes, so that several are on
    the ridge. Shallow states that show on it (`SHALLOW_DIP_eV`) cut it once more. The new pieces
    are converged to 0.05 eV/Å without climbing. Those that reach half of the height of the path,
    and so decide its barrier, climb then until the largest force is reached.

    Parameters
    ----------
    initial, final
        Relaxed states.
    make_calculator
        Function without arguments that returns a new ASE calculator; each image gets its own.
    n_images
        Numbers of images of the coarse and of the fine band, of each rough piece, of each dense
        one, and of each piece of the result, ends included.
    largest_force
        Largest force in eV/Å on an image of the pieces that climb.

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
    descend(images, make_calculator, 240, largest_force=0.1, climb=False)
    images = resampled(images, n_images[1])
    descend(images, make_calculator, 120, largest_force=0.1, climb=False)
    rough = []
    for piece in cut(images, DIP_eV):
        band = resampled(piece, n_images[2])
        _expect(descend(band, make_calculator, 2000, largest_force=0.05, climb=True), 0.05)
        rough.append(band)
    return refined(
        rough, make_calculator, n_images=(n_images[3], n_images[4]), largest_force=largest_force
    )


def refined(
    rough: Sequence[Sequence[Atoms]],
    make_calculator: Any,
    *,
    n_images: tuple[int, int],
    largest_force: float,
) -> list[Atoms]:
    """Converge rough pieces of a path with more images.

    Parameters
    ----------
    rough
        Pieces with calculators, each from one relaxed state to the next.
    make_calculator, largest_force
        As for `nudged_band`.
    n_images
        Numbers of images of each piece, before and after it is cut at shallow dips.

    Raises
    ------
    ReferenceCalculatorError
        As `nudged_band`.
    """
    parts = []
    for piece in rough:
        dense = resampled(piece, n_images[0], by_energy=True)
        descend(dense, make_calculator, 400, largest_force=0.1, climb=False)
        descend(dense, make_calculator, 400, largest_force=0.05, climb=True)
        parts += cut(dense, SHALLOW_DIP_eV)
    tops = np.array([max(image.get_potential_energy() for image in part) for part in parts])
    heights = tops - parts[0][0].get_potential_energy()
    path: list[Atoms] = []
    for part, height in zip(parts, heights, strict=True):
        band = resampled(part, n_images[1], by_energy=True)
        _expect(converge(band, make_calculator, largest_force=0.05, climb=False), 0.05)
        # Elsewhere, where CH4 slides and CH3 turns, the steps of ReaxFF at the cutoffs of its bond
        # orders keep an image that climbs from settling.
        if height >= heights.max() / 2:
            done = converge(band, make_calculator, largest_force=largest_force, climb=True)
            _expect(done, largest_force)
        mark(band)
        # Neighbouring pieces share the state between them.
        path += band[1:] if path else band
    return path


def _expect(converged: bool, largest_force: float) -> None:
    if not converged:
        msg = (
            f"expected the path to converge to {largest_force} eV/Å, found that it does not: is "
            "there another intermediate state?"
        )
        raise ReferenceCalculatorError(msg)


def mark(band: Sequence[Atoms]) -> None:
    """Set ``info["kind"]`` of each image of a piece to ``minimum``, ``saddle`` or ``path``."""
    # The climbing image of a converged piece is at its saddle point (G. Henkelman, B. P. Uberuaga
    # and H. Jonsson, J. Chem. Phys. 113, 9901 (2000)).
    top = int(np.argmax([image.get_potential_energy() for image in band]))
    for index, image in enumerate(band):
        end = index in (0, len(band) - 1)
        image.info["kind"] = "minimum" if end else "saddle" if index == top else "path"


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
