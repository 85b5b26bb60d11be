"""Files that other programs read, made of a model file by its own package.

A pair style of LAMMPS reads no model file as it was trained, and a compiled model of the nequip
framework predicts faster. Every such file is made by the tool that the architecture's package
brings, with the Python of the environment that the package is in, and is kept in the cache: it can
be made anew at any time from the model file, which stays the archived one.
"""

from __future__ import annotations

import json
import platform
import re
import shutil
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from filelock import FileLock

from ms25_suite.core.cache import cache_dir, content_key, file_sha256, remembered_sha256
from ms25_suite.core.errors import DeployError, UsageError
from ms25_suite.environments.installation import Installation
from ms25_suite.environments.processes import child_environment
from ms25_suite.lammps.process import run_program

__all__ = ["TARGETS", "Target", "deployed", "find_target", "is_compiled"]

_PATIENCE_S: Final = 1800.0
"""Time for a tool in seconds. The compiled models of the largest recipes took far less."""

_REVISION: Final = 1
"""Raise it when what is asked of a tool changes: files made before are then void."""

_TAIL: Final = 1500
"""Characters of the end of a tool's output that go into a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A kind of file, and the tool that makes it.

    Parameters
    ----------
    name
        Its name here.
    architectures
        Architectures that it can be made of.
    suffix
        End of its name, as its readers demand it.
    distributions
        Distributions whose versions it depends on.
    arguments
        Arguments of Python for the input, the output, the device and the floating-point type; None
        if the model file is read as it is.
    produced
        End of the name that the tool adds to that of the input, if it takes no name for its output.
    native
        Whether the file holds code for this processor.
    any_dtype
        Whether it computes in the type that is asked for; else in that of the model.
    advice
        What to do if the tool fails, besides reading its output.
    obstacle
        Why there is no such tool; empty if there is one.
    source
        Where the tool is documented.
    """

    name: str
    architectures: tuple[str, ...]
    suffix: str
    distributions: tuple[str, ...] = ()
    arguments: Callable[[Path, Path, str, str], tuple[str, ...]] | None = None
    produced: str = ""
    native: bool = False
    any_dtype: bool = False
    advice: str = ""
    obstacle: str = ""
    source: str = ""


def _mace(*options: str) -> Callable[[Path, Path, str, str], tuple[str, ...]]:
    module = "mace.cli.create_lammps_model"  # the command mace_create_lammps_model
    return lambda model, out, device, dtype: (
        *("-m", module, str(model), f"--dtype={dtype}", *options),
    )


def _nequip_compile(target: str) -> Callable[[Path, Path, str, str], tuple[str, ...]]:
    module = "nequip.scripts.compile"  # the command nequip-compile
    options = ("--mode=aotinductor", f"--target={target}")
    return lambda model, out, device, dtype: (
        *("-m", module, str(model), str(out), f"--device={device}", *options),
    )


def _nequip_mliap(model: Path, out: Path, _device: str, _dtype: str) -> tuple[str, ...]:
    # the command nequip-prepare-lmp-mliap
    return ("-m", "nequip.integrations.lammps_mliap.create_lmp_mliap_file", str(model), str(out))


_NEQUIP: Final = ("nequip", "nequip-allegro", "torch", "e3nn")
_COMPILER: Final = "It needs a C++ compiler (g++ on the search path)"


def _compiled(target: str, *architectures: str) -> Target:
    return Target(
        name=target,
        architectures=architectures,
        suffix=".nequip.pt2",
        distributions=_NEQUIP,
        arguments=_nequip_compile(target),
        native=True,
        advice=_COMPILER,
        source="https://nequip.readthedocs.io/en/latest/integrations/lammps/pair_styles.html and "
        "`nequip-compile --help` of nequip 0.19.1",
    )


TARGETS: Final = (
    _compiled("ase", "nequip", "allegro"),
    _compiled("batch", "nequip", "allegro"),
    _compiled("pair_nequip", "nequip"),
    _compiled("pair_allegro", "allegro"),
    Target(
        name="mliap",
        architectures=("nequip", "allegro"),
        suffix=".nequip.lmp.pt",
        distributions=(*_NEQUIP, "lammps"),
        arguments=_nequip_mliap,
        advice="It needs the Python package of LAMMPS in the environment of nequip; if that is a "
        "managed one: ms25 env create nequip --rebuild",
        source="https://nequip.readthedocs.io/en/latest/integrations/lammps/mliap.html",
    ),
    Target(
        name="mliap",
        architectures=("mace",),
        suffix=".model-mliap_lammps.pt",
        distributions=("mace-torch", "torch", "e3nn"),
        arguments=_mace("--format=mliap"),
        produced="-mliap_lammps.pt",
        any_dtype=True,
        advice="It needs the packages cuequivariance and cuequivariance-torch, and a GPU",
        source="https://mace-docs.readthedocs.io/en/latest/guide/lammps_mliap.html",
    ),
    Target(
        name="pair_mace",
        architectures=("mace",),
        suffix=".model-lammps.pt",
        distributions=("mace-torch", "torch", "e3nn"),
        arguments=_mace(),
        produced="-lammps.pt",
        any_dtype=True,
        advice="A model with several heads needs one with the head to use: mace_select_head",
        source="https://mace-docs.readthedocs.io/en/latest/guide/lammps.html",
    ),
    Target(
        name="mlip",
        architectures=("mtp",),
        suffix=".mtp",
        source="https://gitlab.com/ashapeev/interface-lammps-mlip-2: the potential itself",
    ),
    Target(
        name="pair_ani",
        architectures=("ani",),
        suffix=".pt",
        obstacle="TorchANI 2.9 has no tool for it: the files of pair_ani are made by scripts of "
        "https://github.com/roitberg-group/lammps-ani, for the models in their list only. Run "
        "the model in LAMMPS by fix external, which needs no file",
    ),
)
"""Every kind of file that can be asked for."""


def find_target(name: str, architecture: str) -> Target:
    """Target of a name for an architecture.

    Raises
    ------
    UsageError
        There is none.
    """
    for target in TARGETS:
        if target.name == name and architecture in target.architectures:
            return target
    known = ", ".join(t.name for t in TARGETS if architecture in t.architectures) or "none"
    msg = f"a model of {architecture} cannot be deployed as {name!r}; known for it: {known}"
    raise UsageError(msg)


def deployed(
    model: Path,
    target: str,
    architecture: str,
    place: Installation,
    *,
    device: str = "cpu",
    dtype: str = "float64",
    time_limit_s: float = _PATIENCE_S,
) -> Path:
    """File of a kind made of a model file: from the cache, or made now.

    The tool loads the model file, whose code is executed as by a prediction.

    Parameters
    ----------
    model
        Model file.
    target
        Kind of file, the name of one of `TARGETS`.
    architecture
        Architecture of the model.
    place
        Where its package is, `ms25_suite.potentials.registry.require_installed`.
    device
        Where it will compute, as PyTorch names it.
    dtype
        ``float64`` or ``float32``, where the tool has a choice.
    time_limit_s
        Time for the tool in seconds.

    Returns
    -------
    :
        File in the cache, not to be changed; the model file itself where that is what is read.

    Raises
    ------
    UsageError
        There is no such kind of file for this architecture.
    DeployError
        There is no tool for it, it failed, or took too long.
    """
    wanted = find_target(target, architecture)
    if wanted.obstacle:
        msg = f"no file {target} can be made of {model}: {wanted.obstacle}"
        raise DeployError(msg)
    if not model.is_file():
        msg = f"expected a model file at {model}, found none"
        raise DeployError(msg)
    if wanted.arguments is None:
        return model.absolute()
    kind = device.partition(":")[0]
    key = _key(model, wanted, place, kind, dtype)
    folder = cache_dir("deployed", content_key(key))
    made = folder / f"model{wanted.suffix}"
    if _intact(made):
        return made
    with FileLock(folder / ".lock"):
        if not _intact(made):  # another process may have made it meanwhile
            _make(model, wanted, architecture, place, kind, dtype, made, time_limit_s)
    return made


def _key(
    model: Path, target: Target, place: Installation, device: str, dtype: str
) -> dict[str, Any]:
    """All that the file depends on."""
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
        key["processor"] = _processor()
    return key


def _processor() -> list[str]:
    """System, machine, and on Linux the processor's instructions: native code is for these."""
    found = [platform.system(), platform.machine()]
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return [*found, platform.processor()]
    flags = re.search(r"^(?:flags|Features)\s*:\s*(.*)$", text, flags=re.MULTILINE)
    return [*found, " ".join(sorted(flags[1].split())) if flags else ""]


def _record(made: Path) -> Path:
    return made.with_name("record.json")


def _intact(made: Path) -> bool:
    """Whether the file is there, and as it was when it was made."""
    try:
        record = json.loads(_record(made).read_text(encoding="utf-8"))
        return bool(record["sha256"] == remembered_sha256(made))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _make(
    model: Path,
    target: Target,
    architecture: str,
    place: Installation,
    device: str,
    dtype: str,
    made: Path,
    time_limit_s: float,
) -> None:
    """Run the tool in a folder of its own, and put the file into the cache as a whole."""
    assert target.arguments is not None
    # In the cache's folder, so that the last step is a renaming.
    with tempfile.TemporaryDirectory(prefix=".making-", dir=made.parent) as text:
        folder = Path(text)
        given = folder / f"given{_input_suffix(model, architecture)}"
        given.symlink_to(model.absolute())
        out = folder / f"made{target.suffix}"
        python = sys.executable if place.python is None else str(place.python)
        # -P: the folder, where tools may write, is not searched for modules.
        command = [python, "-P", *target.arguments(given, out, device, dtype)]
        start = time.monotonic()
        output = _run(command, folder, target, model, time_limit_s)
        if target.produced:
            out = given.with_name(given.name + target.produced)
        if not out.is_file() or out.stat().st_size == 0:
            what = "wrote no file although it reported no failure"
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
        noted.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        # The record of an earlier, damaged file goes first: it must not speak for the new one.
        _record(made).unlink(missing_ok=True)
        shutil.move(out, made)
        noted.replace(_record(made))


def is_compiled(model: Path) -> bool:
    """Whether a file is a compiled model of the nequip framework, of which nothing can be made."""
    if not zipfile.is_zipfile(model):
        return False
    with zipfile.ZipFile(model) as archive:
        return any("data/aotinductor" in name for name in archive.namelist())


def _input_suffix(model: Path, architecture: str) -> str:
    """End of the name by which the tools recognise an input; what it is, is in the file."""
    if architecture not in ("nequip", "allegro"):
        return ".model"
    if is_compiled(model):
        msg = (
            f"{model} is compiled already, which cannot be undone: expected the checkpoint "
            "(.ckpt) or package (.nequip.zip) that it was made of"
        )
        raise DeployError(msg)
    if zipfile.is_zipfile(model):
        with zipfile.ZipFile(model) as archive:
            names = archive.namelist()
        if any(name.endswith("/package_metadata.txt") for name in names):
            return ".nequip.zip"
    return ".ckpt"


def _run(command: list[str], folder: Path, target: Target, model: Path, time_limit_s: float) -> str:
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
        what = f"ended with status {ended.status}"
        raise DeployError(_message(command, model, target, what, ended.output))
    return ended.output


def _message(command: list[str], model: Path, target: Target, what: str, output: str) -> str:
    tool = command[command.index("-m") + 1]
    advice = f" {target.advice}." if target.advice else ""
    end = output.strip()[-_TAIL:] or "(nothing)"
    return (
        f"the file {target.name} could not be made of {model}: {tool} of {command[0]} {what}."
        f"{advice} The end of its output:\n{end}"
    )
