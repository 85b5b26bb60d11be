"""Python objects as the values of options: what `ms25_suite.judge` gets, as ``ms25`` takes it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ms25_suite.core.catalogue import catalogue
from ms25_suite.core.errors import ThresholdError, UsageError, did_you_mean
from ms25_suite.core.thresholds import Thresholds

__all__ = ["Inputs", "criteria_expression", "option_arguments"]

_POTENTIALS: Final = (
    "a path, a specification as for --mlip, an ASE calculator object, a list of these, or a "
    "dictionary of calculator objects by name"
)
_DATASETS: Final = (
    "a name, a path, a list of ase.Atoms, a list of these, or a dictionary of lists of ase.Atoms "
    "by name"
)


@dataclass(slots=True)
class Inputs:
    """Values of ``--mlip``, ``--dataset`` and ``--ms25-thresholds`` for Python objects.

    Parameters
    ----------
    folder
        Folder for frames and thresholds that only exist as objects.

    Attributes
    ----------
    calculators
        Calculator objects by the name under which ``--mlip=object:NAME`` finds them.
    """

    folder: Path
    calculators: dict[str, Any] = field(default_factory=dict)

    def potentials(self, given: Any) -> list[str]:
        """Values of ``--mlip``.

        Raises
        ------
        UsageError
            Something is not a potential, or none is given.
        """
        if isinstance(given, Mapping):
            values = [self._calculator(one, name) for name, one in given.items()]
        else:
            values = [self._potential(one) for one in _items(given, _is_potential)]
        if not values:
            msg = f"potential: none was given; expected {_POTENTIALS}"
            raise UsageError(msg)
        return values

    def datasets(self, given: Any) -> list[str]:
        """Values of ``--dataset``; frames are written to files.

        Raises
        ------
        UsageError
            Something is not a dataset, or none is given; or frames cannot be written.
        """
        if isinstance(given, Mapping):
            values = [self._frames(images, name) for name, images in given.items()]
        else:
            items = [given] if _is_frame(given) else _items(given, _is_path)
            if items and all(map(_is_frame, items)):
                items = [items]
            values = [_path(one) if _is_path(one) else self._frames(one, "frames") for one in items]
        if not values:
            msg = f"dataset: none was given; expected {_DATASETS}"
            raise UsageError(msg)
        return values

    def thresholds(self, given: str | Path | Mapping[str, Any] | None) -> str | None:
        """Value of ``--ms25-thresholds``; a dictionary is checked, and written to a file.

        Raises
        ------
        UsageError
            The dictionary is not laid out as a file of thresholds, or an entry is invalid.
        """
        if not isinstance(given, Mapping):
            return None if given is None else _path(given)
        try:
            marks = Thresholds(given, "thresholds")
        except ThresholdError as error:
            raise UsageError(str(error)) from error
        lines = []
        for names, mark in marks.items():
            lines.append(f"[{'.'.join(json.dumps(name) for name in names)}]")
            lines.append(f"value = {mark.value!r}")
            for key in ("unit", "metric", "source"):
                # A text of JSON is one of TOML.
                lines.append(f"{key} = {json.dumps(getattr(mark, key))}")
        path = self.folder / "thresholds.toml"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return str(path)

    def _potential(self, given: Any) -> str:
        if _is_path(given):
            return _path(given)
        return self._calculator(given, type(given).__name__)

    def _calculator(self, given: Any, name: object) -> str:
        # `get_property` is what ASE requires of a calculator.
        if isinstance(given, type) or not hasattr(given, "get_property"):
            hint = f": give an instance, {given.__name__}()" if isinstance(given, type) else ""
            msg = f"potential: expected {_POTENTIALS}; found {given!r}{hint}"
            raise UsageError(msg)
        free = _free_name(str(name), self.calculators)
        self.calculators[free] = given
        return f"object:{free}"

    def _frames(self, given: Any, name: object) -> str:
        """Path of a file with some frames, called as the dataset is to be called."""
        from ase.io import write

        images = _items(given, _is_frame)
        strangers = [one for one in images if not _is_frame(one)]
        if strangers or not images:
            found = repr(strangers[0]) if strangers else "no frames"
            msg = f"dataset: expected {_DATASETS}; found {found}"
            raise UsageError(msg)
        name = str(name)
        if not name or name.startswith(".") or "/" in name or "\0" in name:
            msg = f"a dataset cannot be called {name!r}: expected a name that a file can have"
            raise UsageError(msg)
        free = _free_name(name, {path.stem for path in self.folder.glob("*.extxyz")})
        path = self.folder / f"{free}.extxyz"
        for number, atoms in enumerate(images):
            _refuse_stale(atoms, number)
        try:
            write(path, images, format="extxyz")
        except Exception as error:
            msg = f"the frames of the dataset {free!r} cannot be written as extxyz: {error!r}"
            raise UsageError(msg) from error
        return str(path)


def _is_path(given: Any) -> bool:
    return isinstance(given, str | os.PathLike)


def _path(given: str | os.PathLike[str]) -> str:
    path = os.fspath(given)
    if not isinstance(path, str) or "\0" in path:
        msg = f"expected a path that a file can have, found {path!r}"
        raise UsageError(msg)
    return path


def _is_potential(given: Any) -> bool:
    return _is_path(given) or isinstance(given, type) or hasattr(given, "get_property")


def _is_frame(given: Any) -> bool:
    from ase import Atoms

    return isinstance(given, Atoms)


def _items(given: Any, is_one: Callable[[Any], bool]) -> list[Any]:
    """Several things, or the only one."""
    # A text is iterable as well, but it is one path.
    return [given] if is_one(given) or not isinstance(given, Iterable) else list(given)


def _free_name(name: str, taken: Iterable[str]) -> str:
    """The name, with a number if it is taken."""
    names = set(taken)
    number, free = 1, name
    while free in names:
        number += 1
        free = f"{name}-{number}"
    return free


def _refuse_stale(atoms: Any, number: int) -> None:
    """Refuse results of a calculator that were computed for another frame.

    ASE writes whatever results a calculator has last computed. Frames that share one calculator
    would all be labelled with those of the last frame.

    Raises
    ------
    UsageError
        The calculator of a frame holds results that are not about this frame.
    """
    calculator = atoms.calc
    check_state = getattr(calculator, "check_state", None)
    if check_state is None or not getattr(calculator, "results", None) or not check_state(atoms):
        return
    msg = (
        f"frame {number} (counted from 0) has a calculator whose results are those of another "
        "frame, so it cannot serve as label. Give each frame labels of its own: "
        "atoms.calc = SinglePointCalculator(atoms, energy=…, forces=…), or the keys REF_energy "
        "and REF_forces"
    )
    raise UsageError(msg)


def criteria_expression(criteria: str | Iterable[str] | None) -> str | None:
    """Value of ``-m`` that selects some criteria; None for those that a run includes by default.

    Raises
    ------
    UsageError
        One is not known, or none is named.

    Examples
    --------
    >>> criteria_expression(["eos", "stability"])
    'eos or stability'
    >>> criteria_expression("estability")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ms25_suite.core.errors.UsageError: criteria: unknown criterion 'estability'. Did you mean ...
    """
    if criteria is None:
        return None
    names = [criteria] if isinstance(criteria, str) else list(criteria)
    known = catalogue()
    for name in names:
        if name not in known:
            hint = did_you_mean(str(name), known)
            msg = f"criteria: unknown criterion {name!r}.{hint} Known: {', '.join(known)}"
            raise UsageError(msg)
    if not names:
        msg = f"criteria: none was given; expected None or some of {', '.join(known)}"
        raise UsageError(msg)
    return " or ".join(dict.fromkeys(names))


def option_arguments(options: Mapping[str, Any]) -> list[str]:
    """Arguments of a command line.

    Parameters
    ----------
    options
        Value by option. None and False leave it out, True is a flag, a list is joined by commas.

    Examples
    --------
    >>> option_arguments({"--md-steps": 50, "--train-sizes": [50, 100, 200], "--eos-relax": True,
    ...                   "--ms25-strict": False, "--device": None})
    ['--md-steps=50', '--train-sizes=50,100,200', '--eos-relax']
    """
    arguments = []
    for name, value in options.items():
        if value is None or value is False:
            continue
        if value is True:
            arguments.append(name)
            continue
        if not isinstance(value, str) and isinstance(value, Iterable):
            value = ",".join(map(str, value))
        arguments.append(f"{name}={value}")
    return arguments
