"""Writing frames as extended XYZ, and the card beside them."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from ms25_suite.core.cache import atomic_path
from ms25_suite.core.errors import DatasetError
from ms25_suite.core.fields import REF_FORCES
from ms25_suite.core.text.shown import encodable
from ms25_suite.datasets.readers.files import data_suffix, stem

if TYPE_CHECKING:
    from ase import Atoms

__all__ = [
    "WRITABLE",
    "card_path",
    "naming_errors",
    "refuse_output",
    "stated",
    "write_card",
    "write_extxyz",
]

WRITABLE: Final = (".extxyz", ".extxyz.xz", ".extxyz.gz", ".xyz", ".xyz.xz", ".xyz.gz")
"""Extensions that `write_extxyz` writes."""


def card_path(data: Path) -> Path:
    """Path of the card of a file of frames: the same name, ending ``.toml``."""
    return data.with_name(f"{stem(data)}.toml")


def write_card(path: Path, values: Mapping[str, Any]) -> None:
    """Write a card.

    Parameters
    ----------
    path
        The TOML file.
    values
        Keys of the card; a mapping becomes a table (of tables), a list of mappings an
        array of tables, and one inside a table a list of inline tables.
        None and empty values are left out.
    """
    kept = stated(values)
    plain = {key: value for key, value in kept.items() if not _is_table(value)}
    lines = [f"{key} = {_literal(value)}" for key, value in plain.items()]
    for key, value in kept.items():
        if key in plain:
            continue
        tables = [value] if isinstance(value, Mapping) else value
        for table in tables:
            lines += ["", f"[{key}]" if isinstance(value, Mapping) else f"[[{key}]]"]
            lines += [
                f"{name} = {_literal(entry)}"
                for name, entry in table.items()
                if not isinstance(entry, Mapping)
            ]
            for name, entry in table.items():
                if isinstance(entry, Mapping):
                    lines += ["", f"[{key}.{name}]"]
                    lines += [f"{inner} = {_literal(item)}" for inner, item in entry.items()]
    with atomic_path(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")


def stated(values: Mapping[str, Any]) -> dict[str, Any]:
    """What `write_card` writes of the values of a card: those that are not None or empty."""
    return {key: value for key, value in values.items() if value not in (None, "", (), [], {})}


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping) or (
        isinstance(value, Sequence) and bool(value) and isinstance(value[0], Mapping)
    )


def _literal(value: Any) -> str:
    """TOML literal; JSON's strings, numbers, booleans and lists of those are TOML as well."""
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{key} = {_literal(item)}' for key, item in value.items())} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, str):
        # Names of source files need not be UTF-8.
        value = encodable(value)
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def refuse_output(out: Path, *, overwrite: bool) -> None:
    """Check an output path before the work starts.

    Raises
    ------
    DatasetError
        The extension cannot be written, the name cannot be written into a card, the folder is
        missing, or something is there already.
    """
    if data_suffix(out).lower() not in WRITABLE:
        msg = f"{out}: expected a name that ends in one of {', '.join(WRITABLE)}"
        raise DatasetError(msg)
    if encodable(out.name) != out.name:
        msg = f"{encodable(str(out))}: the name is not UTF-8, so that no card can name the file"
        raise DatasetError(msg)
    if not out.parent.is_dir():
        msg = f"{out}: there is no folder {out.parent}"
        raise DatasetError(msg)
    for path in (out, card_path(out)):
        if path.exists() and not overwrite:
            msg = f"{path} exists already: name another file, or add --overwrite"
            raise DatasetError(msg)


def write_extxyz(
    path: Path, images: Iterable[Atoms], *, suffix: str | None = None, exact: bool = False
) -> int:
    """Write extended XYZ, compressed if the name ends so; the same frames give the same bytes.

    What is written is ``info`` and ``arrays`` of each frame; calculators are left out.

    Parameters
    ----------
    path
        File to write.
    images
        The frames.
    suffix
        Extension that decides the compression; None for that of ``path``.
    exact
        Whether forces have eleven significant digits, in place of ASE's eight decimals.

    Returns
    -------
    int
        Number of frames.

    Raises
    ------
    DatasetError
        The extension is not that of an extended XYZ file.
    """
    ending = (suffix or data_suffix(path)).lower()
    if ending not in WRITABLE:
        msg = f"{path}: expected a name that ends in one of {', '.join(WRITABLE)}"
        raise DatasetError(msg)
    count = 0
    with ExitStack() as stack:
        raw: IO[bytes] = stack.enter_context(path.open("wb"))
        binary: Any = raw
        if ending.endswith(".xz"):
            # One stream of one thread: neither time nor machine enters the bytes. Level 1 takes a
            # tenth of the time of the default, level 6, for a quarter more bytes.
            binary = stack.enter_context(lzma.open(raw, "wb", preset=1))
        elif ending.endswith(".gz"):
            # gzip's header has name and time of the file, which would change the bytes and their
            # SHA-256.
            packed = gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0)
            binary = stack.enter_context(packed)
        for atoms in images:
            binary.write((_with_all_digits(atoms) if exact else _text(atoms)).encode())
            count += 1
    return count


def _text(atoms: Atoms) -> str:
    from ase.io.extxyz import write_xyz

    text = io.StringIO()
    # Without the results of calculators: labels are stored under their REF_ names only, since ASE
    # moves plain `energy` and `forces` into a calculator when it reads them back.
    write_xyz(text, atoms, write_results=False)
    return text.getvalue()


def _with_all_digits(atoms: Atoms) -> str:
    """The text of a frame whose forces come last, with eleven digits each."""
    forces = atoms.arrays.get(REF_FORCES)
    if forces is None:
        return _text(atoms)
    bare = atoms.copy()
    del bare.arrays[REF_FORCES]
    number, header, *rows = _text(bare).splitlines()
    header = re.sub(r"\b(Properties=\S+)", rf"\1:{REF_FORCES}:R:3", header, count=1)
    rows = [
        f"{row} {x:.10e} {y:.10e} {z:.10e}"
        for row, (x, y, z) in zip(rows, forces.tolist(), strict=True)
    ]
    return "\n".join([number, header, *rows]) + "\n"


@contextmanager
def naming_errors(path: Path, hint: str = "nothing of it was left behind") -> Iterator[None]:
    """Turn an error of the operating system while a file is written into one that names it.

    Parameters
    ----------
    path
        The file.
    hint
        What remains of it, and what to do.

    Raises
    ------
    DatasetError
        The disk is full, the file too large for a quota, the folder not writable.
    """
    try:
        yield
    except OSError as error:
        msg = f"cannot write {path}: {error.strerror or error}{_room(path)}; {hint}"
        raise DatasetError(msg) from error


def _room(path: Path) -> str:
    try:
        return f" ({shutil.disk_usage(path.parent).free / 1e9:.1f} GB are free there)"
    except OSError:
        return ""
