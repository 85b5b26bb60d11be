"""Pages of the options of the checks and of the command ``ms25``, from what reads them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from ms25_site.tables import cell, code, table
from ms25_suite.cli.main import command_parser
from ms25_suite.plugin.options import OPTIONS, SHORT, long_name

__all__ = ["commands_page", "options_page"]

_OPTIONS = """# Options of the checks

For `pytest` and `ms25`, from the same table that reads them. A short name yields to an option of
that name of your project or of another plugin ([decision
12](../adr/0012-names-and-processes.md)); the long one always works. `-m NAME` chooses
[criteria](../checks/index.md), as for any pytest marker. From Python they are keywords of
[`judge`](python.md#judge).

"""

_COMMANDS = """# The command ms25

`ms25 --mlip=… --dataset=…` runs the checks from any folder, whatever the pytest settings there
say ([options](options.md)). Everything else is a subcommand. Each prints this by `--help`.

"""


def options_page() -> str:
    """Page with every option of the plugin, each with an anchor of its name."""
    parts = [_OPTIONS]
    for name, attributes in OPTIONS.items():
        value = _value(attributes)
        names = [f"--{name}"] if f"--{name}" in SHORT else []
        spelled = ", ".join(code(f"{one}{value}") for one in [*names, long_name(name)])
        parts.append(f"## {name}\n\n{spelled}\n\n{_sentence(attributes['help'])}\n\n")
        if attributes.get("choices"):
            parts.append(f"One of {', '.join(map(code, attributes['choices']))}.\n\n")
    return "".join(parts)


def _value(attributes: dict[str, object]) -> str:
    if str(attributes.get("action", "")).startswith("store_"):
        return ""
    choices = attributes.get("choices")
    shown = attributes.get("metavar") or "|".join(map(str, choices or ("VALUE",)))
    return f"={shown}"


def commands_page() -> str:
    """Page with every subcommand of ``ms25``, its arguments and their meaning."""
    return _COMMANDS + "\n".join(_sections(command_parser()))


def _sections(parser: argparse.ArgumentParser) -> Iterator[str]:
    for name, sub in _subparsers(parser).items():
        depth = "#" * (1 + len(sub.prog.split()) - 1)
        yield f"{depth} {sub.prog}\n"
        yield f"{_help(sub.description or '')}\n"
        # As wide as a page of the site; argparse breaks lines at the width of the terminal.
        sub.formatter_class = _Wide
        usage = sub.format_usage().removeprefix("usage: ").strip()
        yield f"```text\n{usage}\n```\n"
        rows = [
            (", ".join(map(code, _names(action))), cell(_help(action.help or "", action)))
            for action in sub._actions
            if action.help != argparse.SUPPRESS
            and not isinstance(action, (argparse._HelpAction, argparse._SubParsersAction))
        ]
        if rows:
            yield table(("argument", "meaning"), rows)
        if sub.epilog:
            yield f"{_help(sub.epilog)}\n"
        assert sub.prog.endswith(name)
        yield from _sections(sub)


class _Wide(argparse.HelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=100)


def _subparsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def _names(action: argparse.Action) -> list[str]:
    metavar = action.metavar or "|".join(map(str, action.choices or (action.dest.upper(),)))
    shown = metavar if isinstance(metavar, str) else " ".join(metavar)
    if not action.option_strings:
        return [shown]
    value = "" if action.nargs == 0 else f" {shown}"
    return [f"{option}{value}" for option in action.option_strings]


def _sentence(text: str) -> str:
    """A help as a sentence of its own."""
    shown = _help(text)
    return f"{shown[0].upper()}{shown[1:]}{'' if shown.endswith('.') else '.'}"


def _help(text: str, action: argparse.Action | None = None) -> str:
    """Text of a help as argparse shows it: with its values in, and single per cent signs."""
    values = {} if action is None else {**vars(action), "prog": "ms25"}
    return (text % values if "%" in text else text).replace("<", "&lt;")
