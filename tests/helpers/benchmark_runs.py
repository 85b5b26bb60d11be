"""Files of pytest-benchmark: one that it has written, and edited copies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

SOURCE = """
import pytest


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


CLOCK = Clock()
CLOCK.__name__ = "clock"


@pytest.mark.benchmark(timer=CLOCK)
@pytest.mark.parametrize("potential", ["mace", "ani"])
def test_step(benchmark, potential):
    times = iter([0.010, 0.011, 0.012, 0.013, 0.014])
    benchmark.group = "hea"
    benchmark.extra_info |= {"potential": potential, "n_atoms": 108, "katoms_per_s": 1.0}
    benchmark.pedantic(lambda: setattr(CLOCK, "now", CLOCK.now + next(times)), rounds=5)
"""

NAME = "test_step[mace]"


def run_benchmarks(folder: Path) -> Path:
    """Let pytest-benchmark write a file; its times are those of the clock above."""
    (folder / "test_speed.py").write_text(SOURCE)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_speed.py"]
    command += ["--benchmark-json=base.json", "-p", "no:ms25_suite.plugin"]
    # Beside other processes of pytest-xdist nothing would be timed.
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_XDIST")}
    subprocess.run(command, cwd=folder, check=True, capture_output=True, env=env)
    return folder / "base.json"


def edited(base: Path, file: str, factor: float = 1.0, **changes: Any) -> Path:
    """A copy whose times are multiplied; `changes` replace entries of the first benchmark."""
    content = json.loads(base.read_text())
    for benchmark in content["benchmarks"]:
        for key in ("median", "iqr"):
            benchmark["stats"][key] *= factor
    first = content["benchmarks"][0]
    first["stats"] |= changes.pop("stats", {})
    first["extra_info"] |= changes.pop("extra_info", {})
    content["machine_info"] |= changes.pop("machine_info", {})
    first |= changes
    path = base.with_name(file)
    path.write_text(json.dumps(content))
    return path
