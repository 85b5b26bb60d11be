"""Files of frames with anything in them: read as written, or refused with a reason."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ase.io
import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.emt import EMT
from hypothesis import given
from hypothesis import strategies as st

from ms25_suite.core.errors import DatasetError
from ms25_suite.datasets.cards.card import LabelKeys
from ms25_suite.datasets.cards.files import CardFile
from ms25_suite.datasets.dataset import read_content
from ms25_suite.datasets.readers.files import read_images
from ms25_suite.datasets.store import Content
from tests.helpers.fuzzing import (
    HOSTILE_TEXTS,
    damaged,
    fuzz,
    numbers_or_damage,
    outcome,
)

Cells = list[list[str]]

plain = st.floats(-50.0, 50.0, allow_subnormal=False)
label = st.floats(-1e4, 1e4, allow_subnormal=False)


@st.composite
def frames(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A few frames as plain numbers."""
    found = []
    for _ in range(draw(st.integers(1, 4))):
        n_atoms = draw(st.integers(2, 4))  # one alone is a reference of its element
        vector = st.lists(plain, min_size=3, max_size=3)
        force = st.lists(label, min_size=3, max_size=3)
        found.append(
            {
                "symbols": draw(
                    st.lists(
                        st.sampled_from(("H", "O", "Cu", "U")), min_size=n_atoms, max_size=n_atoms
                    )
                ),
                "positions": draw(st.lists(vector, min_size=n_atoms, max_size=n_atoms)),
                "forces": draw(st.lists(force, min_size=n_atoms, max_size=n_atoms)),
                "energy": draw(label),
                "length": draw(st.floats(3.0, 30.0)),
            }
        )
    return found


def words(written: list[dict[str, Any]]) -> list[tuple[list[str], list[list[str]]]]:
    """Each frame as the words of its header (the cell, the energy) and of its rows."""
    found = []
    for one in written:
        length = repr(one["length"])
        cell = [length, "0.0", "0.0", "0.0", length, "0.0", "0.0", "0.0", length]
        rows = [
            [symbol, *map(repr, position), *map(repr, force)]
            for symbol, position, force in zip(
                one["symbols"], one["positions"], one["forces"], strict=True
            )
        ]
        found.append(([*cell, repr(one["energy"])], rows))
    return found


def text_of(found: list[tuple[list[str], list[list[str]]]]) -> str:
    lines = []
    for header, rows in found:
        lines.append(str(len(rows)))
        lines.append(
            f'Lattice="{" ".join(header[:9])}" Properties=species:S:1:pos:R:3:REF_forces:R:3 '
            f'REF_energy={header[9]} pbc="T T T"'
        )
        lines += [" ".join(row) for row in rows]
    return "\n".join(lines) + "\n"


def opened(path: Path) -> Content:
    return read_content((CardFile(path),), LabelKeys(), {}, str(path))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@fuzz(40)
@given(written=frames())
def test_what_is_written_is_read(folder: Path, written: list[dict[str, Any]]) -> None:
    path = folder / "sound.extxyz"
    path.write_text(text_of(words(written)), encoding="utf-8")
    content = outcome(lambda: opened(path))
    assert content.labels.energy.tolist() == [one["energy"] for one in written]
    assert content.labels.forces.tolist() == [row for one in written for row in one["forces"]]
    found = content.frames.positions.tolist()
    assert found == [row for one in written for row in one["positions"]]


@fuzz(150, share=2.0)
@given(written=frames(), token=numbers_or_damage, data=st.data())
def test_a_number_that_was_changed_is_read_as_written_or_refused(
    folder: Path, written: list[dict[str, Any]], token: str, data: st.DataObject
) -> None:
    found = words(written)
    frame = data.draw(st.integers(0, len(found) - 1))
    header, rows = found[frame]
    in_header = data.draw(st.booleans())
    row = data.draw(st.integers(0, len(rows) - 1))
    column = data.draw(st.sampled_from((0, 4, 8, 9)) if in_header else st.integers(1, 6))
    if in_header:
        header[column] = token
    else:
        rows[row][column] = token
    path = folder / "number.extxyz"
    path.write_text(text_of(found), encoding="utf-8")
    content = outcome(lambda: opened(path), DatasetError)
    if content is None:
        return
    if token.lower() in ("nan", "-nan", "+nan"):
        # A label that is not a number is a missing one.
        assert column == 9 if in_header else column > 3
        missing = content.labels.energy if in_header else content.labels.forces
        assert missing is None or np.isnan(missing).any()
        return
    first = int(content.frames.offsets[frame])
    if not in_header:
        values = (content.frames.positions, content.labels.forces)[(column - 1) // 3]
        read = values[first + row, (column - 1) % 3]
    elif column == 9:
        read = content.labels.energy[frame]
    else:
        read = content.frames.cells[frame].reshape(9)[column]
    # Other writers of numbers than Python's: neither digits of other scripts nor underscores.
    assert token.isascii()
    assert "_" not in token
    assert read == float(token.lower().replace("d", "e"))
    for index, one in enumerate(written):
        if index != frame:
            assert content.labels.energy[index] == one["energy"]


@fuzz(80)
@given(written=frames(), data=st.data())
def test_a_damaged_text_is_read_or_refused(
    folder: Path, written: list[dict[str, Any]], data: st.DataObject
) -> None:
    sound = text_of(words(written)).encode()
    path = folder / "damaged.extxyz"
    path.write_bytes(data.draw(damaged(sound)))
    content = outcome(lambda: opened(path), DatasetError)
    if content is not None:
        assert np.isfinite(content.frames.positions).all()
        assert (content.frames.numbers > 0).all()


KEYS = (
    *("energy", "REF_energy", "stress", "virial", "forces", "split", "Lattice", "pbc", "charge"),
    *("temperature_K", "Properties", "config_type", "a b", "=", "é", "info"),
)


@fuzz(60)
@given(
    written=frames(),
    extra=st.lists(
        st.tuples(
            st.sampled_from(KEYS),
            st.one_of(numbers_or_damage, st.sampled_from(HOSTILE_TEXTS)),
        ),
        min_size=1,
        max_size=3,
    ),
)
def test_odd_entries_of_a_header_are_read_or_refused(
    folder: Path, written: list[dict[str, Any]], extra: list[tuple[str, str]]
) -> None:
    lines = text_of(words(written)).splitlines()
    lines[1] += "".join(
        f' {key}="{value}"'.encode("utf-8", "replace").decode() for key, value in extra
    )
    path = folder / "header.extxyz"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    outcome(lambda: opened(path), DatasetError)


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".xz": lzma.compress,
    ".bz2": bz2.compress,
}


@pytest.mark.parametrize("suffix", PACKERS)
@fuzz(30, share=0.5)
@given(data=st.data())
def test_a_damaged_compressed_file_is_the_same_or_refused(
    folder: Path, suffix: str, data: st.DataObject
) -> None:
    written = [
        {
            "symbols": ["Cu", "O"],
            "positions": [[0.0, 0.0, 0.0], [1.5, 0.25, 0.0]],
            "forces": [[0.5, 0.0, 0.25], [-0.5, 0.0, -0.25]],
            "energy": -7.25,
            "length": 9.0,
        }
    ] * 3
    path = folder / f"packed.extxyz{suffix}"
    path.write_bytes(data.draw(damaged(PACKERS[suffix](text_of(words(written)).encode()))))
    content = outcome(lambda: opened(path), DatasetError)
    if content is not None:
        assert content.labels.energy.tolist() == [-7.25] * 3
        assert content.frames.positions.tolist() == [[0.0, 0.0, 0.0], [1.5, 0.25, 0.0]] * 3


def images() -> list[Any]:
    found = []
    for seed in range(3):
        atoms = bulk("Cu", cubic=True)
        atoms.rattle(0.05, seed=seed)
        atoms.calc = EMT()
        atoms.get_forces()
        found.append(atoms)
    return found


@pytest.fixture(scope="module", params=["traj", "db"])
def binary(request: pytest.FixtureRequest, folder: Path) -> tuple[Path, bytes]:
    path = folder / f"sound.{request.param}"
    ase.io.write(path, images())
    return path.with_stem("damaged"), path.read_bytes()


@fuzz(30, share=0.3)
@given(data=st.data())
def test_a_damaged_binary_file_is_read_or_refused(
    binary: tuple[Path, bytes], data: st.DataObject
) -> None:
    path, sound = binary
    path.write_bytes(data.draw(damaged(sound)))
    outcome(lambda: list(read_images(path)), DatasetError)
    outcome(lambda: opened(path), DatasetError)
