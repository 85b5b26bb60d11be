"""The files of a record, as Zenodo and the Materials Data Facility list them."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import quote, unquote, urlencode, urlsplit

from ms25_suite.core.errors import DatasetError
from ms25_suite.datasets.published.archive import safe_name
from ms25_suite.datasets.published.remote.resume import ATTEMPTS, TIMEOUT, RemoteFile, patience_s

__all__ = ["MDF_URL", "SOURCES", "ZENODO_URL", "OfflineError", "canonical", "list_files"]

ZENODO_URL: Final = "https://zenodo.org/api/records/10901820"
"""The data of the paper (doi 10.5281/zenodo.10901820) in Zenodo's public API."""

_MDF_DOI: Final = "10.18126/6w8c-by76"
_MDF_INDEX: Final = (
    "https://search.api.globus.org/v1/index/1a57bbe5-5272-477f-9d31-343b8258b7a5/search"
)
"""Index of the Materials Data Facility in Globus Search, which answers without a login."""

_MDF_ENDPOINT: Final = "82f1b5c6-6e9b-11e5-ba47-22000b92c6ec"
_MDF_HOST: Final = "https://data.materialsdatafacility.org"
"""Where the files of this endpoint of Globus can be had by HTTPS, without a login. It sends files
and lists no folders."""

_MOST_ENTRIES: Final = 10_000
"""Entries of one answer: the limit of Globus Search."""


def _mdf_query(index: str, words: str) -> str:
    query = {"q": words, "advanced": "true", "limit": _MOST_ENTRIES}
    return f"{index}?{urlencode(query, quote_via=quote)}"


MDF_URL: Final = _mdf_query(_MDF_INDEX, f'dc.identifier.identifier:"{_MDF_DOI}"')
"""What is said to be a second copy of the data (doi 10.18126/6w8c-by76)."""

SOURCES: Final[Mapping[str, str]] = {"zenodo": ZENODO_URL, "mdf": MDF_URL}
"""Records of the published data by the name of the archive that keeps them."""

_RECORD_PAGE: Final = re.compile(r"^(https?://[^/]+)/(?:api/)?records?/(\d+)/?$")
_SEARCH: Final = re.compile(r"^(https?://[^/]+/v1/index/[0-9a-f-]+/search)\?")


class OfflineError(DatasetError):
    """The server cannot be reached, or does not answer for now."""


def canonical(url: str) -> str:
    """Address in the API of a record whose page was named."""
    match = _RECORD_PAGE.match(url)
    return url if match is None else f"{match[1]}/api/records/{match[2]}"


def list_files(url: str, pause: float) -> list[RemoteFile]:
    """Files of a record; any other address is that of a single file.

    Parameters
    ----------
    url
        A record of Zenodo, a search of Globus for a dataset, or a file.
    pause
        Seconds to wait before an overloaded server is asked again.

    Raises
    ------
    OfflineError
        There is no connection, or the server is overloaded.
    DatasetError
        The answer is an error, or not that of such an interface; there are no files.
    """
    search = _SEARCH.match(url)
    if search is not None:
        return _of_mdf(url, search[1], pause)
    if _RECORD_PAGE.match(url) is not None:
        return _of_zenodo(url, pause)
    # A file alone has no listing, hence no stated size and checksum.
    name = unquote(PurePosixPath(urlsplit(url).path).name)
    if not name:
        msg = f"{url} names neither a record nor a file"
        raise DatasetError(msg)
    return [RemoteFile(safe_name(name, url), url)]


def _of_zenodo(url: str, pause: float) -> list[RemoteFile]:
    page = url.replace("/api/", "/")
    answer = _json(url, pause, f"get the files of {page}")
    try:
        entries = answer["files"]
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


def _of_mdf(url: str, index: str, pause: float) -> list[RemoteFile]:
    """Files that the Materials Data Facility has of a dataset.

    The entry of the dataset names its folder, and its entries of records name their files.
    """
    hint = f"get the files of https://doi.org/{_MDF_DOI}"
    contents = list(_contents(_json(url, pause, hint), url))
    datasets = [entry for entry in contents if _kind(entry) == "dataset"] or contents
    if not datasets:
        msg = (
            f"{url} knows no such dataset. Does https://doi.org/{_MDF_DOI} exist? Get the data "
            f"from Zenodo: ms25 data download"
        )
        raise DatasetError(msg)
    folder = str((datasets[0].get("data") or {}).get("endpoint_path", ""))
    found = _files_of(contents, folder, url)
    source = (datasets[0].get("mdf") or {}).get("source_id")
    if not found and source:
        query = _mdf_query(index, f'mdf.source_id:"{source}"')
        found = _files_of(_contents(_json(query, pause, hint), url), folder, url)
    if not found:
        base = _https(folder)
        web = _web_page(folder)
        msg = (
            f"the Materials Data Facility has the dataset {source or ''} in "
            f"{folder or 'no folder'}, but lists no files of it, and a folder is listed after a "
            f"login only. Get the files by {web}, and give their folder to `ms25 data archive "
            f"FOLDER`"
            + (f"; or a file by its name: ms25 data download --url {base}NAME" if base else "")
        )
        raise DatasetError(msg)
    return found


def _kind(content: Mapping[str, Any]) -> str:
    return str((content.get("mdf") or {}).get("resource_type", ""))


def _contents(answer: Any, url: str) -> Iterator[Mapping[str, Any]]:
    """Contents of the entries of an answer of Globus Search, in its present and its older form."""
    try:
        for result in answer["gmeta"]:
            entries = result.get("entries") or result["content"]
            for entry in entries:
                content = entry.get("content", entry)
                if isinstance(content, Mapping):
                    yield content
    except (KeyError, TypeError, AttributeError) as error:
        msg = (
            f"{url} does not answer as Globus Search does (expected JSON with `gmeta`, each with "
            f"`entries`): {type(error).__name__}: {error}"
        )
        raise DatasetError(msg) from error


def _files_of(contents: Any, folder: str, url: str) -> list[RemoteFile]:
    """Files of entries, each once, named by their place in the folder of the dataset."""
    files: dict[str, RemoteFile] = {}
    root = PurePosixPath(urlsplit(folder).path)
    for content in contents:
        for entry in content.get("files") or []:
            try:
                address = str(entry.get("url") or _https(str(entry["globus"])))
                place = PurePosixPath(unquote(urlsplit(address).path))
                inside = bool(folder) and place.is_relative_to(root)
                name = str(place.relative_to(root)) if inside else str(entry["filename"])
                length, sha512 = entry.get("length"), entry.get("sha512")
                files[name] = RemoteFile(
                    safe_name(name, url),
                    address,
                    None if length is None else int(length),
                    f"sha512:{sha512}" if sha512 else None,
                )
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                msg = (
                    f"{url} lists a file in an unknown way (expected `url` or `globus`, "
                    f"`filename`, `length` and `sha512`): {type(error).__name__}: {error}"
                )
                raise DatasetError(msg) from error
    return list(files.values())


def _https(globus: str) -> str:
    """Address by HTTPS of a file or folder on the endpoint of the facility; empty elsewhere."""
    parts = urlsplit(globus)
    return f"{_MDF_HOST}{quote(parts.path)}" if parts.netloc == _MDF_ENDPOINT else ""


def _web_page(globus: str) -> str:
    parts = urlsplit(globus)
    query = urlencode({"origin_id": parts.netloc, "origin_path": parts.path})
    return f"https://app.globus.org/file-manager?{query}"


def _json(url: str, pause: float, by_hand: str) -> Any:
    """Answer of an interface, asked again while it is overloaded."""
    import requests

    problem = ""
    for attempt in range(ATTEMPTS):
        answer = None
        try:
            answer = requests.get(url, timeout=TIMEOUT)
        except requests.RequestException as error:
            problem = type(error).__name__
        if answer is not None and not _passing(answer.status_code):
            break
        problem = problem if answer is None else f"it answers {answer.status_code} {answer.reason}"
        if attempt < ATTEMPTS - 1:
            time.sleep(patience_s(attempt + 1, pause, answer))
    else:
        msg = (
            f"cannot reach {url} ({problem}). Without a connection: {by_hand} on another machine, "
            f"and give their folder to `ms25 data archive FOLDER`"
        )
        raise OfflineError(msg)
    if not answer.ok:
        msg = f"{url} answers {answer.status_code} {answer.reason}; is it the right record?"
        raise DatasetError(msg)
    try:
        return answer.json()
    except ValueError as error:
        msg = (
            f"{url} does not answer as an interface does: expected JSON, found {answer.text[:80]!r}"
        )
        raise DatasetError(msg) from error


def _passing(status: int) -> bool:
    """Whether an error goes away by waiting."""
    return status in (408, 429) or status >= 500
