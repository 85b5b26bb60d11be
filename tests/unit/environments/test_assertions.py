from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ase.build import bulk
from ase.io import write

from ms25_suite.environments.assertions import import_with_assertions

PROGRAM = """
import sys
from ms25_suite.environments.assertions import import_with_assertions
import ase.io.extxyz
import_with_assertions("ase.io.extxyz")
kept = sys.modules["ase.io.extxyz"]
import_with_assertions("ase.io.extxyz")
from ase.io import read
frames = read(sys.argv[1], index=":")
print(__debug__, sys.modules["ase.io.extxyz"] is kept, [len(atoms) for atoms in frames])
"""


def test_extended_xyz_is_read_where_python_leaves_assertions_out(tmp_path: Path) -> None:
    path = tmp_path / "two.extxyz"
    write(path, [bulk("Cu"), bulk("Cu", cubic=True)])
    command = [sys.executable, "-OO", "-c", PROGRAM, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "False True [1, 4]", done.stderr


def test_nothing_is_imported_anew_where_python_keeps_them() -> None:
    import ase.io.extxyz

    import_with_assertions("ase.io.extxyz")
    assert sys.modules["ase.io.extxyz"] is ase.io.extxyz
