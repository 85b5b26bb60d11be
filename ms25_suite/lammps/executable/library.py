"""The LAMMPS library of an environment, run as a program.

``python -m ms25_suite.lammps.executable.library -in FILE ARGUMENT…`` does the same as
``lmp -in FILE ARGUMENT…``, and ``-h`` prints what the library was built with. So a library is
inspected and run in the same way as an executable, and a crash does not end the calling process.
"""

from __future__ import annotations

import sys

from ms25_suite.core.errors import LammpsNotInstalledError
from ms25_suite.lammps.instance import open_lammps

__all__ = ["main"]


def main(arguments: list[str]) -> int:
    """Run LAMMPS with the arguments of its command line.

    Returns
    -------
    :
        Exit status: 1 if LAMMPS is not installed or cannot be loaded, else 0.
    """
    inputs: list[str] = []
    if "-in" in arguments:
        # The library accepts -in but does not read the file: that is left to the caller.
        place = arguments.index("-in")
        inputs = arguments[place + 1 : place + 2]
        arguments = arguments[:place] + arguments[place + 2 :]
    try:
        lammps = open_lammps(arguments)
    except LammpsNotInstalledError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for name in inputs:
        lammps.file(name)
    lammps.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
