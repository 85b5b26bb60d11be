"""A disk that is really full, for a process of its own: no file may grow beyond a limit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.conftest import REPOSITORY


def run_with_little_room(code: str, *arguments: Path) -> subprocess.CompletedProcess[str]:
    """Run a script that cannot write files of more than 20 kB: a disk that is really full."""
    limited = (
        "import resource, sys\n"
        f"sys.path.insert(0, {str(REPOSITORY)!r})\n"
        "def limit():\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
    )
    script = arguments[0].parent / "script.py"
    script.write_text(limited + code)
    return subprocess.run(
        [sys.executable, script, *arguments], capture_output=True, text=True, check=False
    )
