"""``python -m tests.benchmarks.gpu``: one process for each architecture, within a time limit."""

from __future__ import annotations

import argparse
import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.benchmarks.gpu.plan import Plan
from tests.benchmarks.gpu.report import Report

__all__ = ["main"]

_PACKAGES: Final = {"mace": "mace", "ani": "torchani", "nequip": "nequip", "allegro": "allegro"}
"""Architectures and the modules that they need."""

_WEIGHTS: Final = {"mace": 4, "nequip": 3, "allegro": 2, "ani": 1}
"""How the time is shared: TorchANI loads at once, the others have more to measure."""

_POLL_S: Final = 0.5

_GRACE_S: Final = 15.0
"""Seconds at the end of its share in which an architecture may finish what it is at."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is installed; 0 if each architecture gave at least one number."""
    options = _parser().parse_args(arguments)
    end = time.monotonic() + options.budget
    report = Report(options.out, vars(options), merge=options.merge)
    chosen = []
    for name in options.architectures:
        if importlib.util.find_spec(_PACKAGES[name]) is None:
            report.add({"architecture": name, "case": "model", "failure": "not installed here"})
        else:
            chosen.append(name)
    for index, name in enumerate(chosen):
        weights = [_WEIGHTS[one] for one in chosen[index:]]
        share = (end - time.monotonic()) * weights[0] / sum(weights)
        plan = Plan(
            architecture=name,
            device=options.device,
            dtypes=tuple(options.dtypes),
            models=str(options.models.resolve()) if options.models else "",
            seconds=max(1.0, share - _GRACE_S),
            compiled=not options.no_compile,
            cases=tuple(options.cases),
        )
        _measure(_scaled(plan, options), share, report)
    report.finish()
    print(report.table())
    return 0 if all(report.has_numbers(name) for name in chosen) and chosen else 1


def _scaled(plan: Plan, options: argparse.Namespace) -> Plan:
    return plan.small() if options.small else plan.quick() if options.quick else plan


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.gpu", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("gpu-benchmark.json"))
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--budget", type=float, default=450.0, help="seconds for all of it")
    parser.add_argument("--models", type=Path, help="folder of model files; else they are trained")
    parser.add_argument(
        "--architectures", nargs="+", choices=list(_PACKAGES), default=list(_PACKAGES)
    )
    parser.add_argument("--dtypes", nargs="+", default=["float32", "float64"])
    parser.add_argument("--small", action="store_true", help="a try in a few seconds on a CPU")
    parser.add_argument("--quick", action="store_true", help="a try in a few minutes on a GPU")
    parser.add_argument("--no-compile", action="store_true", help="compile no model to native code")
    parser.add_argument("--cases", nargs="+", default=[], help="measure those that begin so only")
    parser.add_argument("--merge", action="store_true", help="keep what is in the file already")
    return parser


def _measure(plan: Plan, share: float, report: Report) -> None:
    """Run one architecture, and read its lines while it runs."""
    print(f"{plan.architecture}: {share:.0f} s", flush=True)
    with tempfile.TemporaryDirectory(prefix="ms25-gpu-") as folder:
        lines, log = Path(folder) / "lines.jsonl", Path(folder) / "log"
        lines.touch()
        command = [sys.executable, "-m", "tests.benchmarks.gpu.steps", plan.to_json(), str(lines)]
        with log.open("w") as output:
            process = subprocess.Popen(
                command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )
        limit = time.monotonic() + share
        read = 0
        try:
            while True:
                ended = process.poll() is not None
                read = report.read(lines, read)
                if ended or time.monotonic() > limit:
                    break
                time.sleep(_POLL_S)
        finally:
            _end(process)
        if process.returncode != 0:
            why = "stopped: its time was over" if time.monotonic() > limit else "crashed"
            tail = log.read_text(errors="replace")[-2000:]
            report.add(
                {
                    "architecture": plan.architecture,
                    "case": "process",
                    "failure": f"{why} (status {process.returncode})",
                    "log": tail,
                }
            )


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and its workers, which are in its session."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


if __name__ == "__main__":
    sys.exit(main())
