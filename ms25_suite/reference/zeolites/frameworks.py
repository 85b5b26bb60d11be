"""Zeolite frameworks as pure silica: cells and T-atoms of the Atlas, and oxygen between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from ms25_suite.core.errors import UsageError
from ms25_suite.core.frames import FloatArray

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["FRAMEWORKS", "Framework", "framework_atoms", "repeated_primitive_cell"]

_SAME_SITE_A: Final = 0.1
"""Atoms closer than this, up to lattice vectors of the primitive cell, are the same site: relaxed
structures keep the centring of their lattice to some 0.01 Å, and atoms are 1.5 Å apart."""

_NEIGHBOURS_A: Final = 3.6
"""T-atoms closer than this share an oxygen atom: first neighbours are 2.9-3.3 Å apart."""

_CENTRING: Final = {
    "P": np.eye(3),
    "F": 0.5 * np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 0.0]]),
    "R": np.array([[2.0, 1.0, 1.0], [-1.0, 1.0, 1.0], [-1.0, -2.0, 1.0]]) / 3.0,  # obverse
}
"""Primitive vectors in terms of the conventional ones (International Tables A)."""


@dataclass(frozen=True, slots=True)
class Framework:
    """A framework type in its highest symmetry, as the Atlas tabulates it.

    Parameters
    ----------
    code
        Code of the framework type.
    spacegroup, setting
        Number in the International Tables, and setting as ASE numbers it (2: origin at the
        centre of inversion).
    lengths_A, angles
        Conventional cell: lengths in Å and angles in degrees.
    sites
        Fractional coordinates of the T-atoms.
    cell
        Cell of the frames: ``P`` the conventional one (also of a centred lattice), ``F`` the
        primitive one of a face-centred lattice.

    References
    ----------
    Ch. Baerlocher, L. B. McCusker and D. H. Olson, Atlas of Zeolite Framework Types, 6th ed.,
    Elsevier 2007; Ch. Baerlocher and L. B. McCusker, Database of Zeolite Structures,
    http://www.iza-structure.org/databases/.
    """

    code: str
    spacegroup: int
    lengths_A: tuple[float, float, float]  # noqa: N815 - Å is the unit
    sites: tuple[tuple[float, float, float], ...]
    angles: tuple[float, float, float] = (90.0, 90.0, 90.0)
    setting: Literal[1, 2] = 1
    cell: Literal["P", "F"] = "P"


FRAMEWORKS: Final = {
    framework.code: framework
    for framework in (
        Framework(
            "CHA",
            166,
            (13.675, 13.675, 14.767),
            ((0.9997, 0.2264, 0.1051),),
            angles=(90.0, 90.0, 120.0),
        ),
        Framework("LTA", 221, (11.919, 11.919, 11.919), ((0.0, 0.1823, 0.3684),)),
        Framework(
            "FAU",
            227,
            (24.345, 24.345, 24.345),
            ((0.9469, 0.1251, 0.0364),),
            setting=2,
            cell="F",
        ),
        Framework(
            "MFI",
            62,
            (20.09, 19.738, 13.142),
            (
                (0.4214, 0.0711, 0.6898),
                (0.3259, 0.0336, 0.8500),
                (0.2792, 0.0536, 0.0655),
                (0.1246, 0.0514, 0.0481),
                (0.0721, 0.0360, 0.8233),
                (0.2034, 0.0687, 0.7197),
                (0.4195, 0.8274, 0.6805),
                (0.3152, 0.8765, 0.8361),
                (0.2733, 0.8278, 0.0402),
                (0.1185, 0.8279, 0.0183),
                (0.0657, 0.8794, 0.8087),
                (0.1947, 0.8288, 0.7092),
            ),
        ),
        Framework(
            "BEA",
            91,
            (12.632, 12.632, 26.186),
            (
                (0.9529, 0.7960, 0.0552),
                (0.9536, 0.5429, 0.0553),
                (0.7146, 0.7921, 0.0584),
                (0.7155, 0.5451, 0.0590),
                (0.3318, 0.7884, 0.0591),
                (0.3329, 0.5409, 0.0584),
                (0.5272, 0.8594, 0.1256),
                (0.5272, 0.4728, 0.1250),
                (0.1391, 0.8609, 0.1250),
            ),
        ),
    )
}
"""The frameworks of the paper, and BEA, by their codes."""


def framework_atoms(code: str) -> Atoms:
    """Make an idealised SiO2 framework, with oxygen halfway between neighbouring T-atoms.

    Its Si-O-Si angles are 180 degrees: relax it before use. The silicon atoms come first, and
    the cell vectors are lower triangular.

    Parameters
    ----------
    code
        Code of the framework type, in any case.

    Raises
    ------
    UsageError
        There is no framework with this code.
    """
    from ase import Atoms
    from ase.neighborlist import neighbor_list
    from ase.spacegroup import crystal

    framework = FRAMEWORKS.get(code.upper())
    if framework is None:
        msg = f"expected one of the frameworks {', '.join(FRAMEWORKS)}, found {code!r}"
        raise UsageError(msg)
    conventional = crystal(
        ["Si"] * len(framework.sites),
        framework.sites,
        spacegroup=framework.spacegroup,
        setting=framework.setting,
        cellpar=[*framework.lengths_A, *framework.angles],
        # Sites of the Atlas have four decimals: a site on a symmetry element is off it by
        # rounding.
        symprec=1e-2,
        onduplicates="keep",
    )
    # In the primitive cell, atoms of the conventional one coincide up to lattice vectors.
    vectors = _CENTRING[framework.cell] @ conventional.cell.array
    fractional = np.linalg.solve(vectors.T, conventional.positions.T).T
    cell, _ = Atoms(cell=vectors).cell.standard_form()
    sites = _distinct(fractional)
    silicon = Atoms(["Si"] * len(sites), scaled_positions=sites, cell=cell, pbc=True)
    first, second, vector = neighbor_list("ijD", silicon, _NEIGHBOURS_A)
    once = first < second  # each pair once; no T-atom is a neighbour of its own image here
    # `vector` points to the image of the neighbour, so the middle may lie outside the cell.
    bridges = silicon.positions[first[once]] + 0.5 * vector[once]
    # Corner-sharing SiO4 tetrahedra: four neighbours for each Si, and two O for each Si.
    if np.any(np.bincount(first, minlength=len(silicon)) != 4) or len(bridges) != 2 * len(silicon):
        msg = f"the T-atoms of {framework.code} are not four-connected: a mistake in the table"
        raise RuntimeError(msg)
    return silicon + Atoms(["O"] * len(bridges), positions=bridges, cell=cell, pbc=True)


def repeated_primitive_cell(atoms: Atoms, repeat: int) -> Atoms:
    """Repeat the primitive cell of a framework that is given in its hexagonal cell.

    Parameters
    ----------
    atoms
        Structure in the hexagonal cell of a rhombohedral lattice (obverse setting).
    repeat
        Number of primitive cells along each of the three rhombohedral vectors.

    Returns
    -------
    :
        ``repeat**3 / 3`` times the number of atoms, in the order of ``atoms``; the cell vectors are
        lower triangular.

    Raises
    ------
    ValueError
        The lattice of the structure is not rhombohedral.
    """
    from ase import Atoms

    vectors = _CENTRING["R"] @ atoms.cell.array
    fractional = np.linalg.solve(vectors.T, atoms.positions.T).T
    kept: list[int] = []
    for index, place in enumerate(fractional):
        apart = fractional[kept] - place
        distances = np.linalg.norm((apart - np.round(apart)) @ vectors, axis=1)
        if not np.any(distances < _SAME_SITE_A):
            kept.append(index)
    if 3 * len(kept) != len(atoms):
        msg = (
            f"expected {len(atoms)} atoms of a rhombohedral lattice in its hexagonal cell, found "
            f"{len(kept)} sites in the primitive cell, not a third of them"
        )
        raise ValueError(msg)
    cell, _ = Atoms(cell=vectors).cell.standard_form()
    primitive = Atoms(
        atoms.numbers[kept], scaled_positions=fractional[kept] % 1.0, cell=cell, pbc=True
    )
    supercell = primitive * repeat
    # The silicon atoms come first, as in the other frameworks.
    order = np.argsort(np.tile(np.arange(len(kept)), repeat**3), kind="stable")
    return supercell[order]


def _distinct(fractional: FloatArray) -> FloatArray:
    """Remove points that are equal up to lattice vectors; wrap the others into [0, 1)."""
    kept: list[FloatArray] = []
    for point in fractional:
        differences = np.array(kept) - point if kept else np.ones((1, 3)) / 2
        if not np.any(np.all(np.abs(differences - np.round(differences)) < 1e-3, axis=1)):
            kept.append(point)
    return np.array(kept) % 1.0
