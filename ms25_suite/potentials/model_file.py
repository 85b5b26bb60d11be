"""Content of a model file, read without executing anything in it.

Loading a pickle runs code that its author chose. Here only the opcodes of the pickle are read.
"""

from __future__ import annotations

import pickletools
from dataclasses import dataclass
from pathlib import Path

from ms25_suite.core.documents.files import refuse_irregular
from ms25_suite.core.errors import ModelFileError
from ms25_suite.potentials.archive import checked_archive

__all__ = ["FileSummary", "summarise"]

_ZIP_MAGIC = b"PK\x03\x04"
_MEMORY_OPS = {"MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT"}


@dataclass(frozen=True, slots=True)
class FileSummary:
    """Content of a file that can be read without loading it.

    Parameters
    ----------
    path
        The file.
    head
        Its first bytes.
    members
        Names in the archive without the leading folder; empty if it is not a zip archive.
    pickle_globals
        ``module.name`` of everything that loading the main pickle would import.
    pickle_strings
        Text constants of the main pickle.
    """

    path: Path
    head: bytes
    members: frozenset[str]
    pickle_globals: frozenset[str]
    pickle_strings: frozenset[str]

    @property
    def is_zip(self) -> bool:
        """Whether the file is a zip archive, as PyTorch writes them."""
        return self.head.startswith(_ZIP_MAGIC)

    @property
    def is_state_dict(self) -> bool:
        """Whether the pickle holds only tensors and containers: weights without a model."""
        modules = {name.split(".")[0] for name in self.pickle_globals}
        return bool(self.pickle_globals) and modules <= {"torch", "collections", "numpy", "_codecs"}


def summarise(path: Path) -> FileSummary:
    """Summarise a model file without loading it.

    Raises
    ------
    ModelFileError
        The file is missing, empty, unreadable, or a damaged archive.
    """
    refuse_irregular(path, "the model file", ModelFileError)
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError as error:
        msg = f"cannot read the model file {path}: {error.strerror or error}"
        raise ModelFileError(msg) from error
    if not head:
        msg = f"the model file {path} is empty (0 bytes): was writing or copying it interrupted?"
        raise ModelFileError(msg)
    if not head.startswith(_ZIP_MAGIC):
        return FileSummary(path, head, frozenset(), frozenset(), frozenset())
    # PyTorch archives have data.pkl, packages of nequip eager_model.pkl.
    names, pickle = checked_archive(path, ("/data.pkl", "eager_model.pkl"))
    try:
        found, texts = _read_pickle(pickle) if pickle is not None else (set(), set())
    except Exception as error:  # pickletools raises anything on what is no pickle
        msg = (
            f"the pickle in the model file {path} is damaged ({type(error).__name__}: {error}). "
            "Copy or download the file again"
        )
        raise ModelFileError(msg) from error
    members = frozenset(name.split("/", 1)[1] for name in names if "/" in name)
    return FileSummary(path, head, members, frozenset(found), frozenset(texts))


def _read_pickle(data: bytes) -> tuple[set[str], set[str]]:
    """Imports and text constants of a pickle, from its opcodes."""
    found: set[str] = set()
    texts: list[str] = []
    for opcode, argument, _ in pickletools.genops(data):
        if opcode.name == "GLOBAL":
            found.add(str(argument).replace(" ", "."))
        # STACK_GLOBAL takes module and name from the stack: the two texts pushed last.
        elif opcode.name == "STACK_GLOBAL" and len(texts) >= 2:
            found.add(f"{texts[-2]}.{texts[-1]}")
        elif isinstance(argument, str) and opcode.name not in _MEMORY_OPS:
            texts.append(argument)
    return found, set(texts)
