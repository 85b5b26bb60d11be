"""Downloading the published archive with checksums; an interrupted download is resumed."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from ms25_suite.core.cache import atomic_path, cache_dir, content_key, file_sha256
from ms25_suite.core.errors import DatasetError
from ms25_suite.core.sealed import DamagedError, sealed_json, unseal_json
from ms25_suite.datasets.published.remote.listings import (
    ZENODO_URL,
    OfflineError,
    canonical,
    list_files,
)
from ms25_suite.datasets.published.remote.resume import RemoteFile, ResumingDownloader

__all__ = ["RECORD_URL", "Downloaded", "RemoteFile", "download", "download_folder", "fetch"]

RECORD_URL: Final = ZENODO_URL
"""What is downloaded where nothing else is said."""

SUMS: Final = "SHA256SUMS"
"""Checksums beside the files, as ``sha256sum --check`` reads them."""

_STATED: Final = "the checksum that the record states"
_EARLIER: Final = "that of the first download"


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
    return cache_dir("published", content_key({"url": canonical(url)})[:12])


def download(
    url: str = RECORD_URL, folder: Path | None = None, *, pause: float = 2.0
) -> tuple[Path, ...]:
    """Paths of the files that `fetch` downloads, with the same parameters and errors."""
    return tuple(file.path for file in fetch(url, folder, pause=pause))


def fetch(
    url: str = RECORD_URL, folder: Path | None = None, *, pause: float = 2.0
) -> tuple[Downloaded, ...]:
    """Download all files of a record, or a single file.

    Checksums that the record states are compared. A manifest of names and SHA-256 is written after
    the first download, in the cache and beside the files (``SHA256SUMS``), and compared from then
    on, so that files that are already there can be used without a connection.

    Parameters
    ----------
    url
        A record (its page, its address in Zenodo's API, or a search of Globus for a dataset of the
        Materials Data Facility), or a file.
    folder
        Where to; None for `download_folder`.
    pause
        Seconds to wait before a broken connection is made again.

    Returns
    -------
    :
        The files.

    Raises
    ------
    DatasetError
        There is no connection, a checksum is wrong, the record was changed since it was first
        downloaded, or the disk is full.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        msg = f"expected an address that starts with https://, found {url!r}"
        raise DatasetError(msg)
    url = canonical(url)
    folder = folder or download_folder(url)
    record = cache_dir("checksums") / f"{content_key({'url': url})}.json"
    known = _known(record, folder)
    try:
        files = list_files(url, pause)
    # Compute nodes often have no connection: files that were verified once may be used there.
    except OfflineError as error:
        hashes = {folder / name: entry["sha256"] for name, entry in known.files.items()}
        if not hashes or not known.complete or not all(path.is_file() for path in hashes):
            raise
        for path, expected in hashes.items():
            _check(path, str(expected), str(error))
        return tuple(Downloaded(path, str(sha256), _EARLIER) for path, sha256 in hashes.items())
    _refuse_changed(url, files, known, record, folder)
    folder.mkdir(parents=True, exist_ok=True)
    _refuse_full_disk(files, folder)
    fetched = []
    for file in files:
        entry = known.files.get(file.name, {})
        stated, sha256 = entry.get("stated"), entry.get("sha256")
        path = _fetch(file, sha256, folder, pause=pause)
        if sha256 and stated is None:
            _compare(path, file)
        digits = sha256 or file_sha256(path)
        known.files[file.name] = {"sha256": digits, "stated": file.checksum}
        # What was stated in the first download was compared then.
        compared = " and ".join(
            words for words, there in ((_STATED, file.checksum), (_EARLIER, sha256)) if there
        )
        fetched.append(Downloaded(path, digits, compared))
        # After each file, so that an interruption does not lose the checksums of finished ones.
        _write(record, replace(known, complete=len(fetched) == len(files)))
    sums = "".join(f"{file.sha256}  {file.path.relative_to(folder)}\n" for file in fetched)
    with atomic_path(folder / SUMS) as temporary:
        temporary.write_text(sums, encoding="utf-8")
    return tuple(fetched)


@dataclass(frozen=True, slots=True)
class _Manifest:
    """What is known of the files of a record since they were first downloaded.

    Parameters
    ----------
    files
        Name to the ``sha256`` of the file and the checksum that the record ``stated``.
    complete
        Whether these are all files that the record had.
    """

    files: dict[str, dict[str, str | None]]
    complete: bool = False


def _write(record: Path, known: _Manifest) -> None:
    with atomic_path(record) as temporary:
        temporary.write_text(sealed_json(asdict(known), record.name, indent=1), encoding="utf-8")


def _refuse_changed(
    url: str, files: Sequence[RemoteFile], known: _Manifest, record: Path, folder: Path
) -> None:
    """Refuse a record that has other files than when it was first downloaded."""
    listed = {file.name: file.checksum for file in files}
    changes = []
    for name, entry in known.files.items():
        stated, now = entry.get("stated"), listed.get(name)
        if name not in listed:
            changes.append(f"{name}: it is not listed any more")
        elif None not in (stated, now) and stated != now:
            changes.append(
                f"{name}: it states the checksum {now}, but it stated {stated} when it was first "
                f"downloaded"
            )
    if known.complete:
        changes += [f"{name}: it was not listed then" for name in listed if name not in known.files]
    if changes:
        msg = (
            f"{url} is not what was first downloaded. {'; '.join(changes)}. Published records do "
            f"not change. If this one was changed for a reason, delete {record} and {folder}, and "
            f"download it anew"
        )
        raise DatasetError(msg)


def _known(record: Path, folder: Path) -> _Manifest:
    """What earlier downloads found; nothing where that is damaged or there were none."""
    try:
        content = unseal_json(record.read_bytes(), str(record), record.name)
        return _Manifest(dict(content["files"]), bool(content["complete"]))
    except (OSError, DamagedError, KeyError):
        pass
    # The folder may have been copied from another machine.
    try:
        lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return _Manifest({})
    entries = [re.fullmatch(r"([0-9a-f]{64})  (.+)", line) for line in lines]
    found = {match[2]: match[1] for match in entries if match is not None}
    return _Manifest(
        {name: {"sha256": sha256, "stated": None} for name, sha256 in found.items()}, bool(found)
    )


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


def _fetch(file: RemoteFile, sha256: str | None, folder: Path, *, pause: float) -> Path:
    import pooch

    pooch.get_logger().setLevel("WARNING")
    target = folder / file.name
    expected = f"sha256:{sha256}" if sha256 else file.checksum
    if expected is not None and expected.partition(":")[0] not in pooch.hashes.ALGORITHMS_AVAILABLE:
        msg = f"{file.name}: unknown kind of checksum {expected!r}"
        raise DatasetError(msg)
    target.parent.mkdir(parents=True, exist_ok=True)
    # A partial file of another version must not be resumed.
    tag = hashlib.sha256(f"{file.url} {file.checksum} {file.size}".encode()).hexdigest()[:12]
    part = target.with_name(f".{target.name}.{tag}.part")
    getter = ResumingDownloader(file, part, pause=pause)
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
