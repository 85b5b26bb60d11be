"""Creation of a managed environment: by uv or by venv and pip, and a check that it works.

A virtual environment cannot be moved, since its scripts and settings contain its path. So it is not
built elsewhere and renamed, but built in place under a lock, and a marker is written after
everything else. A folder without the marker is removed and built again.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from ms25_suite.core.errors import EnvironmentSetupError
from ms25_suite.core.text.progress import progress
from ms25_suite.environments.indexes import PipOptions, pip_settings
from ms25_suite.environments.installation import Installation
from ms25_suite.environments.lock import LOCK, write_lock
from ms25_suite.environments.processes import end_process, log_tail, run_captured, start_process
from ms25_suite.environments.store import Environment, State
from ms25_suite.environments.uv import UvCommands, find_uv

__all__ = ["create", "remove"]

_OLDEST_PYTHON: Final = (3, 11)
_MAKING: Final = "creating a virtual environment"
_INSTALLING: Final = "installing packages"
_ASK: Final = (
    "import sys, sysconfig; print(*sys.version_info[:2], sysconfig.get_path('purelib'), sep='\\n')"
)


def create(
    environment: Environment,
    *,
    check: Callable[[Installation], None],
    python: str | None = None,
    pip: PipOptions | None = None,
    rebuild: bool = False,
    say: Callable[[str], None] = lambda text: None,
) -> bool:
    """Create an environment, unless it is ready already.

    Parameters
    ----------
    environment
        The environment.
    check
        Function that raises if the new environment does not work.
    python
        Interpreter to create it from; by default the running one.
    pip
        Options for pip.
    rebuild
        Create it again even if it is ready.
    say
        Receives a line of text for each step.

    Returns
    -------
    :
        Whether it was created; False if it was ready.

    Raises
    ------
    EnvironmentSetupError
        It could not be created, or does not work. Only the log is left behind.
    """
    try:
        environment.folder.parent.mkdir(parents=True, exist_ok=True)
        with _locked(environment, say):
            state, why = environment.state()
            if state is State.READY and not rebuild:
                return False
            if state not in (State.READY, State.MISSING):
                say(f"the environment {environment.spec.name} is {state} ({why}); rebuilding it")
            # Never repaired: a half-installed environment gives import errors that nobody can
            # explain.
            environment.delete()
            try:
                _build(environment, python or sys.executable, pip or PipOptions(), check, say)
            except BaseException:
                with suppress(OSError):
                    environment.delete()
                raise
    except OSError as error:
        msg = (
            f"the environment {environment.spec.name} could not be created in "
            f"{environment.folder}: {error}. Is the disk full, or the folder read-only? "
            "MS25_ENV_DIR sets another folder"
        )
        raise EnvironmentSetupError(msg) from error
    return True


def remove(environment: Environment) -> bool:
    """Remove an environment and its log.

    Returns
    -------
    :
        Whether it existed.

    Raises
    ------
    EnvironmentSetupError
        It could not be removed.
    """
    if not environment.folder.parent.is_dir():
        return False
    try:
        with _locked(environment, lambda text: None):
            existed = environment.folder.exists()
            environment.delete()
            environment.log.unlink(missing_ok=True)
    except OSError as error:
        msg = f"the environment in {environment.folder} could not be removed: {error}"
        raise EnvironmentSetupError(msg) from error
    return existed


def _build(
    environment: Environment,
    base: str,
    pip: PipOptions,
    check: Callable[[Installation], None],
    say: Callable[[str], None],
) -> None:
    log = environment.log
    log.write_bytes(b"")
    # Before the folder is created: an unsuitable interpreter leaves nothing behind.
    version, _ = _ask(base, "--python")
    if version < _OLDEST_PYTHON:
        wanted, found = (".".join(map(str, v)) for v in (_OLDEST_PYTHON, version))
        msg = f"--python={base} is Python {found}; at least {wanted} is needed"
        raise EnvironmentSetupError(msg)
    say(f"creating {environment.folder} (log: {log})")
    uv = find_uv()
    if uv is None:
        _by_pip(environment, base, pip, say)
    else:
        _by_uv(environment, uv, base, pip, say)
    _, site_packages = _ask(str(environment.python), "the new Python")
    say("checking it with a prediction")
    # pip may succeed and the packages still not work together; a prediction shows that.
    check(Installation(environment.python, Path(site_packages)))
    found = ".".join(map(str, version))
    environment.complete(site_packages=site_packages, base=f"{base}, Python {found}")


def _by_pip(
    environment: Environment, base: str, pip: PipOptions, say: Callable[[str], None]
) -> None:
    log = environment.log
    _run([base, "-P", "-m", "venv", str(environment.folder)], log, _MAKING)
    constraints = _write_constraints(environment)
    say(_installing(environment, "pip"))
    options = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
    report = environment.folder / "pip-report.json"
    options += ["--constraint", str(constraints), "--report", str(report)]
    install = ["-P", "-m", "pip", "install", *options]
    # The pins are constraints, not requirements: pip still chooses the build (CPU or CUDA) by its
    # index.
    command = [str(environment.python), *install, *pip.arguments(), *environment.spec.requirements]
    _run(command, log, _INSTALLING)
    write_lock(report, environment.folder / LOCK)


def _by_uv(
    environment: Environment, uv: str, base: str, pip: PipOptions, say: Callable[[str], None]
) -> None:
    log, lock = environment.log, environment.folder / LOCK
    commands = UvCommands(uv, base, environment.folder, environment.python, pip, pip_settings(base))
    _run(commands.create(), log, _MAKING, commands.variables)
    constraints = _write_constraints(environment)
    # Beside the environment, whose lock it becomes: relative paths are those of the working folder.
    wanted = environment.folder / "requirements.in"
    lines = "".join(f"{text}\n" for text in environment.spec.requirements)
    wanted.write_text(lines, encoding="utf-8")
    say(_installing(environment, "uv"))
    _run(commands.lock(wanted, constraints, lock), log, _INSTALLING, commands.variables)
    _run(commands.install(lock), log, _INSTALLING, commands.variables)


def _write_constraints(environment: Environment) -> Path:
    path = environment.folder / "constraints.txt"
    path.write_text(environment.spec.constraints, encoding="utf-8")
    return path


def _installing(environment: Environment, by: str) -> str:
    needed = ", ".join(environment.spec.requirements)
    return f"installing {needed} and their dependencies by {by}"


def _ask(python: str, what: str) -> tuple[tuple[int, int], str]:
    """Version of an interpreter and folder of its packages."""
    try:
        # -I: ignore the working folder and PYTHONPATH.
        command = [python, "-I", "-c", _ASK]
        done = run_captured(command, time_limit_s=60)
        done.check_returncode()
        major, minor, site_packages = done.stdout.splitlines()
        return (int(major), int(minor)), site_packages
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        msg = f"{what}={python} is not a Python interpreter that can be run: {error}"
        raise EnvironmentSetupError(msg) from error


def _run(
    command: Sequence[str], log: Path, what: str, variables: Mapping[str, str] | None = None
) -> None:
    """Run a command with its output in the log; it is ended if the wait is interrupted."""
    process = start_process(
        command, folder=Path.cwd(), output=log, variables=dict(variables or {}), append=True
    )
    try:
        with progress(f"{what} (log: {log.name})"):
            status = process.wait()
    finally:
        end_process(process)
    if status != 0:
        msg = (
            f"{what} failed (status {status}). Is the network reachable, is the disk full? A local "
            "package index is given by --index-url or --find-links. "
            f"Log: {log}\nLast lines:\n{log_tail(log)}"
        )
        raise EnvironmentSetupError(msg)


@contextmanager
def _locked(environment: Environment, say: Callable[[str], None]) -> Iterator[None]:
    from filelock import FileLock, Timeout

    lock = FileLock(environment.lock)
    try:
        # First without waiting, to be able to say why it takes long.
        lock.acquire(timeout=0)
    except Timeout:
        say("another process is using this environment; waiting for it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
