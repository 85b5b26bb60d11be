"""Deployed files: made from a model file by the architecture's own tool, and kept in the cache.

Pair styles of LAMMPS do not read model files as they were trained, and a compiled model of the
nequip framework predicts faster. Each such file is made by the tool of the architecture's package,
with the Python of the environment in which the package is installed. It can be made again from the
model file at any time; the model file is the one to archive.
"""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from filelock import FileLock

from ms25_suite.core.cache import cache_dir, content_key, file_sha256, remembered_sha256
from ms25_suite.core.errors import DeployError
from ms25_suite.core.machine import processor_features
from ms25_suite.core.sealed import DamagedError, sealed_json, unseal_json
from ms25_suite.environments.installation import Installation
from ms25_suite.environments.processes import child_environment
from ms25_suite.lammps.deploy.inputs import input_suffix
from ms25_suite.lammps.deploy.targets import Target, find_target
from ms25_suite.lammps.process import run_program

__all__ = ["deployed"]

_TIME_LIMIT_S: Final = 1800.0
"""Limit for a tool in seconds; compiling models of the largest recipes took far less."""

_REVISION: Final = 1
"""Increased when the arguments of a tool change, so that older files are not used."""

_TAIL: Final = 1500
"""Number of characters from the end of a tool's output that are quoted in a message."""


def deployed(
    model: Path,
    target: str,
    architecture: str,
    place: Installation,
    *,
    device: str = "cpu",
    dtype: str = "float64",
    head: str = "",
    time_limit_s: float = _TIME_LIMIT_S,
) -> Path:
    """Make a file from a model file, or take it from the cache.

    The tool loads the model file, so code in it is executed, as it is for a prediction.

    Parameters
    ----------
    model
        Model file.
    target
        Name of a kind of file, see `ms25_suite.lammps.deploy.targets.TARGETS`.
    architecture
        Architecture of the model.
    place
        Environment of its package, from `ms25_suite.potentials.registry.require_installed`.
    device
        Device on which it will compute, as named by PyTorch.
    dtype
        ``float64`` or ``float32``, for tools that can choose.
    head
        Head of a model that has several, for tools that take one.
    time_limit_s
        Limit for the tool in seconds.

    Returns
    -------
    :
        File in the cache, which must not be changed; or the model file itself, if that is read
        directly.

    Raises
    ------
    UsageError
        There is no such kind of file for this architecture.
    DeployError
        There is no tool for it, or the tool failed or exceeded the time limit.
    """
    wanted = find_target(target, architecture)
    if wanted.obstacle:
        msg = f"no file {target} can be made from {model}: {wanted.obstacle}"
        raise DeployError(msg)
    if not model.is_file():
        msg = f"expected a model file at {model}, found none"
        raise DeployError(msg)
    if wanted.arguments is None:
        return model.absolute()
    if head and not wanted.head_option:
        msg = f"no file {target} can be made of one head of a model: {model}, head={head}"
        raise DeployError(msg)
    more = (f"{wanted.head_option}{head}",) if head else ()
    kind = device.partition(":")[0]
    key = _key(model, wanted, place, kind, dtype)
    if head:
        key["head"] = head
    folder = cache_dir("deployed", content_key(key))
    made = folder / f"model{wanted.suffix}"
    if _intact(made):
        return made
    with FileLock(folder / ".lock"):
        if not _intact(made):  # another process may have made it meanwhile
            _make(model, wanted, architecture, place, kind, dtype, more, made, time_limit_s)
    return made


def _key(
    model: Path, target: Target, place: Installation, device: str, dtype: str
) -> dict[str, Any]:
    """Everything that the file depends on."""
    key: dict[str, Any] = {
        "revision": _REVISION,
        "model": remembered_sha256(model),
        "target": target.name,
        "suffix": target.suffix,
        "device": device,
        "versions": place.versions(target.distributions),
    }
    if target.any_dtype:
        key["dtype"] = dtype
    if target.native:
        key["processor"] = processor_features()
    return key


def _record(made: Path) -> Path:
    return made.with_name("record.json")


def _intact(made: Path) -> bool:
    """Whether the file exists and still has the checksum from when it was made."""
    try:
        path = _record(made)
        record = unseal_json(path.read_bytes(), str(path), made.parent.name)
        # Not a remembered one: a failing disk changes a file and none of its times.
        return bool(record["sha256"] == file_sha256(made))
    except (OSError, DamagedError, KeyError):
        return False


def _make(
    model: Path,
    target: Target,
    architecture: str,
    place: Installation,
    device: str,
    dtype: str,
    more: tuple[str, ...],
    made: Path,
    time_limit_s: float,
) -> None:
    """Run the tool in a temporary folder, and move the complete file into the cache."""
    assert target.arguments is not None
    # Inside the cache folder, so that the last step is a rename within one file system.
    with tempfile.TemporaryDirectory(prefix=".making-", dir=made.parent) as text:
        folder = Path(text)
        # The tools recognise a model by its suffix, which the user's file need not have.
        given = folder / f"given{input_suffix(model, architecture)}"
        given.symlink_to(model.absolute())
        out = folder / f"made{target.suffix}"
        python = sys.executable if place.python is None else str(place.python)
        # -P: do not import modules from the working folder, where the tools write files.
        command = [python, "-P", *target.arguments(given, out, device, dtype), *more]
        start = time.monotonic()
        output = _run_tool(command, folder, target, model, time_limit_s)
        if target.produced:
            out = given.with_name(given.name + target.produced)
        if not out.is_file() or out.stat().st_size == 0:
            what = "wrote no file although it reported success"
            raise DeployError(_message(command, model, target, what, output))
        record = {
            "sha256": file_sha256(out),
            "source": file_sha256(model),
            "target": target.name,
            "device": device,
            "versions": place.versions(target.distributions),
            "seconds": round(time.monotonic() - start, 1),
        }
        noted = folder / "record.json"
        noted.write_text(sealed_json(record, made.parent.name, indent=1), encoding="utf-8")
        # Remove the record of an earlier, damaged file first, so that it is never taken for that of
        # the new file.
        _record(made).unlink(missing_ok=True)
        shutil.move(out, made)
        noted.replace(_record(made))


def _run_tool(
    command: list[str], folder: Path, target: Target, model: Path, time_limit_s: float
) -> str:
    """Run a tool, and return its output."""
    try:
        ended = run_program(
            command,
            folder,
            time_limit_s=time_limit_s,
            variables=child_environment(threads=1),
        )
    except OSError as error:
        what = f"could not be started ({error})"
        raise DeployError(_message(command, model, target, what, "")) from error
    if ended.status is None:
        what = f"did not end within {time_limit_s:g} s"
        raise DeployError(_message(command, model, target, what, ended.output))
    if ended.status != 0:
        crashed = ended.status < 0
        what = (
            f"crashed ({_signal(-ended.status)})"
            if crashed
            else f"ended with status {ended.status}"
        )
        advice = target.if_it_crashes if crashed else ""
        raise DeployError(_message(command, model, target, what, ended.output, advice))
    return ended.output


def _signal(number: int) -> str:
    """Name of a signal."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _message(
    command: list[str], model: Path, target: Target, what: str, output: str, advice: str = ""
) -> str:
    tool = command[command.index("-m") + 1]
    advice = f" {advice or target.advice}." if advice or target.advice else ""
    end = output.strip()[-_TAIL:] or "(nothing)"
    return (
        f"the file {target.name} could not be made from {model}: {tool} of {command[0]} {what}."
        f"{advice} The end of its output:\n{end}"
    )
