"""The ``ms25`` command: its subcommands, and the checks from any folder."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.resources import as_file, files
from pathlib import Path

from ms25_suite import __version__
from ms25_suite.cli import data, env, report, schema, summary, train, validate
from ms25_suite.cli.campaigning import campaign
from ms25_suite.cli.comparing import baseline, compare, history
from ms25_suite.cli.reading import docs
from ms25_suite.core.errors import Ms25Error
from ms25_suite.core.text.progress import ProgressTerminal, progress_on
from ms25_suite.core.text.terminal import show_everything

__all__ = ["command_parser", "main"]

_COMMANDS = (
    *(data, env, train, campaign, report, summary),
    *(compare, baseline, history, schema, validate, docs),
)

_OWN = ("-h", "--help", "--version")


def command_parser() -> argparse.ArgumentParser:
    """Parser of the subcommands; the documentation lists them by it."""
    parser = argparse.ArgumentParser(
        prog="ms25",
        description="Can this machine-learned interatomic potential be trusted?",
        epilog="Anything else is handed to pytest, from any folder: "
        "ms25 --mlip=model.pt --dataset=hea (all its options: pytest --help, group ms25-suite)",
    )
    parser.add_argument("--version", action="version", version=f"ms25-suite {__version__}")
    subparsers = parser.add_subparsers(dest="command", required=True)
    for module in _COMMANDS:
        module.add_parser(subparsers)
        subparsers.choices[module.__name__.rpartition(".")[2]].set_defaults(run=module.run)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the ``ms25`` command.

    Returns
    -------
    :
        Exit code: pytest's for the checks; 0 or, after an error that was reported, 1 for the
        other commands.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    show_everything(sys.stdout, sys.stderr)
    parser = command_parser()
    # Before argparse, which would refuse the options of pytest.
    if any(argument.startswith(("--mlip", "--ms25-mlip")) for argument in arguments):
        return _check(arguments)
    if not arguments:
        parser.print_help(sys.stderr)
        return 2
    if arguments[0].startswith("-") and arguments[0] not in _OWN:
        # An option of the checks, most likely: argparse would only ask for a command.
        parser.error(f"expected a command, or --mlip=… to run the checks; found {arguments[0]}")
    options = parser.parse_args(arguments)
    try:
        with progress_on(ProgressTerminal(sys.stderr)):
            return int(options.run(options))
    except Ms25Error as error:
        print(f"ms25: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        # A folder that cannot be written, a full disk: nothing that a traceback explains.
        print(f"ms25: cannot read or write: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("ms25: interrupted; what was finished is kept", file=sys.stderr)
        # 128 + SIGINT, as shells report it.
        return 130


def _check(arguments: list[str]) -> int:
    """Run the checks with the suite's own settings, independent of those of the folder."""
    import pytest

    with as_file(files("ms25_suite") / "pytest.ini") as ini:
        # An ini file of its own: that of a project in this folder may set options or plugins that
        # disturb. The flag tells the plugin that all options are the suite's, and to leave out the
        # project's conftest.py unless paths are named.
        own = ["-c", str(ini), f"--rootdir={Path.cwd()}", "--ms25-command"]
        return int(pytest.main([*own, *arguments]))
