"""MPI without its network, for a LAMMPS that runs as one process.

MPI libraries listen on the network interfaces of the machine as soon as they are initialised, for
processes on other machines that do not exist here.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

__all__ = ["local_mpi", "without_network"]

_LOOPBACK: Final = "lo0" if sys.platform == "darwin" else "lo"

_VARIABLES: Final = {
    # UCX, the first choice of MPICH: within a process, and shared memory
    # (https://openucx.readthedocs.io/en/master/faq.html).
    "UCX_TLS": "self,sm",
    # libfabric, its second choice, always wants an interface: man fi_tcp, fi_sockets, fi_udp.
    "FI_TCP_IFACE": _LOOPBACK,
    "FI_SOCKETS_IFACE": _LOOPBACK,
    "FI_UDP_IFACE": _LOOPBACK,
    # Open MPI (https://docs.open-mpi.org, parameters of the MCA) and Intel MPI.
    "OMPI_MCA_btl": "self",
    "OMPI_MCA_oob_tcp_if_include": _LOOPBACK,
    "I_MPI_FABRICS": "shm",
}


def local_mpi() -> dict[str, str]:
    """Environment variables for a process that needs no network; those of the user stay."""
    return {name: value for name, value in _VARIABLES.items() if name not in os.environ}


@contextmanager
def without_network() -> Iterator[None]:
    """Let an MPI that is initialised meanwhile, here or in a new process, do without a network.

    The variables are taken back afterwards: a training on several GPUs may need its network.
    """
    added = local_mpi()
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)
