"""The lowest and the highest energy that electronic structure can give a neutral system."""

from __future__ import annotations

from typing import Final

import numpy as np

from ms25_suite.core.frames import FloatArray, Frames

__all__ = ["WEAKEST", "lowest_energies"]

WEAKEST: Final = 0.143
"""hartree; least energy that it takes to remove an electron from a neutral atom, 3.894 eV of Cs
(NIST Atomic Spectra Database). Also with a pseudopotential every atom is lower than minus that."""


def lowest_energies(frames: Frames) -> FloatArray:
    """Energy of all electrons in hartree, as the sum over neutral atoms.

    Pseudopotentials leave out the core, so that energies with them are higher: -17 hartree for a
    molecule of water instead of -76.

    Parameters
    ----------
    frames
        The structures.

    Returns
    -------
    FloatArray
        Shape ``(n_frames,)``. Bonds and relativity lower it by less than a tenth (U: -28070
        hartree instead of -25730).

    Notes
    -----
    An atom has -0.768745 Z^(7/3) + Z^2/2 - 0.269900 Z^(5/3) hartree (J. Schwinger, Phys. Rev. A 24
    (1981) 2353), within 1 % of Hartree-Fock from carbon on, and 0.04 hartree too low for hydrogen.
    """
    z = np.asarray(frames.numbers, dtype=np.float64)
    atoms = -0.768745 * z ** (7 / 3) + z**2 / 2 - 0.269900 * z ** (5 / 3)
    return np.asarray(np.add.reduceat(atoms, frames.offsets[:-1]))
