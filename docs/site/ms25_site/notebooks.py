"""Tutorials are run: what a reader sees are the outputs of this version."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

__all__ = ["run_notebook"]


def run_notebook(file: Path) -> Any:
    """Run a notebook in a folder of its own, with the modules that lie beside it.

    Parameters
    ----------
    file
        The notebook.

    Returns
    -------
    :
        The notebook with its outputs.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        A cell raises an error.
    """
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(file, as_version=4)
    # Cells that begin with `!` find the commands of this environment.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, {"PATH": path}):
        for module in file.parent.glob("*.py"):
            shutil.copy(module, folder)
        resources = {"metadata": {"path": folder}}
        NotebookClient(
            notebook,
            # Minutes on a quiet machine; a busy one takes ten times as long.
            timeout=1800,
            startup_timeout=300,
            kernel_name="python3",
            resources=resources,
            # A line that a command writes bit by bit stays one line.
            coalesce_streams=True,
        ).execute()
    return notebook
