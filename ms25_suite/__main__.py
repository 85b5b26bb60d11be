"""``python -m ms25_suite`` is the ``ms25`` command."""

from __future__ import annotations

import sys

from ms25_suite.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
