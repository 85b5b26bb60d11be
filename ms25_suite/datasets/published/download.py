"""Downloading the published archive with checksums; an interrupted download is resumed."""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from ms25_suite.core.cache import atomic_path, cache_dir, content_key, file_sha256
from ms25_suite.core.errors import DatasetError
from ms25_suite.core.sealed import DamagedError, sealed_json, unseal_json
from ms25_suite.datasets.published.archive import safe_name
from ms25_suite.datasets.published.resume import TIMEOUT, RemoteFile, ResumingDownloader

__all__ = ["RECORD_URL", "Downloaded", "RemoteFile", "download", "download_folder", "fetch"]

RECORD_URL: Final = "https://zenodo.org/api/records/10901820"
"""The data of the paper (doi 10.5281/zenodo.10901820) in Zenodo's public API."""

_STATED: Final = "the checksum that the record states"
_EARLIER: Final = "that of the first download"

_RECORD_PAGE: Final = re.compile(r"^(https?://[^/]+)/(?:api/)?records?/(\d+)/?$")


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A file that was downloaded, or was there already.

    Parameters
    ----------
    path
        Where it is.
    sha256
        Its SHA-256.
    compared
        What its checksum was compared with, in words; empty if there was nothing to compare.
    """

    path: Path
    sha256: str
    compared: str


def download_folder(url: str = RECORD_URL) -> Path:
    """Default folder of the files: one for each record, in the cache."""
    return cache_dir("published", content_key({"url": _canonical(url)})[:12])


def download(
    url: str = RECORD_URL, folder: Path | None = None, *, progress: bool = False, pause: float = 2.0
) -> tuple[Path, ...]:
    """Paths of the files that `fetch` downloads, with the same parameters and errors."""
    return tuple(file.path for file in fetch(url, folder, progress=progress, pause=pause))


def fetch(
    url: str = RECORD_URL, folder: Path | None = None, *, progress: bool = False, pause: float = 2.0
) -> tuple[Downloaded, ...]:
    """Download all files of a record, or a single file.

    Checksums that the record states are compared. The SHA-256 of each file is recorded in the
    cache after the first download and compared from then on, so that files that are already there
    can be used without a connection.

    Parameters
    ----------
    url
        A record (its page, or its address in Zenodo's API), or a file.
    folder
        Where to; None for `download_folder`.
    progress
        Whether to show a progress bar on the standard error stream.
    pause
        Seconds to wait before a broken connection is made again.

    Returns
    -------
    :
        The files.

    Raises
    ------
    DatasetError
        There is no connection, a checksum is wrong, or the disk is full.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        msg = f"expected an address that starts with https://, found {url!r}"
        raise DatasetError(msg)
    url = _canonical(url)
    folder = folder or download_folder(url)
    record = cache_dir("checksums") / f"{content_key({'url': url})}.json"
    known = _known(record)
    try:
        files = _listing(url)
    # Compute nodes often have no connection: files that were verified once may be used there.
    except _OfflineError as error:
        hashes = {folder / name: str(entry["sha256"]) for name, entry in known.items()}
        if not hashes or not all(path.is_file() for path in hashes):
            raise
        for path, expected in hashes.items():
            _check(path, expected, str(error))
        return tuple(Downloaded(path, expected, _EARLIER) for path, expected in hashes.items())
    folder.mkdir(parents=True, exist_ok=True)
    _refuse_full_disk(files, folder)
    fetched = []
    for file in files:
        entry = known.get(file.name, {})
        stated = entry.get("stated")
        if stated is not None and file.checksum is not None and stated != file.checksum:
            msg = (
                f"{file.name}: {url} states the checksum {file.checksum}, but it stated {stated} "
                f"when it was first downloaded. Published records do not change. If this one was "
                f"changed for a reason, delete {record} and {folder / file.name}"
            )
            raise DatasetError(msg)
        sha256 = entry.get("sha256")
        path = _fetch(file, sha256, folder, progress=progress, pause=pause)
        if sha256 and stated is None:
            _compare(path, file)
        known[file.name] = {"sha256": sha256 or file_sha256(path), "stated": file.checksum}
        # What was stated in the first download was compared then.
        compared = " and ".join(
            words for words, there in ((_STATED, file.checksum), (_EARLIER, sha256)) if there
        )
        fetched.append(Downloaded(path, known[file.name]["sha256"], compared))
        # After each file, so that an interruption does not lose the checksums of finished ones.
        with atomic_path(record) as temporary:
            temporary.write_text(sealed_json(known, record.name, indent=1), encoding="utf-8")
    return tuple(fetched)


class _OfflineError(DatasetError):
    """The server cannot be reached."""


def _canonical(url: str) -> str:
    """Address in the API of a record whose page was named."""
    match = _RECORD_PAGE.match(url)
    return url if match is None else f"{match[1]}/api/records/{match[2]}"


def _known(record: Path) -> dict[str, dict[str, Any]]:
    """Checksums of earlier downloads; a damaged record counts as none."""
    try:
        return unseal_json(record.read_bytes(), str(record), record.name)
    except (OSError, DamagedError):
        return {}


def _check(path: Path, sha256: str, why: str) -> None:
    found = file_sha256(path)
    if found != sha256:
        msg = (
            f"{path} is not what was downloaded first: expected sha256 {sha256}, found {found}. "
            f"Delete it and download it again. ({why})"
        )
        raise DatasetError(msg)


def _compare(path: Path, file: RemoteFile) -> None:
    """Compare a file that was there already with a checksum that was not stated before."""
    import pooch

    if file.checksum is None:
        return
    kind, _, digits = file.checksum.partition(":")
    if pooch.file_hash(str(path), alg=kind) != digits:
        msg = (
            f"{path} does not have the checksum that the record states now, {file.checksum}. "
            f"Delete it and download it again"
        )
        raise DatasetError(msg)


def _listing(url: str) -> list[RemoteFile]:
    """Files of a record; any other URL is that of a single file."""
    import requests

    # A file alone has no listing, hence no stated size and checksum.
    if _RECORD_PAGE.match(url) is None:
        name = unquote(PurePosixPath(urlsplit(url).path).name)
        if not name:
            msg = f"{url} names neither a record nor a file"
            raise DatasetError(msg)
        return [RemoteFile(safe_name(name, url), url)]
    try:
        answer = requests.get(url, timeout=TIMEOUT)
    except requests.RequestException as error:
        page = url.replace("/api/", "/")
        msg = (
            f"cannot reach {url} ({type(error).__name__}). Without a connection: get the files of "
            f"{page} on another machine, and give their folder to `ms25 data archive FOLDER`"
        )
        raise _OfflineError(msg) from error
    if not answer.ok:
        msg = f"{url} answers {answer.status_code} {answer.reason}; is it the right record?"
        raise DatasetError(msg)
    try:
        entries = answer.json()["files"]
        files = [
            RemoteFile(
                safe_name(entry["key"], url),
                entry["links"]["self"],
                int(entry["size"]),
                str(entry["checksum"]) if entry.get("checksum") else None,
            )
            for entry in entries
        ]
    except (ValueError, KeyError, TypeError) as error:
        msg = (
            f"{url} does not answer as Zenodo's API does (expected JSON with `files`, each with "
            f"`key`, `size`, `checksum` and `links`): {type(error).__name__}: {error}"
        )
        raise DatasetError(msg) from error
    if not files:
        msg = f"{url} lists no files; are they open to everybody?"
        raise DatasetError(msg)
    return files


def _refuse_full_disk(files: list[RemoteFile], folder: Path) -> None:
    missing = [file for file in files if not (folder / file.name).is_file()]
    needed = sum(file.size or 0 for file in missing)
    free = shutil.disk_usage(folder).free
    if needed > free:
        msg = (
            f"the download needs {needed / 1e9:.1f} GB, but {folder} has {free / 1e9:.1f} GB free; "
            f"name another folder (--out)"
        )
        raise DatasetError(msg)


def _fetch(
    file: RemoteFile, sha256: str | None, folder: Path, *, progress: bool, pause: float
) -> Path:
    import pooch

    pooch.get_logger().setLevel("WARNING")
    target = folder / file.name
    expected = f"sha256:{sha256}" if sha256 else file.checksum
    if expected is not None and expected.partition(":")[0] not in pooch.hashes.ALGORITHMS_AVAILABLE:
        msg = f"{file.name}: unknown kind of checksum {expected!r}"
        raise DatasetError(msg)
    # A partial file of another version must not be resumed.
    tag = hashlib.sha256(f"{file.url} {file.checksum} {file.size}".encode()).hexdigest()[:12]
    part = target.with_name(f".{target.name}.{tag}.part")
    getter = ResumingDownloader(file, part, progress=progress, pause=pause)
    try:
        pooch.retrieve(file.url, expected, fname=target.name, path=target.parent, downloader=getter)
    except ValueError as error:
        msg = (
            f"{file.name} does not have its checksum after the download, so it was thrown away: "
            f"{error}. Run the command again; if that does not help, the server or the record is "
            f"not to be trusted"
        )
        raise DatasetError(msg) from error
    except OSError as error:
        msg = f"cannot write {target}: {error}"
        raise DatasetError(msg) from error
    return target
