"""Imports go one way; the layers are in pyproject.toml, [tool.importlinter]."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.conftest import REPOSITORY


def test_imports_go_one_way() -> None:
    """If this fails, a module reaches up: move what it needs to a lower layer."""
    program = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([program], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "Contracts: 5 kept, 0 broken." in done.stdout
