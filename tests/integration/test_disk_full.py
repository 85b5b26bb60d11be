"""A disk that is full while data are imported, built, stored or downloaded."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest

from ms25_suite.core.errors import DatasetError
from ms25_suite.datasets import dataset as dataset_module
from ms25_suite.datasets import importers, open_dataset, store
from ms25_suite.datasets.published.download import download
from ms25_suite.datasets.published.resume import ResumingDownloader
from tests.conftest import REPOSITORY
from tests.unit.cli.test_data import write_frames


def full(*_: object, **__: object) -> NoReturn:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


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


def test_a_real_limit_while_importing(tmp_path: Path) -> None:
    source = write_frames(tmp_path / "x.extxyz", 200)
    out = tmp_path / "out"
    out.mkdir()
    done = run_with_little_room(
        "from ms25_suite.cli.main import main\n"
        "limit()\n"
        "sys.exit(main(['data', 'import', sys.argv[1], '--out', sys.argv[2]]))\n",
        source,
        out / "y.extxyz",
    )
    assert done.returncode == 1
    assert "y.extxyz: File too large" in done.stderr
    assert "GB are free there" in done.stderr
    assert "nothing of it was left behind" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(out.iterdir()) == []


def test_a_real_limit_while_building(tmp_path: Path) -> None:
    """The first trajectory fits, the second does not; with room again the build goes on."""
    out = tmp_path / "cu.extxyz"
    code = (
        "from pathlib import Path\n"
        "from ms25_suite.core.errors import DatasetError\n"
        "from ms25_suite.reference.jobs import Plan, build_frames\n"
        "from tests.unit.reference.test_jobs import Rattled\n"
        "def build(out):\n"
        "    jobs = [Rattled(0, 2, out.parent / 'log'), Rattled(1, 60, out.parent / 'log')]\n"
        "    build_frames(out, Plan('Cu', jobs, {}), workers=1, progress=False)\n"
        "if __name__ == '__main__':\n"
        "    out = Path(sys.argv[1])\n"
        "    if len(sys.argv) > 2:\n"
        "        limit()\n"
        "    try:\n"
        "        build(out)\n"
        "    except DatasetError as error:\n"
        "        sys.exit(str(error))\n"
    )
    done = run_with_little_room(code, out, Path("limited"))
    assert done.returncode == 1
    assert "trajectory-00001.extxyz: File too large" in done.stderr
    assert "run the same command again to resume" in done.stderr
    assert not out.exists()
    kept = [path.name for path in tmp_path.glob("cu.extxyz.work/*/*")]
    assert kept == ["trajectory-00000.extxyz"]
    done = run_with_little_room(code, out)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "log").read_text().split() == ["0", "1", "1"]
    assert len(list(tmp_path.glob("cu.extxyz*"))) == 1


@pytest.mark.parametrize("where", ["write_extxyz", "write_card"])
def test_importing_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    source = write_frames(tmp_path / "x.extxyz", 3)
    out = tmp_path / "out"
    out.mkdir()
    monkeypatch.setattr(importers, where, full)
    with pytest.raises(DatasetError, match=r"cannot write .*y\.extxyz: No space left on device"):
        importers.import_data([source], out / "y.extxyz")
    assert list(out.iterdir()) == []


def test_a_dataset_opens_without_room_for_its_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_frames(tmp_path / "x.extxyz", 3)
    monkeypatch.setenv("MS25_CACHE_DIR", str(tmp_path / "cache"))
    times: list[int] = []
    read = dataset_module.read_content

    def counted(*arguments: Any) -> Any:
        times.append(1)
        return read(*arguments)

    monkeypatch.setattr(dataset_module, "read_content", counted)
    with monkeypatch.context() as patched:
        patched.setattr(store.np, "save", full)
        assert len(open_dataset(str(path))) == 3
    assert len(times) == 1
    folder = tmp_path / "cache" / "datasets"
    assert [entry.name for entry in folder.iterdir() if entry.is_dir()] == []
    # With room again it is stored.
    open_dataset(str(path))
    assert isinstance(open_dataset(str(path)).frames.positions, np.memmap)
    assert len(times) == 2


def test_downloading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ResumingDownloader, "_go_on", full)
    with pytest.raises(DatasetError, match=r"cannot write .*a\.zip: .*No space left on device"):
        download("https://example.org/a.zip", tmp_path)
    assert not (tmp_path / "a.zip").exists()
