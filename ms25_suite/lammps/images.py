"""Atoms of a running LAMMPS and their images, for a device that finds the neighbours itself.

LAMMPS builds no list of neighbours then. It still says when one is due: when an atom has moved by
half of the skin, it sorts its atoms and makes images of those near the faces of the box anew.

Measured for 31,752 atoms of CHA (cutoff 5 Å, skin 1 Å, 26 steps from one rebuild to the next, one
core, without a model): 2.6 ms for a step; with LAMMPS' own list, read by
`ms25_suite.lammps.neighbours` after each rebuild, 8.6 ms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ms25_suite.core.frames import FloatArray, IntArray

__all__ = ["ImageList", "Images"]


@dataclass(frozen=True, slots=True, eq=False)
class Images:
    """Own atoms of LAMMPS, and after them all of their images within reach of one.

    Parameters
    ----------
    build
        Number of the rebuild: all but the positions is that of the last `Images` with this number.
    owner
        Own atom that each one is, or is an image of, shape ``(n_all,)``.
    positions
        Positions in Å, shape ``(n_all, 3)``. It is LAMMPS' own memory: copy it before the next
        step.
    reach
        Longest distance in Å at which neighbours are complete at a rebuild. Until the next one no
        others come within the cutoff.
    """

    build: int
    owner: IntArray
    positions: FloatArray
    reach: float


class ImageList:
    """Atoms and images of a LAMMPS without pair style.

    Parameters
    ----------
    lammps
        LAMMPS instance on one process, with atom identifiers 1 to n_atoms.
    cutoff
        Cutoff of the potential in Å.
    skin
        Skin of the plan in Å.
    """

    def __init__(self, lammps: Any, cutoff: float, skin: float) -> None:
        self._lammps = lammps
        self._reach = cutoff + skin
        self._builds = -1
        self._n_read = 0
        self._positions = np.zeros((0, 3))
        self._owner = np.zeros(0, dtype=np.int64)
        # Without a pair style LAMMPS would make no images.
        lammps.command("pair_style none")
        lammps.command(f"comm_modify cutoff {self._reach!r}")

    def forget(self) -> None:
        """Read everything again at the next step; needed before each ``run`` with a set-up."""
        self._builds = -1

    def images(self) -> Images:
        """The present configuration."""
        builds = int(self._lammps.get_thermo("nbuild"))
        if builds != self._builds:
            self._read()
            self._builds = builds
            self._n_read += 1
        return Images(self._n_read, self._owner, self._positions, self._reach)

    def _read(self) -> None:
        lammps = self._lammps
        n_all = lammps.extract_setting("nall")
        # A view of LAMMPS' own memory, which it reallocates only at a rebuild.
        self._positions = lammps.numpy.extract_atom("x", nelem=n_all, dim=3)
        # An image has the identifier of its atom.
        tags = lammps.numpy.extract_atom("id", nelem=n_all)
        n_own = lammps.extract_setting("nlocal")
        place = np.zeros(n_own + 1, dtype=np.int64)
        place[tags[:n_own]] = np.arange(n_own)
        self._owner = place[tags]
