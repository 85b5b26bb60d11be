"""Values of the option ``--mlip``."""

from __future__ import annotations

import glob
import itertools
import math
import os
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from ms25_suite.core.documents.files import MISSING, file_problem, said_of, user_path
from ms25_suite.core.errors import ModelFileError, UsageError
from ms25_suite.core.text.folders import folders_that_differ
from ms25_suite.core.text.shown import encodable
from ms25_suite.environments.own import find_environment
from ms25_suite.potentials.frameworks.model import FrameworkModel
from ms25_suite.potentials.registry import detect, get_trainer
from ms25_suite.potentials.variants.fine_tuning import TUNING_OPTIONS, Tuning
from ms25_suite.potentials.variants.heads import each_head
from ms25_suite.potentials.variants.model_options import ModelOptions, split_model_options
from ms25_suite.potentials.workers.shared_calculator import server_address

__all__ = ["PotentialSpec", "parse_spec", "parse_specs", "same_file"]

Kind = Literal["model", "train", "calculator", "object", "reference", "baseline", "framework"]

_ATTRIBUTE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
_TRAIN_OPTIONS: Mapping[str, type] = {
    "n": int,
    "set": int,
    "seed": int,
    "budget": str,
    "split": str,
    "dataset": str,
    **dict.fromkeys(TUNING_OPTIONS, str),
}
BASELINE = "baseline:mean"
EXPECTED = (
    "expected a model file, FILE:head=NAME, "
    "train:ARCH[:n=100,set=1,seed=0,budget=smoke,split=frame], calc.py, calc.py:env=NAME, "
    "package.module:factory, the name of a framework (ms25 env list) such as sevennet:7net-0, "
    "reference or baseline:mean"
)

_RANGE: Final = re.compile(r"(?P<key>seed|set)=(?P<first>[0-9]{1,9})\.\.(?P<last>[0-9]{1,9})")
"""Several trainings in one value: ``seed=0..4``."""

_MOST_EXPANDED: Final = 100
"""Most potentials that one value may stand for: each is trained, or loaded into memory."""


@dataclass(frozen=True, slots=True)
class PotentialSpec:
    """One potential that the command line names.

    Parameters
    ----------
    text
        Text of the option.
    kind
        ``model`` (a file), ``train`` (the shared training fixture), ``calculator`` (any ASE
        calculator, by its code), ``framework`` (a model of a framework with an environment of its
        own), ``object`` (a calculator object of `ms25_suite.judge`),
        ``reference`` (the reference's own calculator) or ``baseline`` (no model).
    name
        Short name, unique in a run.
    architecture
        Name of the architecture, or ``ase``, ``reference`` or ``baseline``.
    path
        The model file or ``calc.py``, if there is one.
    options
        ``n``, ``set``, ``seed``, ``budget``, ``split``, ``dataset`` and what `Tuning` reads of a
        ``train:`` potential; ``head``, ``backend`` and ``tf32`` of a model file; ``env`` of a
        calculator file that is run in a managed environment.
    model
        The model of a framework; None for any other kind.
    """

    text: str
    kind: Kind
    name: str
    architecture: str = ""
    path: Path | None = None
    options: tuple[tuple[str, str | int], ...] = ()
    model: FrameworkModel | None = None

    @property
    def environment(self) -> str:
        """Managed environment of a calculator file; empty for that of the suite."""
        return str(dict(self.options).get("env", ""))

    @property
    def trained_on(self) -> str | None:
        """Dataset to train a ``train:`` potential on; None: the one that it is tested on."""
        name = dict(self.options).get("dataset")
        return None if name is None else str(name)

    @property
    def training(self) -> dict[str, Any]:
        """The options of a ``train:`` potential that decide about frames, seed and recipe."""
        others = {"dataset", *TUNING_OPTIONS}
        return {key: value for key, value in self.options if key not in others}

    @property
    def model_options(self) -> ModelOptions:
        """How a model file is evaluated."""
        if self.kind != "model":
            return ModelOptions()
        return ModelOptions(**{key: str(value) for key, value in self.options})

    @property
    def tuning(self) -> Tuning | None:
        """The model that a ``train:`` potential starts from; None for random weights."""
        if self.kind != "train":
            return None
        return Tuning.of(self.architecture, dict(self.options), self.text)

    def retrained(self, *, without: Collection[str] = (), **options: str | int) -> PotentialSpec:
        """The ``train:`` potential with other options.

        Parameters
        ----------
        without
            Options to leave out.
        **options
            Options with new values; they stand first.
        """
        kept = {key: value for key, value in self.options if key not in {*without, *options}}
        text = ",".join(f"{key}={value}" for key, value in (options | kept).items())
        return parse_spec(f"train:{self.architecture}" + (f":{text}" if text else ""))


def parse_spec(text: str, option: str = "--mlip") -> PotentialSpec:
    """Parse one value of ``--mlip``, or of another option that takes the same.

    Parameters
    ----------
    text
        The value.
    option
        The option, for messages.

    Raises
    ------
    UsageError
        The text has none of the known forms, or names an architecture that cannot be trained.
    ModelFileError
        The file is missing, empty, damaged, or a model of no known architecture.
    """
    if not text:
        msg = f"{option} is empty: {EXPECTED}"
        raise UsageError(msg)
    if text == "reference":
        return PotentialSpec(text, "reference", "reference", "reference")
    if text.startswith("baseline:"):
        return _parse_baseline(text, option)
    if text.startswith("train:"):
        return _parse_train(text, option)
    if text.startswith("object:"):
        server_address(text)
        return PotentialSpec(text, "object", text.removeprefix("object:"), "ase")
    model = FrameworkModel.named(text, f"{option}={text}")
    if model is not None:
        return PotentialSpec(text, "framework", encodable(model.name), "ase", model=model)
    file, environment = _environment(text, option)
    file, behind = split_model_options(file)
    path = user_path(file, option, ModelFileError)
    if path.suffix == ".py" and not behind:
        problem = file_problem(path)
        if problem:
            msg = f"{option}={text}: {said_of(problem)}; {EXPECTED}"
            raise ModelFileError(msg)
        options = (("env", environment),) if environment else ()
        return PotentialSpec(text, "calculator", encodable(path.stem), "ase", path, options)
    if _ATTRIBUTE.fullmatch(text) and not path.exists():
        return PotentialSpec(text, "calculator", text.replace(":", "."), "ase")
    if file_problem(path) == MISSING:
        msg = f"{option}={text}: there is no such file; {EXPECTED}"
        raise ModelFileError(msg)
    chosen = ModelOptions.parse(behind, f"{option}={text}")
    name = "-".join(filter(None, (encodable(path.stem), chosen.label)))
    return PotentialSpec(text, "model", name, detect(path).name, path, chosen.given)


def _environment(text: str, option: str) -> tuple[str, str]:
    """Calculator file and managed environment of ``calc.py:env=NAME``."""
    file, colon, rest = text.rpartition(":")
    if not colon or not file.endswith(".py") or Path(text).exists():
        return text, ""
    key, equals, name = rest.partition("=")
    if key != "env" or not equals or not name:
        msg = f"{option}={text}: expected calc.py, or calc.py:env=NAME with the name of a managed "
        msg += "environment (ms25 env list)"
        raise UsageError(msg)
    find_environment(name)
    return file, name


def _parse_baseline(text: str, option: str) -> PotentialSpec:
    if text != BASELINE:
        msg = f"{option}={text}: the only baseline is {BASELINE}"
        raise UsageError(msg)
    return PotentialSpec(text, "baseline", text.replace(":", "-"), "baseline")


def _parse_train(text: str, option: str) -> PotentialSpec:
    _, architecture, *rest = text.split(":", 2)
    get_trainer(architecture)
    options: dict[str, str | int] = {}
    for item in filter(None, rest[0].split(",") if rest else []):
        key, equals, value = item.partition("=")
        if not equals or key not in _TRAIN_OPTIONS:
            msg = f"{option}={text}: {item!r} is not one of {', '.join(_TRAIN_OPTIONS)}=VALUE"
            raise UsageError(msg)
        if key in options:
            msg = f"{option}={text}: {key} is given twice"
            raise UsageError(msg)
        options[key] = (
            value
            if _TRAIN_OPTIONS[key] is str
            else _whole_number(key, value, f"{option}={text[:200]}")
        )
    name = "-".join([architecture, *(_short(key, value) for key, value in options.items())])
    Tuning.of(architecture, options, f"{option}={text}")
    return PotentialSpec(text, "train", name, architecture, options=tuple(options.items()))


def _whole_number(key: str, value: str, where: str) -> int:
    # `int` also takes digits of other scripts, underscores and blanks.
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", value):
        msg = f"{where}: {key} must be a whole number, found {value[:40]!r}"
        raise UsageError(msg)
    return int(value)


def _short(key: str, value: str | int) -> str:
    return f"{key}{value}" if isinstance(value, int) else Path(value).stem


def parse_specs(texts: Sequence[str]) -> tuple[PotentialSpec, ...]:
    """Parse all values of ``--mlip`` and make their names unique.

    A value may stand for several potentials: ``train:ARCH:seed=0..4``, ``set=1..3``, or a pattern
    of files such as ``model_*.pt``, which shells do not expand behind ``--mlip=``.

    Raises
    ------
    UsageError
        The same potential is given twice, or a value cannot be parsed.
    """
    texts = [one for text in texts for one in _expanded(text)]
    repeated = {text for text in texts if list(texts).count(text) > 1}
    if repeated:
        msg = f"--mlip is given twice with the same value: {', '.join(sorted(repeated))}"
        raise UsageError(msg)
    specs = [parse_spec(text) for text in texts]
    for index, spec in enumerate(specs):
        again = [one.text for one in specs[:index] if same_file(one, spec)]
        if again:
            msg = f"--mlip={again[0]} and --mlip={spec.text} are the same file: give it once"
            raise UsageError(msg)
    for name in {spec.name for spec in specs}:
        places = [place for place, spec in enumerate(specs) if spec.name == name]
        # Files of one name differ by their folder, or at least by their position.
        paths = [path.absolute() for place in places if (path := specs[place].path)]
        folders = folders_that_differ(paths) if len(paths) == len(places) > 1 else []
        for place, folder in zip(places, folders, strict=False):
            label = f"{encodable(folder)}/{name}".replace("//", "/")
            specs[place] = replace(specs[place], name=label)
    names = [spec.name for spec in specs]
    return tuple(
        replace(spec, name=f"{spec.name}-{index + 1}") if names.count(spec.name) > 1 else spec
        for index, spec in enumerate(specs)
    )


def _expanded(text: str) -> Sequence[str]:
    """The potentials that one value of ``--mlip`` stands for."""
    if text.startswith("train:"):
        return _expanded_ranges(text)
    return [one for file in _expanded_files(text) for one in each_head(file)]


def _expanded_files(text: str) -> Sequence[str]:
    """The same with a file in place of a pattern."""
    pattern, behind = split_model_options(text)
    if not glob.has_magic(pattern) or os.path.lexists(text):
        return [text]
    found = glob.glob(os.path.expanduser(pattern))  # noqa: PTH111, PTH207
    # Sidecars lie beside the model files, and have their names.
    files = [path for path in found if path.removesuffix(".json") not in {*found} - {path}]
    if not files:
        msg = f"--mlip={text}: no file fits this pattern; {EXPECTED}"
        raise UsageError(msg)
    _refuse_many(text, len(files))
    suffix = f":{behind}" if behind else ""
    return [f"{file}{suffix}" for file in sorted(files, key=_by_number)]


def _expanded_ranges(text: str) -> Sequence[str]:
    head, colon, options = text.rpartition(":")
    choices = []
    for item in options.split(","):
        found = _RANGE.fullmatch(item)
        first, last = (int(found["first"]), int(found["last"])) if found else (0, 0)
        if first > last:
            msg = f"--mlip={text[:200]}: {item} counts down: expected for instance seed=0..4"
            raise UsageError(msg)
        _refuse_many(text, last - first + 1)
        numbers = range(first, last + 1)
        choices.append([f"{found['key']}={k}" for k in numbers] if found else [item])
    _refuse_many(text, math.prod(map(len, choices)))
    return [f"{head}{colon}{','.join(chosen)}" for chosen in itertools.product(*choices)]


def _refuse_many(text: str, count: int) -> None:
    if count > _MOST_EXPANDED:
        msg = f"--mlip={text[:200]} stands for {count} potentials: at most {_MOST_EXPANDED}"
        raise UsageError(msg)


def _by_number(path: str) -> list[tuple[str, int]]:
    """Order in which ``a_10`` comes after ``a_2``."""
    return [(word, int(digits or 0)) for word, digits in re.findall(r"([^0-9]*)([0-9]*)", path)]


def same_file(one: PotentialSpec, other: PotentialSpec) -> bool:
    """Whether two specifications name one file, also by different paths, and one use of it."""
    if one.path is None or other.path is None or one.options != other.options:
        return False
    # A link to a file is another name, which somebody may want to see in the report.
    return os.path.abspath(one.path) == os.path.abspath(other.path)  # noqa: PTH100
