"""``python -m ms25_suite`` is the ``ms25`` command."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    if not sys.flags.safe_path:
        # -m puts the working folder first on the path, where a file of it (secrets.py, numpy.py)
        # would hide the module of that name.
        sys.path.append(sys.path.pop(0))
    from ms25_suite.cli.main import main

    sys.exit(main())
