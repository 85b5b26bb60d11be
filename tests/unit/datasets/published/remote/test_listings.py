from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ms25_suite.core.errors import DatasetError
from ms25_suite.datasets.published.remote.download import download, fetch
from ms25_suite.datasets.published.remote.listings import MDF_URL, SOURCES, list_files
from tests.helpers.record_server import Server


@pytest.fixture
def facility(server: Server) -> Server:
    """The dataset as folders and files."""
    server.content = {
        "CHA/set1/train-1000.traj": b"1" * 5000,
        "CHA/set1/test.traj": b"2" * 9000,
        "H2O 64.zip": b"3" * 700,
    }
    return server


@pytest.mark.parametrize("files_in", ["record", "dataset"])
def test_the_second_copy(facility: Server, tmp_path: Path, files_in: str) -> None:
    facility.files_in = files_in
    files = fetch(facility.search_url, tmp_path / "x", pause=0.0)
    names = [file.path.relative_to(tmp_path / "x").as_posix() for file in files]
    # Folders are kept: they say which system and which set a file is of.
    assert names == list(facility.content)
    assert [file.path.read_bytes() for file in files] == list(facility.content.values())
    assert {file.compared for file in files} == {"the checksum that the record states"}
    again = fetch(facility.search_url, tmp_path / "x", pause=0.0)
    assert {file.compared for file in again} == {
        "the checksum that the record states and that of the first download"
    }


def test_a_second_copy_that_changed(facility: Server, tmp_path: Path) -> None:
    download(facility.search_url, tmp_path / "x", pause=0.0)
    facility.content["H2O 64.zip"] = b"4" * 700
    with pytest.raises(DatasetError, match=r"H2O 64.zip: it states the checksum sha512:"):
        download(facility.search_url, tmp_path / "x", pause=0.0)


def test_a_dataset_whose_files_are_not_listed(facility: Server, tmp_path: Path) -> None:
    facility.files_in = None
    with pytest.raises(DatasetError) as refused:
        download(facility.search_url, tmp_path / "x", pause=0.0)
    text = str(refused.value)
    assert "lists no files of it, and a folder is listed after a login only" in text
    assert "https://app.globus.org/file-manager?origin_id=82f1b5c6-" in text
    assert "--url https://data.materialsdatafacility.org/mdf_open/ms25/1.0/NAME" in text


@pytest.mark.parametrize(
    ("answer", "match"),
    [
        ({"gmeta": [], "count": 0}, "knows no such dataset"),
        ({"message": "no index"}, "does not answer as Globus Search does.*KeyError: 'gmeta'"),
        (
            {"gmeta": [{"content": [{"files": [{"length": 3}]}]}]},
            "lists a file in an unknown way",
        ),
        (
            {"gmeta": [{"content": [{"files": [{"url": "http://x/a", "filename": "../a"}]}]}]},
            "leads out of the folder",
        ),
    ],
)
def test_odd_answers_of_the_facility(
    facility: Server, tmp_path: Path, answer: dict[str, Any], match: str
) -> None:
    facility.answer = answer
    with pytest.raises(DatasetError, match=match):
        download(facility.search_url, tmp_path / "x", pause=0.0)


def test_an_older_form_of_the_answer(facility: Server) -> None:
    path = "globus://82f1b5c6-6e9b-11e5-ba47-22000b92c6ec/mdf_open/ms25/1.0/a b.traj"
    facility.answer = {"gmeta": [{"content": [{"files": [{"globus": path, "filename": "a b"}]}]}]}
    (file,) = list_files(facility.search_url, 0.0)
    assert file.url == "https://data.materialsdatafacility.org/mdf_open/ms25/1.0/a%20b.traj"
    assert (file.name, file.size, file.checksum) == ("a b", None, None)


def test_the_published_records() -> None:
    assert SOURCES["zenodo"] == "https://zenodo.org/api/records/10901820"
    assert MDF_URL.startswith("https://search.api.globus.org/v1/index/1a57bbe5-")
    assert "10.18126%2F6w8c-by76" in MDF_URL
