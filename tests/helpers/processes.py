"""Processes that try to outlive the one that started them."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

START_TREE = '''
import os, signal, subprocess, sys, time

def start_tree(folder="."):
    """Start a child, one in a session of its own, and a daemon; then write a file for each."""
    sleep = [sys.executable, "-c", "import time; time.sleep(300)"]
    found = {
        "child": subprocess.Popen(sleep).pid,
        "session": subprocess.Popen(sleep, start_new_session=True).pid,
    }
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            os.write(writing, str(os.getpid()).encode())
            time.sleep(300)
        os._exit(0)
    os.wait()
    found["daemon"] = int(os.read(reading, 20))
    found["itself"] = os.getpid()
    for name, number in found.items():
        with open(os.path.join(folder, name + ".partial"), "w") as file:
            file.write(str(number))
        os.replace(os.path.join(folder, name + ".partial"), os.path.join(folder, name + ".pid"))
'''
"""Code of a function `start_tree` for a program of a test."""

MEMBERS = ("child", "session", "daemon", "itself")


def is_alive(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rsplit(")", 1)[1].split()[0] != "Z"


def tree(folder: Path, within_s: float = 60.0) -> dict[str, int]:
    """Wait for the processes of `start_tree`; their numbers by name."""
    deadline = time.monotonic() + within_s
    paths = {name: folder / f"{name}.pid" for name in MEMBERS}
    while not all(path.exists() for path in paths.values()):
        if time.monotonic() > deadline:
            pytest.fail(f"no processes were started within {within_s:g} s")
        time.sleep(0.05)
    return {name: int(path.read_text()) for name, path in paths.items()}


def assert_gone(found: dict[str, int], within_s: float = 5.0) -> None:
    """Wait until none of some processes is left; kill those that are."""
    deadline = time.monotonic() + within_s
    while left := {name: pid for name, pid in found.items() if is_alive(pid)}:
        if time.monotonic() > deadline:
            for pid in left.values():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            pytest.fail(f"still alive after {within_s:g} s: {', '.join(left)}")
        time.sleep(0.05)
