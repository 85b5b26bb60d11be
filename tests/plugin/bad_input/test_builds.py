"""Rows of the table "Download, import, build"."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests  # noqa: F401  (here: what a test with `pytester` imports first is forgotten after it)

from ms25_suite.datasets.published.remote.resume import ResumingDownloader
from tests.helpers.built_files import finished_jobs, kill_build
from tests.helpers.full_disk import run_with_little_room
from tests.helpers.record_server import Server
from tests.plugin.bad_input.conftest import Outcome, Promise
from tests.plugin.bad_input.rows import row
from tests.unit.cli.test_data import write_frames
from tests.unit.reference.test_jobs import build

Command = Callable[..., Outcome]

ZIP = "MS25 data.zip"


@pytest.fixture
def server(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server on this machine that answers as Zenodo does."""
    # Requests to 127.0.0.1 must not go through a proxy of the machine.
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def download(ms25: Command, server: Server, monkeypatch: pytest.MonkeyPatch) -> Command:
    """``ms25 data download`` from that server, without the waits between attempts."""
    monkeypatch.setattr("ms25_suite.datasets.published.remote.resume.time.sleep", lambda _: None)
    return lambda code: ms25("data", "download", "--url", server.url, "--out", "got", code=code)


@row("download with a wrong checksum, record that has changed")
def test_a_wrong_checksum(download: Command, server: Server) -> None:
    server.stated[ZIP] = "0" * 32
    text = download(code=1).text
    assert f"{ZIP} does not have its checksum after the download, so it was thrown away" in text
    assert not Path("got", ZIP).exists()


@row("download with a wrong checksum, record that has changed")
def test_a_record_that_has_changed(download: Command, server: Server) -> None:
    download(code=0)
    server.content["README.md"] = b"# other data\n"
    text = download(code=1).text
    assert "README.md" in text
    assert "when it was first downloaded. Published records do not change" in text
    assert Path("got/README.md").read_bytes() == b"# data\n"


@row("download without a stated checksum")
def test_no_stated_checksum(download: Command, server: Server) -> None:
    server.stated["README.md"] = ""
    _, readme, _ = download(code=0).text.splitlines()
    assert "no checksum to compare with; sha256" in readme
    assert "right" not in readme


@row("connection that breaks off")
def test_a_connection_that_breaks(download: Command, server: Server) -> None:
    server.break_after = [100_000] * 3
    text = download(code=1).text
    assert f"{ZIP}: the connection broke off 3 times" in text
    assert "run the same command again to go on" in text
    server.requests.clear()
    download(code=0)
    assert Path("got", ZIP).read_bytes() == server.content[ZIP]
    assert any("bytes=" in request for request in server.requests)


@row("disk full while importing")
def test_importing(promise: Promise, tmp_path: Path) -> None:
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
    promise.checked = True
    assert done.returncode == 1
    assert "y.extxyz: File too large" in done.stderr
    assert "GB are free there" in done.stderr
    assert "nothing of it was left behind" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(out.iterdir()) == []


@row("disk full while building")
def test_building(promise: Promise, tmp_path: Path) -> None:
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
    promise.checked = True
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


@row("disk full while downloading")
def test_no_room_for_a_download(download: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr(
        "ms25_suite.datasets.published.remote.download.shutil.disk_usage", lambda _: usage
    )
    text = download(code=1).text
    assert "the download needs 0.0 GB, but got has 0.0 GB free; name another folder" in text
    assert not any(Path("got").iterdir())


@row("disk full while downloading")
def test_a_disk_that_fills_up(
    download: Command, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process writes meanwhile: the disk is full after the first part."""
    go_on = ResumingDownloader._go_on

    def full(getter: ResumingDownloader, url: str) -> str:
        go_on(getter, url)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    server.break_after = [300_000]
    with monkeypatch.context() as patched:
        patched.setattr(ResumingDownloader, "_go_on", full)
        assert "No space left on device" in download(code=1).text
    server.requests.clear()
    download(code=0)
    assert all("bytes=" in request for request in server.requests if "zip" in request)
    assert Path("got", ZIP).read_bytes() == server.content[ZIP]


@row("build that is killed")
def test_a_killed_build(tmp_path: Path) -> None:
    whole = tmp_path / "whole" / "cu.extxyz.xz"
    whole.parent.mkdir()
    build(whole, pause_s=0.0)
    out = tmp_path / "cu.extxyz.xz"
    kill_build("tests.unit.reference.test_jobs", out)
    assert finished_jobs(out)
    build(out, pause_s=0.0)
    assert out.read_bytes() == whole.read_bytes()


@row("finished part of an interrupted build in which a byte changed")
def test_a_changed_part(tmp_path: Path) -> None:
    whole = tmp_path / "whole" / "cu.extxyz.xz"
    whole.parent.mkdir()
    build(whole, pause_s=0.0)
    out = tmp_path / "cu.extxyz.xz"
    kill_build("tests.unit.reference.test_jobs", out)
    part = finished_jobs(out)[0]
    content = bytearray(part.read_bytes())
    place = len(content) - 10
    content[place] = ord("1") if content[place] != ord("1") else ord("2")
    part.write_bytes(content)
    build(out, pause_s=0.0)
    assert out.read_bytes() == whole.read_bytes()
