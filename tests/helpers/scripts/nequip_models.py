"""What the adapters, and what nequip's own calculator say of frames, for several model files.

Run in the environment of nequip, once for all files: an import of the framework takes long.
``nequip_models.py ISOLATED JOBS.json OUT``, with ``JOBS.json`` like ``{"frames": {NAME:
FILE.traj}, "files": {NAME: {"path", "architecture", "device", "oracle"}}}``. Writes ``OUT.json``
(what is known of each model, or the error) and ``OUT.npz`` (``FILE/FRAMES/QUANTITY``).
"""

from __future__ import annotations

import json
import runpy
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.io import read


def oracle(job: dict[str, Any], images: list[Atoms]) -> dict[str, Any]:
    calculator = family(job).own_calculator(Path(job["path"]), device="cpu", dtype="float64")
    assert type(calculator).__name__ == "NequIPCalculator"
    energy, forces, stress = [], [], []
    for atoms in images:
        calculator.calculate(atoms)
        energy.append(float(calculator.results["energy"]))
        forces.append(calculator.results["forces"])
        stress.append(calculator.results.get("stress", np.full(6, np.nan)))
    return {"energy": energy, "forces": np.concatenate(forces), "stress": stress}


def family(job: dict[str, Any]) -> Any:
    from ms25_suite.architectures.nequip import model as nequip

    kinds = {"nequip": nequip.NequipArchitecture, "allegro": nequip.AllegroArchitecture}
    return kinds[job["architecture"]]()


def adapter(job: dict[str, Any], frames: dict[str, list[Atoms]]) -> tuple[Any, dict[str, Any]]:
    from ms25_suite.core.frames import Frames
    from ms25_suite.potentials.evaluate import EdgeEvaluator

    path = Path(job["path"])
    model = family(job).load(path, device=job["device"], dtype="float64")
    found = {}
    for name, images in frames.items():
        predicted = EdgeEvaluator(model).predict(Frames.from_atoms(images))
        for quantity in ("energy", "forces", "stress"):
            found[f"{name}/{quantity}"] = getattr(predicted, quantity)
    return model.info.to_dict(), found


def main() -> None:
    warnings.filterwarnings("ignore")
    runpy.run_path(sys.argv[1])["install"]()
    from ms25_suite.core.errors import Ms25Error

    jobs = json.loads(Path(sys.argv[2]).read_text())
    frames = {name: read(path, ":") for name, path in jobs["frames"].items()}
    known, arrays = {}, {}
    for name, job in jobs["files"].items():
        try:
            known[name], found = adapter(job, frames)
        except Ms25Error as error:
            known[name] = {"error": type(error).__name__, "message": str(error)}
            continue
        if job["oracle"]:
            expected = oracle(job, frames["all"])
            found.update({f"oracle/{quantity}": value for quantity, value in expected.items()})
        arrays.update({f"{name}/{key}": value for key, value in found.items()})
    Path(f"{sys.argv[3]}.json").write_text(json.dumps(known))
    np.savez(f"{sys.argv[3]}.npz", **arrays)


main()
