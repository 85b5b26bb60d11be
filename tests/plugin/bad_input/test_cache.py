"""Rows of the table "Cache"."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.plugin.bad_input.conftest import Outcome
from tests.plugin.bad_input.rows import row

Judge = Callable[..., Outcome]


@pytest.fixture
def judged(judge: Judge, emt: str, cuni: Path) -> Callable[..., list[float]]:
    """Values of a run that passes."""

    def run(**env: str) -> list[float]:
        outcome = judge(f"--mlip={emt}", f"--dataset={cuni}", **env)
        assert outcome.code == 0
        assert outcome.verdicts == {"pass"}
        return [result["value"] for result in outcome.results]

    return run


NO_ROOM = "disk full, or no writable folder, for the cache"


@row(NO_ROOM)
def test_no_folder(judged: Callable[..., list[float]], monkeypatch: pytest.MonkeyPatch) -> None:
    Path("file").touch()
    monkeypatch.setenv("MS25_CACHE_DIR", str(Path("file/cache").resolve()))
    judged()


@row(NO_ROOM)
def test_a_full_disk(judged: Callable[..., list[float]], own_cache: Path) -> None:
    """Files of the cache cannot grow beyond 1 kB, those of the report can."""
    Path("site").mkdir()
    Path("site/sitecustomize.py").write_text(
        "import numpy\n"
        "def full(*_, **__):\n"
        "    raise OSError(28, 'No space left on device')\n"
        "numpy.save = full\n"
    )
    judged(PYTHONPATH=str(Path("site").resolve()))
    assert [path for path in (own_cache / "datasets").iterdir() if path.is_dir()] == []


@row("cache that is cut off, overwritten, or incomplete, also in a single bit")
@pytest.mark.parametrize("damage", ["cut off", "overwritten", "incomplete", "bit"])
def test_a_damaged_cache(judged: Callable[..., list[float]], own_cache: Path, damage: str) -> None:
    first = judged()
    (column,) = own_cache.glob("datasets/*/positions.npy")
    content = column.read_bytes()
    if damage == "cut off":
        column.write_bytes(content[:200])
    elif damage == "bit":
        column.write_bytes(bytes([*content[:-9], content[-9] ^ 1, *content[-8:]]))
    elif damage == "overwritten":
        column.write_bytes(content[: len(content) // 2].ljust(len(content), b"\0"))
    else:
        column.unlink()
    assert judged() == first


@row("several processes that open the same file for the first time")
def test_several_processes(own_cache: Path, cuni: Path) -> None:
    command = [sys.executable, "-m", "ms25_suite", "data", "show", str(cuni)]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {})
        for _ in range(3)
    ]
    texts = [process.communicate(timeout=300)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert len(set(texts)) == 1
    assert len([path for path in (own_cache / "datasets").iterdir() if path.is_dir()]) == 1
