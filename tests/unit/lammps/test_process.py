from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from ms25_suite.lammps.process import noted_peak_memory, run_program


def run(code: str, folder: Path, time_limit_s: float = 20.0, **variables: str):
    return run_program(
        [sys.executable, "-c", code], folder, time_limit_s=time_limit_s, variables=variables
    )


def test_status_and_output(tmp_path: Path) -> None:
    code = "import os, sys; print(os.environ['WORD']); print('bad', file=sys.stderr); sys.exit(4)"
    ended = run(code, tmp_path, WORD="given")
    assert ended.status == 4
    assert sorted(ended.output.split()) == ["bad", "given"]
    assert (tmp_path / "output.txt").is_file()


def test_a_program_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    start = time.monotonic()
    ended = run("import time; print('begun', flush=True); time.sleep(60)", tmp_path, 2.0)
    assert ended.status is None
    assert ended.output == "begun\n"
    assert time.monotonic() - start < 20


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no-such-program"):
        run_program(["no-such-program"], tmp_path, time_limit_s=1.0, variables={})


def test_peak_memory_as_linux_writes_it() -> None:
    assert noted_peak_memory("VmPeak:\t 5 kB\nVmHWM:\t  12 kB\nVmRSS:\t 8 kB\n") == 12 * 1024
    assert noted_peak_memory("Name:\tpython\n") is None
