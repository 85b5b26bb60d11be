"""What names of datasets mean: the built-in data, the published ones, or those of a folder.

The names of the paper's systems, ``cha``, ``hea``, …, are the same in all of them.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ms25_suite.core.cache import cache_dir
from ms25_suite.core.documents.files import FOLDER, MISSING, file_problem, user_path
from ms25_suite.core.errors import DatasetError, did_you_mean, listed

__all__ = ["MINI", "PUBLISHED", "USER", "VARIABLE", "Tier", "find_tier", "published_folder"]

VARIABLE: Final = "MS25_DATA"
"""Environment variable that chooses the tier where no option does."""

PUBLISHED: Final = "published"
"""Name of the tier of the authors' data, as ``ms25 data archive`` writes them."""

USER: Final = "user"
"""Tier of a user's own files."""

_HOW_TO_IMPORT: Final = (
    "To import them: `ms25 data download`, then `ms25 data archive`; or, from files that you have, "
    "`ms25 data archive FOLDER_OR_ARCHIVE` (ms25 docs published)"
)


@dataclass(frozen=True, slots=True)
class Tier:
    """What names of datasets mean.

    Parameters
    ----------
    name
        ``mini`` for the data that the suite brings, ``published``, or a path.
    folder
        Folder of the cards that the names stand for; None for the suite's own.
    origin
        How it was chosen, for messages: the option or the environment variable, with its value.
    """

    name: str
    folder: Path | None = None
    origin: str = ""

    def cards(self) -> dict[str, Path]:
        """Cards of the tier by their names in lower case; empty for the suite's own data.

        Raises
        ------
        DatasetError
            There is no such folder, or it holds no cards.
        """
        folder = self.folder
        if folder is None:
            return {}
        problem = file_problem(folder)
        found = [] if problem != FOLDER else sorted(folder.glob("*.toml"))
        cards = {path.stem.lower(): path for path in found if not path.name.startswith(".")}
        if cards:
            return cards
        if self.name == PUBLISHED:
            raise DatasetError(self._not_imported(folder))
        if problem == MISSING:
            # A word, and no path: the names of tiers are not known to everybody.
            near = did_you_mean(self.name, (MINI.name, PUBLISHED)).rstrip("?")
            what = f"there is no folder {folder}{f'.{near}?' if near else '.'}"
        elif problem != FOLDER:
            kind = problem or "a file"
            what = (
                f"expected a folder, found {kind}. If it is the published archive, import it "
                f"first: `ms25 data archive {folder}`."
            )
        else:
            what = (
                f"the folder {folder} holds no cards of datasets (*.toml). If it is the published "
                f"archive itself, import it first: `ms25 data archive {folder}`."
            )
        msg = (
            f"{self.origin}: {what} Expected {MINI.name}, {PUBLISHED}, or a folder that `ms25 "
            "data archive` wrote"
        )
        raise DatasetError(msg)

    def _not_imported(self, folder: Path) -> str:
        msg = f"{self.origin}: the published data are not imported, {folder} holds none"
        here = Path(PUBLISHED)
        if here.is_dir() and any(here.glob("*.toml")):
            # What `--out published` wrote, before there was a folder of its own.
            msg += f". For those in the folder ./{PUBLISHED}: --data=./{PUBLISHED}"
        return f"{msg}. {_HOW_TO_IMPORT}"

    def refusal(self, names: Sequence[str]) -> str:
        """Why names of the suite's own stand for nothing in this tier, and what to do."""
        return (
            f"{self.origin}: the imported data hold no {' and no '.join(names)}; in {self.folder} "
            f"there are {listed(self.cards())}. --data={MINI.name} has data of every name. "
            f"{_HOW_TO_IMPORT}"
        )


MINI: Final = Tier("mini")
"""The data that the suite brings."""


def published_folder() -> Path:
    """Folder of the imported published data, where no other is named."""
    return cache_dir("published") / "datasets"


def find_tier(text: str | None = None) -> Tier:
    """Tier of an option, or else of the environment variable ``MS25_DATA``, or else ``mini``.

    It is not looked at before a name needs it.

    Parameters
    ----------
    text
        ``mini``, ``published``, or a folder of cards; None without an option.

    Raises
    ------
    DatasetError
        The option is empty or no path, or the cache cannot be used.
    """
    origin = f"--data={text}"
    if text is None:
        text = os.environ.get(VARIABLE) or MINI.name
        origin = f"{VARIABLE}={text}"
    wanted = text.strip()
    if wanted.lower() == MINI.name:
        return MINI
    if wanted.lower() == PUBLISHED:
        try:
            return Tier(PUBLISHED, published_folder(), origin)
        except OSError as error:
            msg = f"{origin}: cannot look into the cache (MS25_CACHE_DIR): {error}"
            raise DatasetError(msg) from error
    if not wanted:
        msg = f"{origin}: expected {MINI.name}, {PUBLISHED}, or a folder of datasets"
        raise DatasetError(msg)
    # Absolute: workers run in other folders.
    return Tier(
        wanted, user_path(wanted, origin.partition("=")[0], DatasetError).absolute(), origin
    )
