"""``ms25 env``: managed environments for packages that cannot be installed beside the suite."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from ms25_suite.core.errors import EnvironmentSetupError, Ms25Error
from ms25_suite.environments.spec import WORKER_NEEDS

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from ms25_suite.environments.installation import Installation
    from ms25_suite.environments.spec import EnvironmentSpec

__all__ = ["add_parser", "check_environment", "run"]

_DESCRIPTION = """\
Managed virtual environments for packages that cannot be installed beside the suite: NequIP and
Allegro, which need another version of e3nn than MACE; frameworks such as SevenNet or CHGNet
(--mlip=sevennet:7net-0); and your own, for a calculator file.

    ms25 env create sevennet
    ms25 env create mine --requirement "some-package==1.2"     (--mlip=calc.py:env=mine)

Once created, they are used automatically. They are kept in MS25_ENV_DIR if that variable is set.
"""
_EPILOG = """\
The package index determines the build of PyTorch: choose one for CPU or CUDA by --index-url and
--extra-index-url. uv installs where it is there, else pip; MS25_ENV_INSTALLER=pip asks for pip.
"""


def add_parser(subparsers: _SubParsersAction[Any]) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "env",
        help="managed environments of architectures",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(dest="action", required=True)
    create = actions.add_parser("create", help="create one, unless it is ready", epilog=_EPILOG)
    _add_architecture(create)
    create.add_argument(
        "--requirement",
        action="append",
        default=[],
        metavar="PACKAGE",
        help="what is installed into an environment of your own; may be given several times",
    )
    create.add_argument(
        "--python", metavar="PYTHON", help="interpreter to create it from (default: this one)"
    )
    create.add_argument("--index-url", metavar="URL", help="passed on to uv or pip")
    create.add_argument(
        "--extra-index-url",
        action="append",
        default=[],
        metavar="URL",
        help="passed on to uv or pip",
    )
    create.add_argument(
        "--find-links",
        action="append",
        default=[],
        metavar="PLACE",
        help="passed on to uv or pip",
    )
    create.add_argument(
        "--rebuild", action="store_true", help="create it again even if it is ready"
    )
    actions.add_parser("list", help="list all environments and their state")
    check = actions.add_parser("check", help="check one by a prediction")
    _add_architecture(check)
    remove = actions.add_parser("remove", help="remove one")
    _add_architecture(remove)


def _add_architecture(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "name", metavar="NAME", help="architecture, framework, or an environment of your own"
    )


def run(args: argparse.Namespace) -> int:
    """Run an action.

    Returns
    -------
    int
        1 if ``check`` finds that the environment is not ready, else 0.

    Raises
    ------
    Ms25Error
        There is no such environment, or it cannot be created or removed, or it does not work.
    """
    actions = {"create": _create, "list": _list, "check": _check, "remove": _remove}
    return actions[args.action](args)


def _create(args: argparse.Namespace) -> int:
    from ms25_suite.environments.builder import create
    from ms25_suite.environments.indexes import PipOptions
    from ms25_suite.environments.own import find_environment, own_spec, remember
    from ms25_suite.environments.store import open_environment

    own = bool(args.requirement)
    spec = own_spec(args.name, args.requirement) if own else find_environment(args.name)
    environment = open_environment(spec)
    pip = PipOptions(args.index_url, tuple(args.extra_index_url), tuple(args.find_links))
    made = create(
        environment,
        check=lambda place: check_environment(spec, place),
        python=args.python,
        pip=pip,
        rebuild=args.rebuild,
        say=lambda text: print(f"ms25: {text}", file=sys.stderr, flush=True),
    )
    if own:
        remember(spec)
    what = "created" if made else "ready already"
    print(f"{environment.folder}\n{what}; serves {spec.serves}")
    return 0


def _list(args: argparse.Namespace) -> int:
    from ms25_suite.environments.installation import Installation
    from ms25_suite.environments.own import own_environments
    from ms25_suite.environments.spec import environments
    from ms25_suite.environments.store import State, open_environment

    for spec in (*environments().values(), *own_environments().values()):
        environment = open_environment(spec)
        state, why = environment.state()
        if state is State.READY:
            place = Installation(environment.python, environment.site_packages)
            found = place.versions(["torch", *(name for name, _ in spec.pins)])
            why = ", ".join(f"{name} {version}" for name, version in found.items())
        print(f"{spec.name}  {state}  ({why})")
        print(f"    serves {spec.serves}; {environment.folder}")
        if spec.framework is not None:
            seen = "" if spec.framework.tested else "; never run by us"
            print(f"    licence {spec.framework.licence}; {spec.framework.source}{seen}")
    return 0


def _check(args: argparse.Namespace) -> int:
    from ms25_suite.environments.installation import Installation
    from ms25_suite.environments.own import find_environment
    from ms25_suite.environments.store import State, open_environment

    spec = find_environment(args.name)
    environment = open_environment(spec)
    state, why = environment.state()
    if state is not State.READY:
        print(f"{state} ({why}): run ms25 env create {args.name}")
        return 1
    check_environment(spec, Installation(environment.python, environment.site_packages))
    print(f"works for {spec.serves}: {environment.folder}")
    return 0


def _remove(args: argparse.Namespace) -> int:
    from ms25_suite.environments.builder import remove
    from ms25_suite.environments.own import find_environment, forget
    from ms25_suite.environments.store import open_environment

    environment = open_environment(find_environment(args.name))
    print(f"{environment.folder}\n{'removed' if remove(environment) else 'did not exist'}")
    forget(args.name)
    return 0


_STEP: Final = 1e-4
_TOLERANCE: Final = 1e-5
"""Largest difference in eV/Å between a force and the central difference of energies. The error of
the difference is of the order of the step squared for a model that is smooth on a scale of 1 Å."""


def check_environment(spec: EnvironmentSpec, place: Installation) -> None:
    """Check an environment.

    For architectures a tiny untrained model predicts something. A framework's module must be
    importable, since its weights may be a download; and any worker must find what it needs.

    Raises
    ------
    EnvironmentSetupError
        A prediction fails, or its force is not the derivative of its energy; or a module cannot be
        imported.
    """
    if not spec.architectures:
        modules = list(WORKER_NEEDS)
        modules += [spec.framework.module] if spec.framework else []
        _import(spec, place, modules)
    for name in spec.architectures:
        try:
            _predict_water(name, place)
        except Ms25Error as error:
            msg = f"the environment {spec.name} does not work for {name}: {error}"
            raise EnvironmentSetupError(msg) from error


def _import(spec: EnvironmentSpec, place: Installation, modules: Sequence[str]) -> None:
    import subprocess

    from ms25_suite.environments.processes import run_captured

    # -I: ignore the working folder and PYTHONPATH.
    command = [str(place.python), "-I", "-c", f"import {', '.join(modules)}"]
    try:
        done = run_captured(command, time_limit_s=600)
    except (OSError, subprocess.SubprocessError) as error:
        msg = f"the environment {spec.name} does not work: {error}"
        raise EnvironmentSetupError(msg) from error
    if done.returncode != 0:
        msg = (
            f"the environment {spec.name} does not work: {', '.join(modules)} cannot be "
            f"imported:\n{done.stderr.strip()[-2000:]}"
        )
        raise EnvironmentSetupError(msg)


def _predict_water(name: str, place: Installation) -> None:
    import numpy as np
    from ase.build import molecule

    from ms25_suite.core.frames import Frames
    from ms25_suite.potentials.registry import get_architecture, implementation
    from ms25_suite.potentials.workers.jobs import UntrainedJob
    from ms25_suite.potentials.workers.pool import WorkerPool

    # A small periodic cell: the neighbour list has images, as in real data.
    water = molecule("H2O", cell=[4.0, 4.0, 4.0], pbc=True)
    moved = [water.copy(), water.copy()]
    for atoms, sign in zip(moved, (1, -1), strict=True):
        atoms.positions[0, 2] += sign * _STEP
    job = UntrainedJob(implementation(get_architecture(name)))
    pool = WorkerPool(job, python=place.python)
    try:
        (found,) = pool.predict(Frames.from_atoms([water, *moved]), [np.arange(3)])
    finally:
        pool.close()
    if found.energy is None or found.forces is None:
        msg = "the worker returned no energies or no forces"
        raise EnvironmentSetupError(msg)
    force = float(found.forces[0, 2])
    # Central difference: frame 1 is displaced by +step, frame 2 by -step, and F = -dE/dx.
    expected = float((found.energy[2] - found.energy[1]) / (2 * _STEP))
    if not abs(force - expected) < _TOLERANCE:
        msg = (
            f"expected a force on an atom of {expected} eV/Å, minus the derivative of the energy, "
            f"found {force} eV/Å"
        )
        raise EnvironmentSetupError(msg)
