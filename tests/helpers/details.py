"""Details of results as they stand in ``results.json``, one for each criterion that has any."""

from __future__ import annotations

import math
from typing import Any

SIZES = [50, 100, 200]


def eos_curve(name: str = "a", error: float | None = 0.1, **changes: Any) -> dict[str, Any]:
    """A curve; without an error it cannot be fitted."""
    entry: dict[str, Any] = {
        "name": name,
        "volumes": [10.0, 11.0, 12.0],
        "reference": [-1.0, -1.1, -1.0],
        "predicted": [-1.0, -1.1, None if error is None else -1.0],
        "reference_value": 3.5,
        "reference_bulk_modulus_GPa": 160.0,
        "failure": "not-finite" if error is None else "",
    }
    if error is not None:
        entry |= {
            "value": 3.5 + error,
            "bulk_modulus_GPa": 150.0,
            "b0_prime": 4.0,
            "residual_meV_per_atom": 0.25,
            "error": error,
        }
    return entry | changes


def eos_details(*curves: dict[str, Any]) -> dict[str, Any]:
    """Details of `eos`."""
    return {"eos": {"observable": "lattice_constant", "unit": "Å", "curves": list(curves)}}


def neb_details(**changes: Any) -> dict[str, Any]:
    """Details of `neb_barrier`."""
    path = {
        "reference": {
            "barrier": 0.4,
            "lengths": [0.0, 1.0, 2.0],
            "energies": [0.0, 0.4, -0.1],
        },
        "moved_A": [0.0, 0.25],
        "end_steps": 3,
        "converged": True,
        "lengths": [0.0, 1.0, 2.0],
        "energies": [0.0, 0.5, -0.1],
        "barrier": 0.5,
        "fmax": 0.04,
        "steps": 12,
        "positions": [[0.0, 0.0, 0.0], [1.5, 0.0, 0.0]],
        "climb": True,
        "without_climbing": {"barrier": 0.48, "fmax": 0.03, "steps": 9, "converged": True},
    }
    return {"neb": path | changes}


def dynamics_run(**changes: Any) -> dict[str, Any]:
    """A run of 0.2 fs that lasted, without energies and temperatures."""
    run = {"frame": 7, "temperature_K": 300.0, "broken": "", "broken_step": -1}
    return run | changes


def dynamics_details(*runs: dict[str, Any], ensemble: str = "nve") -> dict[str, Any]:
    """Details of `stability`."""
    return {
        "dynamics": {
            "ensemble": ensemble,
            "times": [0.0, 0.001, 0.002],
            "timestep_fs": 1.0,
            "runs": list(runs),
        }
    }


def rate_details(**changes: Any) -> dict[str, Any]:
    """Details of `training_rate`: errors that fall as the square root of the number of frames."""
    curve = {
        "sizes": SIZES,
        "mae": [300 * n**-0.5 for n in SIZES],
        "intervals": [[290 * n**-0.5, 320 * n**-0.5] for n in SIZES],
        "unit": "meV/Å",
        "potentials": [f"mace-n{n}" for n in SIZES],
        "threshold": 35.0,
    }
    fit = {
        "intercept": math.log(300),
        "r2": 0.98,
        "scatter_half_width": 0.05,
        "frames_half_width": 0.08,
    }
    return {"learning_curve": curve | changes, "fit": fit}


def throughput_details(median: float = 2.0, **changes: Any) -> dict[str, Any]:
    """Details of a speed in kAtoms/s of `throughput`."""
    details = {
        "frame": 502,
        "repeats": [1, 1, 1],
        "n_atoms": 108,
        "route": "fix external",
        "device": "cpu",
        "threads": 1,
        "lammps_version": 20250722,
        "cpu": "a processor",
        "n_cpu": 2,
        "gpu": None,
        "load": 1.5,
        "timestep_fs": 1.0,
        "warmup_steps": 20,
        "block_steps": 20,
        "blocks": [0.95 * median, median, 1.05 * median],
        "median": median,
        "interval": [0.9 * median, 1.1 * median],
        "quartiles": [0.95 * median, 1.05 * median],
        "ms_per_step": 108 / median,
        "shares": {"model": 0.9, "neighbour list": 0.04, "LAMMPS": 0.06},
        "cpu_s": [0.5, 0.5, 0.5],
        "wall_s": [0.75, 0.75, 0.75],
        "neighbour_builds": 2,
        "peak_memory_bytes": 400 * 2**20,
    }
    return {"throughput": details | changes}


def size_cost_details(**changes: Any) -> dict[str, Any]:
    """Details of a size exponent of `throughput`."""
    cost = {
        "n_atoms": [108, 432],
        "ms_per_step": [54.0, 216.0],
        "quartiles": [[1.9, 2.1], [1.9, 2.1]],
        "katoms_per_s": [2.0, 2.0],
        "memory_mib": [400.0, 410.0],
        "exponent": 1.0,
        "prefactor_ms": 0.5,
        "memory_line_mib": [396.0, 0.03],
        "too_large": 864,
    }
    return {"size_cost": cost | changes}
