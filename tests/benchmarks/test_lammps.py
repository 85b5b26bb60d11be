"""How much LAMMPS costs on top of a model, and against dynamics in ASE.

Not part of the tests: run `make benchmark` on an idle machine and compare within one run. A step
in LAMMPS is compared with the bare model on the edges of the same frame, in turns in one process,
and with ASE's `VelocityVerlet` and the suite's calculator. Architectures that are not installed are
left out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import units
from ase.io import write
from ase.md.velocitydistribution import MaxwellBoltzmannDistribution
from ase.md.verlet import VelocityVerlet

from ms25_suite.core.errors import ArchitectureNotInstalledError
from ms25_suite.core.frames import Frames
from ms25_suite.datasets import open_dataset
from ms25_suite.environments.installation import ISOLATED, Installation
from ms25_suite.environments.processes import child_environment
from ms25_suite.lammps.plan import MdPlan
from ms25_suite.potentials.opening import from_model_file
from ms25_suite.potentials.potential import PotentialOptions
from ms25_suite.potentials.registry import (
    get_architecture,
    get_trainer,
    implementation,
    require_installed,
)
from ms25_suite.potentials.workers.jobs import ModelJob, job_to_wire
from ms25_suite.training import TrainingData, TrainingRequest

pytestmark = pytest.mark.filterwarnings("ignore")

SYMBOLS = ("Cr", "Fe", "Co", "Ni", "Cu")
R_MAX = 5.0
PLAN = MdPlan(ensemble="nve", n_steps=40, warmup_steps=5, temperature_K=600.0, thermo_every=20)
REPEATS = 3
ASE_STEPS = 20
AIM = {"mace": 10, "nequip": 10, "ani": 10, "mtp": 25, "allegro": 25}
"""Overhead of a step in LAMMPS over the bare model that we aim at, in per cent; printed only."""
KINDS = ["mace", "ani", "mtp", "nequip", "nequip compiled", "allegro", "allegro compiled"]


@pytest.fixture(scope="module")
def frame() -> Frames:
    return open_dataset("hea").frames.select([0])


def make_mace(path: Path) -> Path:
    script = Path(__file__).parents[1] / "helpers" / "scripts" / "make_mace.py"
    numbers = "24,26,27,28,29"
    command = [sys.executable, str(script), str(path / "hea.model"), numbers, str(R_MAX), "24"]
    subprocess.run(command, check=True, capture_output=True)
    return path / "hea.model"


def make_ani(path: Path) -> Path:
    from ms25_suite.architectures.ani.file import AniConfig, build_network, write_network

    config = AniConfig(SYMBOLS, radial_cutoff=R_MAX, angular_cutoff=3.5, hidden=(64, 32))
    write_network(path / "hea.pt", build_network(config), config)
    return path / "hea.pt"


def make_mtp(path: Path) -> Path:
    from motep.io.mlip.mtp import read_mtp, write_mtp

    from ms25_suite.architectures.mtp.template import template

    file = path / "hea.mtp"
    recipe = get_trainer("mtp").recipe("smoke")
    file.write_text(
        template(recipe["level"], len(SYMBOLS), 1.9, R_MAX, recipe["radial_basis_size"])
    )
    data = read_mtp(file)
    data.initialize(np.random.default_rng(2))
    # Weak enough that the atoms stay together; the cost does not depend on it.
    data.moment_coeffs *= 1e-5
    write_mtp(file, data, legacy=True)
    return file


def make_nequip(path: Path, architecture: str, place: Installation, target: str) -> Path:
    """One epoch of the smoke recipe on a few frames."""
    from tests.helpers.tiny_nequip import run_script

    dataset = open_dataset("hea")
    frames, labels = dataset.frames, dataset.labels
    part, other = (
        (frames.select(chosen), labels.select(chosen, frames.offsets))
        for chosen in ([0, 1, 2], [3, 4])
    )
    data = TrainingData("hea", "1" * 64, "EAM", "mini", R_MAX, part, other)
    trainer = get_trainer(architecture)
    recipe = trainer.recipe("smoke")
    phase = {**recipe["phases"][0], "share": 1.0}
    recipe = {**recipe, "r_max_limit": R_MAX, "dtype": "float64", "phases": [phase], "epochs": 1}
    settings = trainer.settings(recipe, TrainingRequest(architecture, 3, seed=1), data)
    work = path / "work"
    work.mkdir()
    trainer.prepare(work, settings, data, "cpu")
    run_script(place, "make_nequip.py", f"{work}:{target}")
    return work / ("model.nequip.pt2" if target else "model.nequip.zip")


def in_ase(potential: Any, frame: Frames) -> float:
    """Wall time of a step of ASE in seconds, the fastest of some."""
    atoms = frame.atoms(0)
    atoms.calc = potential.calculator()
    MaxwellBoltzmannDistribution(atoms, temperature_K=600.0, rng=np.random.default_rng(1))
    dynamics = VelocityVerlet(atoms, 1.0 * units.fs)
    dynamics.run(5)
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        dynamics.run(ASE_STEPS)
        seconds.append((time.perf_counter() - start) / ASE_STEPS)
    return min(seconds)


@pytest.mark.benchmark(group="molecular dynamics, 108 atoms of HEA")
@pytest.mark.parametrize("kind", KINDS)
def test_a_step_in_lammps(benchmark: Any, kind: str, frame: Frames, tmp_path: Path) -> None:
    pytest.importorskip("lammps")
    architecture, _, compiled = kind.partition(" ")
    family = get_architecture(architecture)
    try:
        place = require_installed(family)
    except ArchitectureNotInstalledError as error:
        pytest.skip(str(error))
    makers: dict[str, Callable[[Path], Path]] = {
        "mace": make_mace,
        "ani": make_ani,
        "mtp": make_mtp,
    }
    target = "ase" if compiled else ""
    if architecture in makers:
        path = makers[architecture](tmp_path)
    else:
        path = make_nequip(tmp_path, architecture, place, target)
    species = () if family.names_species else SYMBOLS
    potential = from_model_file(
        path, architecture, kind, PotentialOptions(use_cache=False, species=species)
    )
    job = ModelJob(
        implementation=implementation(family),
        path=str(path),
        sha256=potential.sha256,
        device="cpu",
        dtype="float64",
        batch_atoms=512,
        species=species,
    )
    write(tmp_path / "frame.extxyz", frame.atoms(0))
    settings = {
        "job": job_to_wire(job),
        "atoms": str(tmp_path / "frame.extxyz"),
        "plan": PLAN.to_dict(),
        "repeats": REPEATS,
    }
    (tmp_path / "settings.json").write_text(json.dumps(settings))
    script = Path(__file__).parents[1] / "helpers" / "scripts" / "lammps_speed.py"
    python = sys.executable if place.python is None else str(place.python)
    command = [python, "-P", str(script), str(ISOLATED)]
    command += [str(tmp_path / "settings.json"), str(tmp_path / "out.json")]
    # One thread, as a worker has: LAMMPS would take one, and the bare model all cores.
    subprocess.run(command, check=True, env={**os.environ, **child_environment(threads=1)})
    found = json.loads((tmp_path / "out.json").read_text())
    found["ase_wall"] = in_ase(potential, frame)
    short = replace(PLAN, n_steps=10)
    benchmark.pedantic(lambda: potential.run_lammps(frame, short), rounds=1)
    potential.close()
    benchmark.extra_info.update(found)
    per_atom = 1e6 / found["n_atoms"]
    overhead = {
        clock: found[f"lammps_{clock}"] / found[f"bare_{clock}"] - 1.0 for clock in ("wall", "cpu")
    }
    print(
        f"\n{kind}: {found['n_edges']} edges; ms per step: bare model "
        f"{1e3 * found['bare_wall']:.2f}, in LAMMPS {1e3 * found['lammps_wall']:.2f}, in ASE "
        f"{1e3 * found['ase_wall']:.2f}\n"
        f"overhead of LAMMPS {100 * overhead['wall']:.1f} % of wall time, "
        f"{100 * overhead['cpu']:.1f} % of CPU time (aim: {AIM[architecture]} %); list and edges "
        f"{per_atom * found['neighbour_wall']:.2f} µs per atom and step"
    )
