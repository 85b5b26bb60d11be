"""Exhausted memory, of the host or of a device."""

from __future__ import annotations

from typing import Final

from ms25_suite.core.errors import OutOfMemoryError

__all__ = ["is_out_of_memory", "out_of_memory"]

_NO_MEMORY: Final = (
    "out of memory",
    "can't allocate",
    "_alloc_failed",
    "cudaerrormemoryallocation",
)
"""In messages of PyTorch about memory: allocators of both devices, cuBLAS and cuSOLVER, CUDA."""


def out_of_memory(n_atoms: int, error: BaseException) -> OutOfMemoryError:
    """Error for a single frame that does not fit into the memory of a worker.

    Parameters
    ----------
    n_atoms
        Number of atoms of the frame.
    error
        What was raised, see `is_out_of_memory`.
    """
    return OutOfMemoryError(
        f"a frame of {n_atoms} atoms does not fit into the memory of the worker ({error}). Use "
        "fewer workers, --dtype=float32, a smaller cell or a larger machine"
    )


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means exhausted memory, which PyTorch reports as a plain RuntimeError."""
    text = str(error).lower()
    return isinstance(error, MemoryError) or any(sign in text for sign in _NO_MEMORY)
