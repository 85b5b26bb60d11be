"""Times evaluations of a model, bare and in LAMMPS, in turns.

Run where the architecture's package is: ``lammps_speed.py ISOLATED SETTINGS.json OUT.json``. The
settings are ``{"job", "atoms", "plan", "repeats"}``: what a worker loads, a file that ASE reads,
and a plan of one block. The answer has seconds per step, of wall and CPU time: ``bare`` for the
model on the edges of the start frame, ``lammps`` for a step, of which ``model`` and
``neighbour`` are parts, and ``callback`` for all that is not the model.
"""

from __future__ import annotations

import json
import runpy
import sys
import time
import warnings
from pathlib import Path
from typing import Any


def main() -> None:
    runpy.run_path(sys.argv[1])["install"]()
    warnings.simplefilter("ignore")
    from ase.io import read

    from ms25_suite.core.frames import Frames
    from ms25_suite.lammps.plan import MdPlan
    from ms25_suite.lammps.run import run_lammps
    from ms25_suite.potentials.batching.graphs import build_graph
    from ms25_suite.potentials.workers.jobs import job_from_wire
    from ms25_suite.potentials.workers.lammps import make_route
    from ms25_suite.potentials.workers.main import load_evaluator

    settings = json.loads(Path(sys.argv[2]).read_text())
    evaluator: Any = load_evaluator(job_from_wire(settings["job"]))
    frame = Frames.from_atoms([read(settings["atoms"])])
    plan = MdPlan(**settings["plan"])
    graph = build_graph(frame, evaluator.cutoff)
    found: list[dict[str, float]] = []
    for _ in range(settings["repeats"]):
        # The first few evaluations of a torch model are not like the others.
        for _ in range(plan.warmup_steps):
            evaluator.model.evaluate(graph)
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(plan.n_steps):
            evaluator.model.evaluate(graph)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        run = run_lammps(make_route(evaluator, frame), frame, plan)
        seconds = {
            "bare_wall": wall,
            "bare_cpu": cpu,
            "lammps_wall": float(run.wall_s[0]),
            "lammps_cpu": float(run.cpu_s[0]),
            "model_wall": float(run.model_s[0]),
            "neighbour_wall": float(run.neighbour_s[0]),
        }
        found.append({name: value / plan.n_steps for name, value in seconds.items()})
    # The fastest of each: everything else that runs on a machine only makes it slower.
    best = {name: min(one[name] for one in found) for name in found[0]}
    n_edges, n_atoms = len(graph.senders), len(frame.numbers)
    Path(sys.argv[3]).write_text(json.dumps({**best, "n_edges": n_edges, "n_atoms": n_atoms}))


main()
