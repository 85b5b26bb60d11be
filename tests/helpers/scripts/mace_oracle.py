"""MACE's own calculator in a plain ASE loop. Run in a process of its own."""

from __future__ import annotations

import sys
import warnings

warnings.filterwarnings("ignore")

import numpy as np  # noqa: E402
from ase.io import read  # noqa: E402
from mace.calculators import MACECalculator  # noqa: E402


def main(model: str, frames: str, out: str, *more: str) -> None:
    keys = {"total_charge": "charge", "total_spin": "spin"}
    keys |= {key: key for key in more if "=" not in key}
    options = dict(option.split("=") for option in more if "=" in option)
    calculator = MACECalculator(
        model_paths=model, device="cpu", default_dtype="float64", info_keys=keys, **options
    )
    energy, forces, stress = [], [], []
    for atoms in read(frames, ":"):
        atoms.calc = calculator
        energy.append(atoms.get_potential_energy())
        forces.append(atoms.get_forces())
        stress.append(atoms.get_stress() if atoms.pbc.all() else np.full(6, np.nan))
    np.savez(out, energy=energy, forces=np.concatenate(forces), stress=stress)


if __name__ == "__main__":
    main(*sys.argv[1:])
