"""The pytest plugin: options, and nothing else until a potential and a dataset are named.

It is imported in every pytest session of the environment, so it imports pytest and names only.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Generator, Mapping
from pathlib import Path

import pytest

from ms25_suite.core.catalogue import Criterion, built_in, catalogue
from ms25_suite.plugin.options import (
    COMMAND,
    SHORT,
    add_options,
    is_given,
    long_name,
    taken,
    written_out,
)

EXPLICIT_DIST = pytest.StashKey[bool]()
"""Whether the command line says how pytest-xdist is to distribute the tests."""

TAKEN = pytest.StashKey[tuple[str, ...]]()
"""Short names on the command line that are options of others."""

_ADDED = pytest.StashKey[bool]()
_HELP = {"-h", "--help"}
_OTHERS = "another plugin or a conftest.py"


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the options, short ones too, if a conftest.py loads the plugin: too late for the rest."""
    config = pluginmanager.get_plugin("pytestconfig")
    known = getattr(config, "known_args_namespace", None)
    # Set right before conftest.py files are loaded.
    if config is None or getattr(known, "confcutdir", None) is None:
        return
    config.stash[_ADDED] = True
    add_options(parser, _title(), set(SHORT) - set(taken(parser, SHORT)))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> Generator[None, object, object]:
    """Add the options; write out the short names that no plugin or conftest.py uses."""
    early_config.stash[EXPLICIT_DIST] = any(
        arg.startswith("-d") or arg.partition("=")[0] in ("--dist", "--distload") for arg in args
    )
    if early_config.stash.get(_ADDED, False):
        return (yield)
    helping = not _HELP.isdisjoint(args)
    if not helping:
        add_options(parser, _title())
        if is_given(args):
            _find_paths(early_config, parser, args)
    try:
        return (yield)
    finally:
        given = [name for name in SHORT if any(arg.partition("=")[0] == name for arg in args)]
        others = () if COMMAND in args else taken(parser, SHORT if helping else given)
        early_config.stash[TAKEN] = tuple(name for name in given if name in others)
        free = [name for name in SHORT if name not in others]
        if helping:
            add_options(parser, _title(everybody=True), free)
        elif is_given(args):
            args[:] = written_out(args, free)


def _find_paths(config: pytest.Config, parser: pytest.Parser, args: list[str]) -> None:
    """Tell pytest which arguments are paths, before it looks for conftest.py files beside them.

    It has taken ``model.pt`` in ``--mlip model.pt`` for one.
    """
    try:
        found = parser.parse_known_args(written_out(args, SHORT), copy.copy(config.option))
    except pytest.UsageError:
        # Perhaps one of the names has another meaning here; if not, pytest says what is wrong.
        return
    known = config.known_args_namespace
    known.file_or_dir = found.file_or_dir
    # The checks need nothing of a project in the current folder, and might be disturbed by it.
    if found.ms25_command and not found.file_or_dir:
        known.noconftest = True


def _title(*, everybody: bool = False) -> str:
    """Title of the options, with the criteria.

    Those of other packages are looked for only where they are printed: finding them would cost
    every session of the environment some 10 ms.
    """
    criteria, problem = _listed() if everybody else (built_in(), "")
    return (
        "ms25-suite: can this interatomic potential be trusted? Criteria, which -m NAME selects: "
        + ", ".join(criteria)
        + (f" (and others: {problem})" if problem else "")
    )


def pytest_configure(config: pytest.Config) -> None:
    """Wake the suite up if a potential and a dataset are named."""
    potentials, datasets = (config.getoption(f"ms25_{name}", []) for name in ("mlip", "dataset"))
    awake = bool(potentials or datasets)
    if awake and config.args_source is not pytest.Config.ArgsSource.ARGS:
        # No tests of a project are named, so nothing of its folder is to be imported here. But
        # `python -m pytest` and a conftest.py have put it first on the path, where a file
        # secrets.py would hide a module that NumPy needs.
        folders = {"", str(Path.cwd()), str(config.rootpath)}
        sys.path.sort(key=lambda entry: entry in folders)
    criteria, problem = built_in(), ""
    if awake or config.getoption("markers"):
        criteria, problem = _listed()
    if awake and problem:
        raise pytest.UsageError(problem)
    for criterion in criteria.values():
        config.addinivalue_line("markers", f"{criterion.name}: {criterion.question}")
    if not awake:
        return
    if not potentials or not datasets:
        name, value = ("--dataset", "NAME") if potentials else ("--mlip", "POTENTIAL")
        given = "--mlip" if potentials else "--dataset"
        # Refused instead of run with defaults: an empty run would look like a passed one.
        msg = f"{given} was given without {name}={value}: a check needs a potential and a dataset"
        if name in config.stash.get(TAKEN, ()):
            msg += f". {name} is an option of {_OTHERS} here: write {long_name(name)}={value}"
        raise pytest.UsageError(msg)
    from ms25_suite.plugin.session import activate

    activate(config)


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say which options were not taken for those of the suite."""
    names = config.stash.get(TAKEN, ())
    if not names or ("--mlip" not in names and not config.getoption("ms25_mlip", [])):
        return []
    longer = ", ".join(map(long_name, names))
    return [
        f"ms25-suite: {', '.join(names)} went to {_OTHERS}, and not to the suite: write {longer}"
    ]


def _listed() -> tuple[Mapping[str, Criterion], str]:
    """All criteria; those of the suite, and the reason, if another package cannot be loaded."""
    from ms25_suite.core.errors import UsageError

    try:
        return catalogue(), ""
    except UsageError as error:
        return built_in(), str(error)
