"""How processes that compute are set up: threads and memory.

Unless told otherwise, the C library of Linux gives each tensor of some hundred kilobytes back when
it is freed, and fetches the next one anew, page by page. That costs a MACE of the smoke budget a
fifth of its time.
"""

from __future__ import annotations

import ctypes
import os

__all__ = ["child_environment", "keep_freed_memory", "thread_variables"]

_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")

# Name of the variable: number of the setting in malloc.h, value in bytes.
_HEAP = {
    "MALLOC_TRIM_THRESHOLD_": (-1, 2**31 - 1),
    "MALLOC_MMAP_THRESHOLD_": (-3, 2**30),
}


def thread_variables(threads: int) -> dict[str, str]:
    """Variables of the environment for the number of threads of numerical libraries."""
    return dict.fromkeys(_THREADS, str(threads))


def child_environment(threads: int) -> dict[str, str]:
    """Variables for a new process: threads, and of memory those that the user did not set.

    Parameters
    ----------
    threads
        Threads of the numerical libraries.
    """
    heap = {name: str(value) for name, (_, value) in _HEAP.items() if name not in os.environ}
    return {**thread_variables(threads), **heap}


def keep_freed_memory() -> None:
    """The settings of memory for this process, which runs already; without effect off glibc."""
    try:
        set_option = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    for name, (option, value) in _HEAP.items():
        if name not in os.environ:
            set_option(option, value)
