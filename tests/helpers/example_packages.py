"""Packages in ``docs/examples``: installed as pip does it, and run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import REPOSITORY

EXAMPLES = REPOSITORY / "docs" / "examples"


def printed_files(page: Path) -> dict[str, str]:
    """Files that a page prints: their names in backticks and a colon, before the code."""
    text = page.read_text(encoding="utf-8")
    return dict(re.findall(r"^`([\w./-]+)`:\n\n```\w+\n(.*?)```$", text, re.DOTALL | re.MULTILINE))


def install(name: str, folder: Path) -> Path:
    """Install an example without a network; returns the folder for ``PYTHONPATH``."""
    # Setuptools writes beside the sources.
    source, target = folder / "source" / name, folder / "installed"
    shutil.copytree(EXAMPLES / name, source)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    options = ["--no-deps", "--no-index", "--no-build-isolation", "--target", str(target)]
    done = subprocess.run(
        [*pip, *options, str(source)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return target


def run(
    installed: Path, folder: Path, *command: str, status: int = 0
) -> subprocess.CompletedProcess[str]:
    """Run Python with an installed example on its path."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done
