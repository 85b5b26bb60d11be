"""Where packages come from: the options of a command line, and pip's own settings."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ms25_suite.core.errors import EnvironmentSetupError
from ms25_suite.environments.processes import run_captured

__all__ = ["PipOptions", "PipSettings", "pip_settings"]

_SECTIONS: Final = ("global", "install", ":env:")
"""Sections that hold for an installation; of later ones, values replace those of earlier ones."""


@dataclass(frozen=True, slots=True)
class PipOptions:
    """Options for pip.

    Parameters
    ----------
    index_url
        Package index, for instance one with CUDA builds of PyTorch (``--index-url``).
    extra_index_urls, find_links
        Additional indices and places with packages (``--extra-index-url``, ``--find-links``).
    """

    index_url: str | None = None
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()

    def arguments(self) -> list[str]:
        """Arguments of ``pip install``."""
        index = [] if self.index_url is None else ["--index-url", self.index_url]
        extra = [word for url in self.extra_index_urls for word in ("--extra-index-url", url)]
        links = [word for place in self.find_links for word in ("--find-links", place)]
        return [*index, *extra, *links]


@dataclass(frozen=True, slots=True)
class PipSettings:
    """Pip's own settings (``pip.conf``, ``PIP_…``) that decide where packages come from.

    Parameters
    ----------
    options
        Indices and places.
    no_index
        Whether there is no index but the places only.
    constraints
        Files of constraints.
    trusted_hosts
        Hosts whose certificates are not checked.
    certificates
        File of certificates; empty for those of the system.
    """

    options: PipOptions = PipOptions()
    no_index: bool = False
    constraints: tuple[str, ...] = ()
    trusted_hosts: tuple[str, ...] = ()
    certificates: str = ""

    def under(self, asked: PipOptions) -> PipOptions:
        """These, and on top of them the options of a command line, as pip joins them."""
        own = self.options
        return PipOptions(
            asked.index_url or own.index_url,
            (*own.extra_index_urls, *asked.extra_index_urls),
            (*own.find_links, *asked.find_links),
        )


def pip_settings(python: str) -> PipSettings:
    """Settings of the pip of an interpreter; none if it has no pip.

    Parameters
    ----------
    python
        The interpreter.

    Raises
    ------
    EnvironmentSetupError
        The settings cannot be read.
    """
    command = [python, "-I", "-m", "pip", "--disable-pip-version-check", "config", "list"]
    try:
        done = run_captured(command, time_limit_s=60)
    except OSError as error:
        msg = f"{python} cannot be run: {error}"
        raise EnvironmentSetupError(msg) from error
    if done.returncode != 0:
        # Without pip there are no settings of pip.
        return PipSettings()
    return _settings(done.stdout.splitlines(), f"the settings of pip ({' '.join(command)})")


def _settings(lines: Sequence[str], where: str) -> PipSettings:
    found: dict[str, str] = {}
    for section in _SECTIONS:
        for line in lines:
            name, equals, value = line.partition("=")
            if not equals or not name.startswith(f"{section}."):
                continue
            try:
                found[name.removeprefix(f"{section}.")] = str(ast.literal_eval(value))
            except (ValueError, SyntaxError) as error:
                msg = f"{where} cannot be read: {line!r}"
                raise EnvironmentSetupError(msg) from error

    def many(name: str) -> tuple[str, ...]:
        return tuple(found.get(name, "").split())

    options = PipOptions(
        found.get("index-url") or None, many("extra-index-url"), many("find-links")
    )
    return PipSettings(
        options,
        found.get("no-index", "").lower() in ("1", "true", "yes", "on"),
        tuple(str(Path(path).expanduser()) for path in many("constraint")),
        many("trusted-host"),
        found.get("cert", ""),
    )
