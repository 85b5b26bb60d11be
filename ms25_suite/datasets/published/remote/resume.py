"""Resuming an interrupted download."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ms25_suite.core.errors import DatasetError
from ms25_suite.core.text.progress import progress

__all__ = ["ATTEMPTS", "TIMEOUT", "RemoteFile", "ResumingDownloader", "patience_s"]

TIMEOUT: Final = (10.0, 60.0)
"""Seconds to wait for a connection, and for the next bytes."""

ATTEMPTS: Final = 3
"""How often a server is asked before it is given up."""

_LONGEST_S: Final = 60.0
"""Seconds that are waited at most, whatever the server asks for."""

_BLOCK: Final = 1 << 15
"""Bytes that are read at once; an incomplete block is downloaded again after an interruption."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file to download.

    Parameters
    ----------
    name
        Its name in the record.
    url
        Where it is.
    size
        Bytes; None if unknown.
    checksum
        ``algorithm:digits`` as the record states it; None if it states none.
    """

    name: str
    url: str
    size: int | None = None
    checksum: str | None = None


def patience_s(attempt: int, pause: float, answer: object | None) -> float:
    """Seconds to wait before a server is asked again.

    Parameters
    ----------
    attempt
        How often it has been asked.
    pause
        Seconds after the first time; longer each time, since an overloaded server recovers.
    answer
        Its answer, which may state a time (``Retry-After``); None if there was none.
    """
    stated = getattr(answer, "headers", {}).get("Retry-After", "")
    asked = float(stated) if re.fullmatch(r"\d+", stated) else 0.0
    # Without a pause nothing is waited for: it is a test.
    return min(max(pause * attempt, asked), _LONGEST_S) if pause else 0.0


class ResumingDownloader:
    """Downloader for pooch, whose own downloaders start at the first byte each time.

    Parameters
    ----------
    file
        The file to download.
    part
        Where it is kept until it is complete.
    pause
        Seconds before an interrupted connection is opened again.
    """

    def __init__(self, file: RemoteFile, part: Path, *, pause: float) -> None:
        self._file = file
        self._part = part
        self._pause = pause

    def __call__(self, url: str, output_file: str, pooch: object) -> None:
        """Write ``output_file``; until it is complete, the bytes are kept in ``part``."""
        import requests

        problem, answer = "", None
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(patience_s(attempt, self._pause, answer))
            try:
                problem, answer = self._go_on(url), None
            except requests.RequestException as error:
                problem, answer = f"{type(error).__name__}: {error}", error.response
            if not problem:
                self._part.replace(output_file)
                return
        have = self._part.stat().st_size if self._part.exists() else 0
        total = "" if self._file.size is None else f" of {self._file.size / 1e6:.1f}"
        msg = (
            f"{self._file.name}: the connection broke off {ATTEMPTS} times ({problem}). "
            f"{have / 1e6:.1f}{total} MB are there: run the same command again to go on"
        )
        raise DatasetError(msg)

    def _go_on(self, url: str) -> str:
        """Download what is missing; returns what went wrong, or an empty text."""
        import requests

        have = self._part.stat().st_size if self._part.exists() else 0
        # A range that begins at the end of the file would be refused (416).
        if have and have == self._file.size:
            return ""
        # With compression by the server, the bytes could not be counted.
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
            if answer.status_code == requests.codes.requested_range_not_satisfiable:
                self._part.unlink()
                return "the server does not have the rest"
            # Errors of the client do not go away by trying again, except a timeout and too many
            # requests.
            if 400 <= answer.status_code < 500 and answer.status_code not in (408, 429):
                msg = f"{self._file.name}: {url} answers {answer.status_code} {answer.reason}"
                raise DatasetError(msg)
            answer.raise_for_status()
            # The range in the answer, not the status alone, proves that the bytes continue the
            # file.
            rest = re.match(rf"bytes {have}-", answer.headers.get("Content-Range", ""))
            if answer.status_code != requests.codes.partial_content or rest is None:
                # A server without support for ranges sends the whole file.
                have = 0
            length = answer.headers.get("Content-Length")
            total = self._file.size or (int(length) + have if length else None)
            with (
                self._part.open("ab" if have else "wb") as out,
                progress(f"downloading {self._file.name}", total, "MB", have) as bar,
            ):
                for block in answer.iter_content(_BLOCK):
                    out.write(block)
                    bar.advance(len(block))
        found = self._part.stat().st_size
        if total is not None and found < total:
            return f"{found} of {total} bytes came"
        if total is not None and found > total:
            self._part.unlink()
            return f"{found} bytes came, more than the {total} expected"
        return ""
