"""CH4 -> CH3 + H on Pt(111): the slab, the two ends, and the minimum energy path between them.

The slab is the paper's, 4 x 4 x 4 with the two bottom layers fixed, with the lattice constant of
the reference. Adsorbates go to sites by symmetry (``ontop``, ``bridge``, ``fcc``, ``hcp``) and are
relaxed. Atoms are in the order Pt (layer by layer, from the bottom), C, H, H, H, and the hydrogen
that leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, permutations
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.core.frames import FloatArray

if TYPE_CHECKING:
    from ase import Atoms
    from ase.constraints import FixAtoms

__all__ = [
    "CARBON",
    "FINAL",
    "HYDROGENS",
    "LATTICE_CONSTANT_A",
    "LEAVING",
    "Site",
    "dissociated",
    "frozen",
    "methane",
    "nudged_band",
    "relax",
    "slab",
]

LATTICE_CONSTANT_A: Final = 3.947336
"""fcc lattice constant of Pt in Å at zero pressure with this reference."""

VACUUM_A: Final = 10.0
"""Vacuum on each side of the slab in Å, as far as the electrostatics of the reference reach."""

SIZE: Final = (4, 4, 4)
N_FIXED: Final = 32

SPRING_eV_A2: Final = 0.5
"""Spring constant of the band."""

DIP_eV: Final = 0.05
"""Depth from which on a dip of the path is an intermediate state."""

CARBON: Final = 64
HYDROGENS: Final = (65, 66, 67, 68)
LEAVING: Final = 68

_HEIGHTS: Final = {"ontop": (2.1, 1.6), "bridge": (1.8, 1.1), "fcc": (1.6, 0.9), "hcp": (1.6, 0.9)}
"""Heights of C and of H above the top layer in Å, to start from."""


@dataclass(frozen=True, slots=True)
class Site:
    """A place on the surface: kind of site, and coordinates in units of the surface lattice.

    In them ontop is (0, 0), fcc (1/3, 1/3), hcp (2/3, 2/3), as in ``ase.build.fcc111``.
    """

    kind: str
    u: float
    v: float


CARBON_SITES: Final = (
    Site("hcp", 1 + 2 / 3, 1 + 2 / 3),
    Site("ontop", 2.0, 2.0),
    Site("bridge", 1.5, 1.5),
    Site("fcc", 1 + 1 / 3, 2 + 1 / 3),
)
"""One site of each kind for CH3, as close to the CH4 as there is; the others are its images."""

FINAL: Final = (Site("bridge", 1.5, 1.5), Site("ontop", 2.0, 2.0))
"""Sites that CH3 and H start from to become the final state of the path."""


def frozen(atoms: Atoms) -> FixAtoms:
    """Constraint that fixes the two bottom layers."""
    from ase.constraints import FixAtoms

    return FixAtoms(indices=np.arange(min(N_FIXED, len(atoms))))


def slab() -> Atoms:
    """Clean Pt(111), periodic in all three directions, as cut from the bulk."""
    from ase.build import fcc111

    atoms = fcc111("Pt", SIZE, a=LATTICE_CONSTANT_A, vacuum=VACUUM_A)
    atoms.pbc = True
    atoms.info.clear()
    atoms.set_constraint(frozen(atoms))
    return atoms


def relax(atoms: Atoms, reference: Any, *, largest_force: float = 0.01, steps: int = 1000) -> bool:
    """Relax in place; whether the largest force (eV/Å) was reached."""
    from ase.optimize import BFGS

    atoms.calc = reference
    return bool(BFGS(atoms, logfile=None, maxstep=0.1).run(fmax=largest_force, steps=steps))


def methane(clean: Atoms, reference: Any, kind: str = "hcp") -> Atoms:
    """CH4 on a site, three hydrogens down, relaxed.

    Parameters
    ----------
    clean
        Relaxed slab.
    reference
        ASE calculator.
    kind
        Site of C.

    Raises
    ------
    ReferenceCalculatorError
        It did not relax.
    """
    from ase.build import molecule

    site = next(site for site in CARBON_SITES if site.kind == kind)
    guest = molecule("CH4")
    guest.positions -= guest.positions[0]
    guest.rotate(guest.positions[1], (0, 0, 1))
    # At 3 Å it would stay in a shallower minimum, bound by 0.21 instead of 0.24 eV.
    guest.translate(_place(clean, site, 2.6))
    atoms = _bare(clean + guest)
    if not relax(atoms, reference):
        msg = f"expected CH4 on Pt(111) ({kind}) to relax to 0.01 eV/Å, found that it does not"
        raise ReferenceCalculatorError(msg)
    return atoms


def dissociated(
    clean: Atoms,
    reference: Any,
    carbon: Site,
    hydrogen: Site,
    *,
    turn: float = 10.0,
    largest_force: float = 0.01,
) -> Atoms | None:
    """CH3 and H on two sites, relaxed; None if that leads to no such state.

    Parameters
    ----------
    clean
        Relaxed slab.
    reference
        ASE calculator.
    carbon, hydrogen
        Sites to start from; relaxation may lead to others.
    turn
        Angle in degrees that CH3 is turned by about the normal. Without it both may lie on a
        mirror plane, and relaxation keeps to it.
    largest_force
        Largest force of the relaxed state in eV/Å.
    """
    from ase import Atoms
    from ase.build import molecule

    methyl = molecule("CH3")
    methyl.positions -= methyl.positions[0]
    methyl.positions[1:, 2] += 0.35
    methyl.rotate(turn, "z")
    methyl.translate(_place(clean, carbon, _HEIGHTS[carbon.kind][0]))
    lone = Atoms("H", positions=[_place(clean, hydrogen, _HEIGHTS[hydrogen.kind][1])])
    atoms = _bare(clean + methyl + lone)
    if not relax(atoms, reference, largest_force=largest_force):
        return None
    bonds = np.sort(atoms.get_distances(CARBON, list(HYDROGENS), mic=True))
    # 1.6 Å: the state in which C-H lies over Pt, half broken, has 1.58 Å.
    return atoms if bonds[2] < 1.3 and bonds[3] > 1.6 else None


def nudged_band(
    initial: Atoms,
    final: Atoms,
    make_calculator: Any,
    *,
    n_images: Sequence[int] = (15, 25, 13),
    largest_force: float = 0.05,
) -> list[Atoms]:
    """Converged path with climbing images, from the initial to the final state.

    Hydrogens of the initial state are assigned to those of the final one so that they move least.
    A coarse band, from the image dependent pair potential, and a fine one along it find the way.
    Where it has a dip of at least `DIP_eV`, the lowest image is relaxed to an intermediate state,
    and the path is converged piece by piece, each with its own climbing image. That matters: in
    one band the image that climbs is the highest of the images, and the highest point of the path,
    a narrow ridge where C-H stretches from 1.1 to 1.5 Å, slips between two others; the barrier
    then comes out as 0.12 instead of 0.17 eV.

    Improved tangents, springs of 0.5 eV/Å^2, FIRE with steps short enough for the stiff places of
    ReaxFF (third derivatives reach 1e5 eV/Å^3).

    Parameters
    ----------
    initial, final
        Relaxed states.
    make_calculator
        Function without arguments that makes an ASE calculator; each image gets its own.
    n_images
        Numbers of images of the coarse and of the fine band, and of each piece, ends included.
    largest_force
        Largest force on any image in eV/Å.

    Raises
    ------
    ReferenceCalculatorError
        It does not converge.
    """
    from ase.geometry import find_mic
    from ase.mep import NEB

    start = _assigned(initial, final)
    end = final.copy()
    step, _ = find_mic(end.positions - start.positions, start.cell, start.pbc)
    end.positions = start.positions + step
    images = [start, *(start.copy() for _ in range(n_images[0] - 2)), end]
    NEB(images, method="improvedtangent").interpolate("idpp")
    _descend(images, make_calculator, 240, largest_force=0.1, climb=False)
    images = _resampled(images, n_images[1])
    _descend(images, make_calculator, 120, largest_force=0.1, climb=False)
    pieces = _pieces(images)
    path: list[Atoms] = []
    for piece in pieces:
        band = _resampled(piece, n_images[2])
        if path:
            band[0] = path.pop()
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
    """Say in ``info["kind"]`` of each image what it is: minimum, saddle or path."""
    top = int(np.argmax([image.get_potential_energy() for image in band]))
    for index, image in enumerate(band):
        end = index in (0, len(band) - 1)
        image.info["kind"] = "minimum" if end else "saddle" if index == top else "path"


def dips(energies: FloatArray) -> list[int]:
    """Numbers of the images at the bottoms of dips of the path, at least `DIP_eV` deep."""
    from scipy.signal import find_peaks

    return [int(index) for index in find_peaks(-energies, prominence=DIP_eV)[0]]


def _pieces(images: list[Atoms]) -> list[list[Atoms]]:
    """The path cut at its dips, whose images are relaxed."""
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
    """Optimise a band; whether the largest force (eV/Å) was reached."""
    from ase.mep import NEB
    from ase.optimize import FIRE

    for image in images:
        if image.calc is None:
            image.calc = make_calculator()
    band = NEB(images, k=SPRING_eV_A2, climb=climb, method="improvedtangent")
    optimizer = FIRE(band, logfile=None, maxstep=0.1, dt=0.05, dtmax=0.25)
    return bool(optimizer.run(fmax=largest_force, steps=steps))


def _resampled(images: Sequence[Atoms], number: int) -> list[Atoms]:
    """Images at equal distances along the polygon through the given ones, without calculators."""
    nodes = np.array([image.positions for image in images])
    lengths = np.linalg.norm(np.diff(nodes, axis=0).reshape(len(nodes) - 1, -1), axis=1)
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    wanted = np.linspace(0.0, along[-1], number)
    flat = nodes.reshape(len(nodes), -1)
    # Component by component: `numpy.interp` takes one function at a time.
    new = np.stack([np.interp(wanted, along, column) for column in flat.T], axis=1)
    fresh = []
    for positions in new.reshape(number, -1, 3):
        image = images[0].copy()
        image.positions = positions
        fresh.append(image)
    return fresh


def _assigned(initial: Atoms, final: Atoms) -> Atoms:
    """The initial state, its hydrogens in the order that makes the way to the final shortest."""
    from ase.geometry import find_mic

    origin = initial.positions[list(HYDROGENS)]
    target = final.positions[list(HYDROGENS)]

    def way(order: tuple[int, ...]) -> float:
        step, _ = find_mic(origin[list(order)] - target, initial.cell, initial.pbc)
        return float((step**2).sum())

    best = min(permutations(range(4)), key=way)
    atoms = initial.copy()
    atoms.positions[list(HYDROGENS)] = origin[list(best)]
    return atoms


def _place(clean: Atoms, site: Site, height: float) -> FloatArray:
    """Position at a height (Å) above the top layer of the slab."""
    top = clean.positions[CARBON - SIZE[0] * SIZE[1] : CARBON]
    along = site.u * clean.cell.array[0] / SIZE[0] + site.v * clean.cell.array[1] / SIZE[1]
    place = top[0] + along
    place[2] = top[:, 2].max() + height
    return np.asarray(place, dtype=np.float64)


def _bare(atoms: Atoms) -> Atoms:
    """Numbers, positions, cell and constraint only: no tags, moments or charges of the parts."""
    from ase import Atoms

    return Atoms(
        atoms.numbers,
        positions=atoms.positions,
        cell=atoms.cell.array,
        pbc=True,
        constraint=frozen(atoms),
    )
