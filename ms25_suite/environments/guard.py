"""Runs a program, and ends it with all that it started when the process that wanted it has ended.

A thread of the program cannot do that: native code may hold the interpreter for hours. A process
group cannot either: programs that a calculator starts may leave it (daemons, MPI). So a small
process stands between the two. It waits for its parent as well as for the program, and on Linux it
also adopts whatever lost its parent below it, so that nothing escapes.

Run as ``python -I -S guard.py PARENT REPORT SCRATCH PROGRAM ARGUMENT…``. It needs only the standard
library. Signals: SIGTERM and SIGHUP are passed on to the program and its process group, SIGINT to
the program alone; SIGUSR1 (`END`) kills the program and all that it started.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
import threading
import time
from contextlib import suppress
from typing import Final

__all__ = ["END", "GUARD_VARIABLE", "die_with_parent", "end_with_parent", "main"]

END: Final = getattr(signal, "SIGUSR1", signal.SIGTERM)
"""Signal upon which a guard kills its program and all that it started, and ends."""

GUARD_VARIABLE: Final = "MS25_GUARD"
"""Environment variable of the program: process id of its guard."""

# Of linux/prctl.h.
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36

_PARENT_POLL_S = 0.5
_CLEANUP_S = 5.0
_NOTED = ("SIGCHLD", "SIGTERM", "SIGHUP", "SIGINT", "SIGUSR1")


def die_with_parent() -> None:
    """Let the system kill this process when its parent ends; without effect except on Linux.

    "Parent" is the thread that started this process: it must wait for it.
    """
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):
            ctypes.CDLL(None).prctl(option, int(value), 0, 0, 0)


def end_with_parent() -> None:
    """End this process of a pool when its parent is killed: otherwise it would wait for ever.

    An initializer for `concurrent.futures.ProcessPoolExecutor`.
    """
    import multiprocessing

    # On Linux the system does so, also while native code holds the interpreter.
    die_with_parent()
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
        # `sys.exit` would end this thread only, and leave the job running.
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def main() -> None:
    """Run the program of the command line."""
    parent, report, scratch = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    # Ctrl-C in a terminal reaches a whole session: this must outlive it to clean up.
    with suppress(OSError):
        os.setsid()
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    wake, noted = os.pipe()
    os.set_blocking(noted, False)
    signal.set_wakeup_fd(noted, warn_on_full_buffer=False)
    for name in _NOTED:
        signal.signal(getattr(signal, name), lambda *_: None)
    program = os.fork()
    if program == 0:
        _become(sys.argv[4:], report)
    if report >= 0:
        os.close(report)
    # Pipes of the program must close when it ends, and not with this process.
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    _Guard(program, parent, wake).run(scratch)


def _become(command: list[str], report: int) -> None:
    """Turn this process into the program; write the number of the error if that fails."""
    signal.set_wakeup_fd(-1)
    guard = os.getppid()
    with suppress(OSError):
        os.setsid()
    die_with_parent()
    # Python ignores these two, and ignored signals stay ignored in the program.
    for name in ("SIGPIPE", "SIGXFSZ"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    if report >= 0:
        os.set_inheritable(report, False)
    os.environ[GUARD_VARIABLE] = str(guard)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        if report >= 0:
            os.write(report, str(error.errno).encode())
    os._exit(127)


class _Guard:
    """Waits for a program and for the parent of this process."""

    def __init__(self, program: int, parent: int, wake: int) -> None:
        self._program = program
        self._parent = parent
        self._wake = wake
        self._status: int | None = None
        self._poll = select.poll()
        self._poll.register(wake, select.POLLIN)
        # A descriptor of the parent tells at once when it ends; elsewhere it is asked for.
        with suppress(AttributeError, OSError):
            self._poll.register(os.pidfd_open(parent), select.POLLIN)

    def run(self, scratch: str) -> None:
        """Wait, then end as the program did."""
        while self._status is None:
            # An orphan is adopted by another process, so its parent's number changes.
            if os.getppid() != self._parent:
                self._end_all()
                if scratch:
                    import shutil

                    shutil.rmtree(scratch, ignore_errors=True)
                os._exit(1)
            ready = [descriptor for descriptor, _ in self._poll.poll(1000 * _PARENT_POLL_S)]
            if self._wake in ready:
                for number in os.read(self._wake, 100):
                    self._heed(number)
            self._reap()
        self._end_all()
        _end_like(self._status)

    def _heed(self, number: int) -> None:
        if number == END:
            self._end_all()
        elif number == signal.SIGINT:
            _send(self._program, number)
        elif number != signal.SIGCHLD:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._program, number)

    def _reap(self) -> bool:
        """Take note of processes that have ended; whether any are left."""
        while True:
            try:
                process, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if process == self._program:
                self._status = status
            if process == 0:
                return True

    def _end_all(self) -> None:
        """Kill the program and all that it started, until none is left."""
        deadline = time.monotonic() + _CLEANUP_S
        while True:
            # Where there are no descendants to be found, at least the group of the program.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._program, signal.SIGKILL)
            # Whoever loses its parent is adopted here: no child means no descendant.
            if not self._reap() or time.monotonic() > deadline:
                return
            # Again and again: it may start others while it is being killed.
            for process in _descendants(os.getpid()):
                _send(process, signal.SIGKILL)
            time.sleep(0.005)


def _send(process: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(process, number)


def _descendants(ancestor: int) -> list[int]:
    """Processes below one; only on Linux, elsewhere none."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():  # noqa: PTH112, PTH208
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123
                # After the name, which may hold anything: state, parent.
                parent = int(file.read().rpartition(b")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue
        children.setdefault(parent, []).append(int(name))
    found = list(children.get(ancestor, ()))
    for process in found:
        found.extend(children.get(process, ()))
    return found


def _end_like(status: int) -> None:
    """End this process as the program ended: with its exit status, or by its signal."""
    if os.WIFSIGNALED(status):
        import resource

        # The program has left its core already.
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        number = os.WTERMSIG(status)
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        time.sleep(1)
    os._exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 1)


if __name__ == "__main__":
    main()
