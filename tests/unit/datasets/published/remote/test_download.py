from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from ms25_suite.core.errors import DatasetError
from ms25_suite.datasets.published.remote import download as published_download
from ms25_suite.datasets.published.remote.download import (
    RECORD_URL,
    SUMS,
    download,
    download_folder,
    fetch,
)
from tests.helpers.record_server import Server


def get(server: Server, folder: Path | None = None) -> tuple[Path, ...]:
    return download(server.url, folder, pause=0.0)


def test_all_files_with_their_checksums(server: Server, tmp_path: Path) -> None:
    files = get(server)
    assert [path.name for path in files] == ["MS25 data.zip", "README.md"]
    assert files[0].parent == download_folder(server.url)
    assert [path.read_bytes() for path in files] == list(server.content.values())
    names = [*(path.name for path in files), SUMS]
    assert sorted(path.name for path in files[0].parent.iterdir()) == sorted(names)
    server.requests.clear()
    assert get(server) == files
    # The record is requested again; the files are there.
    assert len(server.requests) == 1


def test_the_page_of_a_record_is_understood(server: Server, tmp_path: Path) -> None:
    page = server.url.replace("/api/", "/")
    assert len(download(page, tmp_path / "x", pause=0.0)) == 2
    assert RECORD_URL == "https://zenodo.org/api/records/10901820"


def test_a_wrong_checksum(server: Server, tmp_path: Path) -> None:
    server.stated["MS25 data.zip"] = "0" * 32
    with pytest.raises(DatasetError, match=r"MS25 data.zip does not have its checksum.*0000"):
        get(server, tmp_path / "x")
    assert list((tmp_path / "x").iterdir()) == []


def test_a_file_that_changed_here_is_replaced(server: Server, tmp_path: Path) -> None:
    files = get(server, tmp_path / "x")
    files[0].write_bytes(b"x")
    assert get(server, tmp_path / "x")[0].read_bytes() == server.content["MS25 data.zip"]


def test_a_record_that_changed_is_refused(server: Server, tmp_path: Path) -> None:
    get(server, tmp_path / "x")
    server.content["README.md"] = b"# other data\n"
    with pytest.raises(DatasetError, match=r"README.md: .* but it stated md5.*first downloaded"):
        get(server, tmp_path / "x")
    assert (tmp_path / "x" / "README.md").read_bytes() == b"# data\n"


def test_no_server(server: Server, tmp_path: Path) -> None:
    url = server.url
    files = get(server)
    server.shutdown()
    server.server_close()
    # What was downloaded and checked is there without a connection.
    assert download(url, pause=0.0) == files
    files[1].write_text("changed")
    with pytest.raises(DatasetError, match=r"README.md is not what was downloaded first"):
        download(url, pause=0.0)
    files[1].unlink()
    with pytest.raises(DatasetError, match=r"cannot reach http.*ms25 data archive FOLDER"):
        download(url, pause=0.0)
    with pytest.raises(DatasetError, match=r"data.zip: the connection broke off 3 times"):
        download(url.replace("api/records/10901820", "data.zip"), tmp_path / "y", pause=0.0)


def test_a_single_file_has_its_checksum_recorded(server: Server, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{server.server_port}/some/README.md"
    (path,) = download(url, tmp_path / "x", pause=0.0)
    assert path.read_bytes() == b"# data\n"
    server.content["README.md"] = b"# other data\n"
    path.unlink()
    with pytest.raises(DatasetError, match=r"README.md does not have its checksum"):
        download(url, tmp_path / "x", pause=0.0)


@pytest.mark.parametrize(
    ("answer", "match"),
    [
        ({"status": 1}, "does not answer as Zenodo's API does.*KeyError: 'files'"),
        ({"files": [{"key": "a"}]}, "does not answer as Zenodo's API does"),
        ({"files": []}, "lists no files"),
        (
            {"files": [{"key": "../a", "size": 1, "checksum": "md5:0", "links": {"self": "x"}}]},
            "leads out of the folder",
        ),
        (
            {"files": [{"key": "a", "size": 1, "checksum": "crc:0", "links": {"self": "x"}}]},
            "unknown kind of checksum 'crc:0'",
        ),
        (
            {"files": [{"key": "a", "size": 10**18, "checksum": "", "links": {"self": "x"}}]},
            r"needs 1000000000.0 GB, but .* free",
        ),
    ],
)
def test_odd_answers(server: Server, tmp_path: Path, answer: dict[str, Any], match: str) -> None:
    server.answer = answer
    with pytest.raises(DatasetError, match=match):
        get(server, tmp_path / "x")


def test_errors_of_the_server(server: Server, tmp_path: Path) -> None:
    server.status = 404
    with pytest.raises(DatasetError, match="answers 404"):
        get(server, tmp_path / "x")
    with pytest.raises(DatasetError, match=r"data.zip: .* answers 404"):
        download(f"http://127.0.0.1:{server.server_port}/data.zip", tmp_path / "x", pause=0.0)
    server.status = 503
    with pytest.raises(DatasetError, match=r"broke off 3 times \(HTTPError: 503"):
        download(f"http://127.0.0.1:{server.server_port}/data.zip", tmp_path / "x", pause=0.0)


@pytest.mark.parametrize("url", ["ftp://x/y.zip", "zenodo.org/records/1", "http://127.0.0.1/"])
def test_senseless_addresses(url: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"starts with https://|neither a record nor a file"):
        published_download.download(url, tmp_path)


def compared(server: Server, folder: Path) -> list[str]:
    return [file.compared for file in fetch(server.url, folder, pause=0.0)]


def test_what_a_checksum_was_compared_with(server: Server, tmp_path: Path) -> None:
    server.stated["README.md"] = ""
    assert compared(server, tmp_path / "x") == ["the checksum that the record states", ""]
    both = "the checksum that the record states and that of the first download"
    assert compared(server, tmp_path / "x") == [both, "that of the first download"]


def test_a_checksum_that_is_stated_later_is_compared(server: Server, tmp_path: Path) -> None:
    server.stated["README.md"] = ""
    get(server, tmp_path / "x")
    server.stated["README.md"] = "0" * 32
    with pytest.raises(DatasetError, match=r"README.md does not have the checksum .* states now"):
        get(server, tmp_path / "x")
    del server.stated["README.md"]
    assert len(get(server, tmp_path / "x")) == 2


def test_an_overloaded_server_is_asked_again(server: Server, tmp_path: Path) -> None:
    server.overloaded = 2
    assert len(get(server, tmp_path / "x")) == 2
    server.overloaded = 99
    # What is there and was checked is used, as without a connection.
    assert len(get(server, tmp_path / "x")) == 2
    with pytest.raises(DatasetError, match=r"cannot reach http.*it answers 503"):
        get(server, tmp_path / "y")


def test_a_redirect_is_followed_also_in_the_middle_of_a_file(
    server: Server, tmp_path: Path
) -> None:
    server.redirect = True
    server.break_after = [300_000]
    files = get(server, tmp_path / "x")
    assert files[0].read_bytes() == server.content["MS25 data.zip"]
    assert any("bytes=" in entry for entry in server.requests)


def test_files_that_came_and_went_are_named(server: Server, tmp_path: Path) -> None:
    get(server, tmp_path / "x")
    server.content["new.zip"] = b"1"
    with pytest.raises(DatasetError, match=r"new.zip: it was not listed then.*delete .*json"):
        get(server, tmp_path / "x")
    del server.content["new.zip"], server.content["README.md"]
    with pytest.raises(DatasetError, match=r"README.md: it is not listed any more"):
        get(server, tmp_path / "x")


def test_an_interrupted_first_download_is_no_manifest(server: Server, tmp_path: Path) -> None:
    server.content["z.zip"] = b"2" * 1000
    server.stated["z.zip"] = "0" * 32
    with pytest.raises(DatasetError, match=r"z.zip does not have its checksum"):
        get(server, tmp_path / "x")
    del server.stated["z.zip"]
    assert len(get(server, tmp_path / "x")) == 3


def test_the_sums_beside_the_files_go_with_them(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As ``sha256sum --check`` reads them; compared on another machine, without its cache."""
    files = get(server, tmp_path / "x")
    lines = (tmp_path / "x" / SUMS).read_text().splitlines()
    digest = hashlib.sha256(files[1].read_bytes()).hexdigest()
    assert lines[1] == f"{digest}  README.md"
    monkeypatch.setenv("MS25_CACHE_DIR", str(tmp_path / "other cache"))
    server.stated["README.md"] = ""
    server.content["README.md"] = b"# other data\n"
    files[1].unlink()
    with pytest.raises(DatasetError, match=r"README.md does not have its checksum"):
        get(server, tmp_path / "x")
