"""Opening a campaign: a file, or one of those that the suite brings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from ms25_suite.campaign.card import Campaign
from ms25_suite.core.cache import content_key, release
from ms25_suite.core.contracts import read_as
from ms25_suite.core.documents.files import MISSING, file_problem, user_path
from ms25_suite.core.documents.parsing import parse_toml, read_toml
from ms25_suite.core.errors import CampaignError, did_you_mean

__all__ = ["OpenedCampaign", "builtin_campaigns", "open_campaign"]

_EXTENDS: Final = "extends"
_MERGED: Final = ("sizes_of", "resources")
"""Tables of which a campaign that extends another one may give some entries only."""

_DEEPEST: Final = 10


@dataclass(frozen=True, slots=True)
class OpenedCampaign:
    """A campaign, and where it is from.

    Parameters
    ----------
    name
        Name of the built-in campaign, or stem of the file.
    spec
        What opens it again from any folder: the name, or the absolute path.
    card
        The campaign; paths in it are absolute.
    content
        SHA-256 of all that the file says, and of the version of the suite.
    """

    name: str
    spec: str
    card: Campaign
    content: str

    def folder(self, given: Path | None = None) -> Path:
        """Folder of journal, logs and report: the given one, or ``NAME.campaign``."""
        return (given or Path(f"{self.name}.campaign")).absolute()


def builtin_campaigns() -> dict[str, str]:
    """Names and titles of the campaigns that the suite brings."""
    found = {}
    for entry in files("ms25_suite.campaign.builtin").iterdir():
        if entry.name.endswith(".toml"):
            name = entry.name.removesuffix(".toml")
            found[name] = str(_builtin_table(name).get("title", ""))
    return dict(sorted(found.items()))


def open_campaign(spec: str) -> OpenedCampaign:
    """Open a campaign.

    Parameters
    ----------
    spec
        Name of a built-in campaign, or a TOML file.

    Raises
    ------
    CampaignError
        There is no such campaign, or it is invalid.
    """
    if spec in _builtin_names():
        table, folder = _builtin_table(spec), None
        name, where, own = spec, f"the campaign {spec}", spec
    else:
        path = user_path(spec, "the campaign", CampaignError)
        problem = file_problem(path)
        if problem == MISSING:
            known = _builtin_names()
            msg = (
                f"there is no campaign {spec!r}.{did_you_mean(spec, known)} Expected a TOML file, "
                f"or one of {', '.join(known)}"
            )
            raise CampaignError(msg)
        table, folder = read_toml(path, "the campaign", CampaignError), path.absolute().parent
        name, where, own = path.stem, str(path), str(path.absolute())
    table = _extended(table, where, folder)
    card = read_as(Campaign, table, where, CampaignError)
    if folder is not None:
        card = _located(card, folder)
    content = content_key({"suite": release(), "campaign": table})
    return OpenedCampaign(name, own, card, content)


def _builtin_names() -> list[str]:
    folder = files("ms25_suite.campaign.builtin")
    names = [entry.name for entry in folder.iterdir() if entry.name.endswith(".toml")]
    return sorted(name.removesuffix(".toml") for name in names)


def _builtin_table(name: str) -> dict[str, Any]:
    text = (files("ms25_suite.campaign.builtin") / f"{name}.toml").read_text(encoding="utf-8")
    return parse_toml(text, f"the campaign {name}", CampaignError)


def _extended(
    table: Mapping[str, Any], where: str, folder: Path | None, depth: int = 0
) -> dict[str, Any]:
    """The table over that of the campaign that it extends."""
    own = dict(table)
    base = own.pop(_EXTENDS, None)
    if base is None:
        return own
    if not isinstance(base, str) or depth == _DEEPEST:
        what = "a text" if depth < _DEEPEST else "no circle of campaigns that extend each other"
        msg = f"{where}: `{_EXTENDS}`: expected {what}, found {base!r}"
        raise CampaignError(msg)
    if base in _builtin_names():
        below = _extended(_builtin_table(base), f"the campaign {base}", None, depth + 1)
    else:
        path = (folder or Path()) / base
        if folder is None or file_problem(path):
            known = _builtin_names()
            msg = (
                f"{where}: `{_EXTENDS}`: there is no campaign {base!r}.{did_you_mean(base, known)} "
                f"Expected a TOML file, or one of {', '.join(known)}"
            )
            raise CampaignError(msg)
        below = _extended(
            read_toml(path, "the campaign", CampaignError), str(path), path.parent, depth + 1
        )
    merged = {
        key: {**below[key], **own[key]}
        for key in _MERGED
        if isinstance(below.get(key), dict) and isinstance(own.get(key), dict)
    }
    found = {**below, **own, **merged}
    # Exceptions of the campaign below are for its datasets, of which some may be left out here.
    if "sizes_of" in found and "sizes_of" not in own and isinstance(found["sizes_of"], dict):
        kept = {k: v for k, v in found["sizes_of"].items() if k in found.get("datasets", ())}
        found["sizes_of"] = {} if "sizes" in own else kept
    return found


def _located(card: Campaign, folder: Path) -> Campaign:
    """The campaign with absolute paths for those that start from the folder of its file."""

    def at(text: str) -> str:
        path = folder / os.path.expanduser(text)  # noqa: PTH111
        return str(path) if path.exists() and not Path(text).is_absolute() else text

    engine = card.engine
    if engine.parsl is not None:
        file, colon, name = engine.parsl.rpartition(":")
        engine = replace(engine, parsl=f"{at(file)}{colon}{name}")
    return replace(
        card,
        datasets=tuple(map(at, card.datasets)),
        sizes_of={at(name): sizes for name, sizes in card.sizes_of.items()},
        potentials=tuple(map(at, card.potentials)),
        data=at(card.data),
        engine=engine,
    )
