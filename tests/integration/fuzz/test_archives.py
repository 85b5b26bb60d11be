"""Archives with anything in them: the content as it was written, or refused with a reason."""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ms25_suite.core.errors import ModelFileError
from ms25_suite.potentials.archive import checked_archive
from ms25_suite.potentials.model_file import summarise
from tests.helpers.fuzzing import damaged, fuzz, outcome

WEIGHTS = bytes(range(256)) * 4
MEMBERS = {
    "model/data.pkl": pickle.dumps({"weights": [1.0, 2.0], "name": "tiny"}, protocol=2),
    "model/data/0": WEIGHTS,
    "model/version": b"3\n",
}
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
PICKLES = ("/data.pkl",)


def archive(method: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        for name, content in MEMBERS.items():
            file.writestr(zipfile.ZipInfo(name), content, method)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "model.pt"


@pytest.mark.parametrize("method", METHODS)
def test_a_sound_archive_is_accepted(path: Path, method: int) -> None:
    path.write_bytes(archive(method))
    assert checked_archive(path, PICKLES) == (tuple(MEMBERS), MEMBERS["model/data.pkl"])


@fuzz(250, share=10.0)
@given(method=st.sampled_from(METHODS), data=st.data())
def test_a_damaged_archive_holds_the_same_or_is_refused(
    path: Path, method: int, data: st.DataObject
) -> None:
    path.write_bytes(data.draw(damaged(archive(method))))
    found = outcome(lambda: checked_archive(path, PICKLES), ModelFileError)
    if found is None:
        return
    names, _ = found
    with zipfile.ZipFile(path) as file:
        # A changed name is another member, but no content is another one.
        assert all(file.read(name) in MEMBERS.values() for name in names)


FIELDS = {"method": (10, 2), "crc": (16, 4), "packed": (20, 4), "size": (24, 4), "offset": (42, 4)}
"""Fields of an entry of the table of members: where, and how many bytes (APPNOTE.TXT, 4.3.12)."""


@fuzz(150, share=6.0)
@given(
    method=st.sampled_from(METHODS),
    changes=st.lists(
        st.tuples(
            st.integers(0, 2),
            st.sampled_from((*FIELDS, "flags")),
            st.sampled_from((0, 1, 8, 9, 12, 99, 255, 2**16 - 1, 2**31, 2**32 - 1))
            | st.integers(0, 2000),
        ),
        min_size=1,
        max_size=3,
    ),
)
def test_a_table_of_members_that_lies_is_refused(
    path: Path, method: int, changes: list[tuple[int, str, int]]
) -> None:
    content = bytearray(archive(method))
    starts = [n for n in range(len(content)) if content.startswith(b"PK\x01\x02", n)]
    for member, field, value in changes:
        at, length = FIELDS.get(field, (8, 2))
        formatted = struct.pack("<I", value)[:length]
        content[starts[member] + at : starts[member] + at + length] = formatted
    path.write_bytes(bytes(content))
    found = outcome(lambda: checked_archive(path, PICKLES), ModelFileError)
    if found is not None:
        with zipfile.ZipFile(path) as file:
            for name in found[0]:
                # An entry may be that of an empty member in all its fields.
                assert file.read(name) in (MEMBERS[name], b"")
                assert file.getinfo(name).file_size == len(file.read(name))


@fuzz(200, share=10.0)
@given(data=st.data())
def test_any_pickle_is_looked_through_without_harm(path: Path, data: st.DataObject) -> None:
    sound = MEMBERS["model/data.pkl"]
    content: Any = data.draw(damaged(sound) | st.binary(max_size=60))
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("model/data.pkl", content)
    summary = outcome(lambda: summarise(path), ModelFileError)
    assert summary is None or summary.is_zip
