"""Environments of a user: a name and requirements, kept beside the environments themselves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from ms25_suite.core.cache import atomic_path
from ms25_suite.core.errors import EnvironmentSetupError, UsageError, did_you_mean
from ms25_suite.core.sealed import DamagedError, sealed_json, unseal_json
from ms25_suite.environments.spec import (
    WORKER_NEEDS,
    EnvironmentSpec,
    environment_for,
    environments,
)
from ms25_suite.environments.store import environment_root

__all__ = ["find_environment", "forget", "own_environments", "own_spec", "remember"]

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,40}")
_SUFFIX: Final = ".own.json"


def own_spec(name: str, requirements: Sequence[str]) -> EnvironmentSpec:
    """Specification of an environment of the user.

    Parameters
    ----------
    name
        Its name: small letters, digits, ``-`` and ``_``.
    requirements
        Requirements for pip; what a worker needs is added.

    Raises
    ------
    UsageError
        The name cannot be used, or there is no requirement.
    """
    if not _NAME.fullmatch(name):
        msg = f"an environment cannot be called {name!r}: expected small letters, digits, - and _"
        raise UsageError(msg)
    taken = {*environments(), *(n for one in environments().values() for n in one.architectures)}
    if name in taken:
        msg = f"{name} is an environment of the suite: choose another name for your own"
        raise UsageError(msg)
    if not any(text.strip() for text in requirements):
        msg = f"say what is installed into {name}: ms25 env create {name} --requirement PACKAGE"
        raise UsageError(msg)
    return EnvironmentSpec(name, (), (*requirements, *WORKER_NEEDS), ())


def remember(spec: EnvironmentSpec) -> None:
    """Keep the specification of an environment of the user.

    Raises
    ------
    OSError
        The folder of environments cannot be written to.
    """
    path = _path(spec.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    own = spec.requirements[: -len(WORKER_NEEDS)]
    with atomic_path(path) as partial:
        partial.write_text(sealed_json({"requirements": list(own)}, indent=1), encoding="utf-8")


def forget(name: str) -> None:
    """Remove the description of an environment of the user, if there is one."""
    _path(name).unlink(missing_ok=True)


def own_environments() -> dict[str, EnvironmentSpec]:
    """Environments of the user by name.

    Raises
    ------
    EnvironmentSetupError
        The description of one is damaged.
    """
    found = sorted(environment_root().glob(f"*{_SUFFIX}"))
    names = [path.name.removesuffix(_SUFFIX) for path in found]
    return {name: _read(name) for name in names}


def find_environment(name: str) -> EnvironmentSpec:
    """Environment of an architecture, a framework or the user.

    Raises
    ------
    UsageError
        There is none.
    EnvironmentSetupError
        The description of one of the user is damaged.
    """
    known = own_environments()
    if name in known:
        return known[name]
    try:
        return environment_for(name)
    except UsageError as error:
        hint = did_you_mean(name, known)
        raise (UsageError(f"{error}{hint}") if hint else error) from None


def _read(name: str) -> EnvironmentSpec:
    path = _path(name)
    remedy = f"create it again: ms25 env create {name} --requirement PACKAGE"
    try:
        content: Any = unseal_json(path.read_bytes(), str(path))
        requirements = content["requirements"]
        if not all(isinstance(text, str) for text in requirements):
            raise TypeError
    except (OSError, DamagedError, KeyError, TypeError) as error:
        msg = f"{path}, the description of the environment {name}, is damaged: {remedy}"
        raise EnvironmentSetupError(msg) from error
    return EnvironmentSpec(name, (), (*requirements, *WORKER_NEEDS), ())


def _path(name: str) -> Path:
    return environment_root() / f"{name}{_SUFFIX}"
