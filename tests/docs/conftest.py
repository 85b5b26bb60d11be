"""The folder of the site's programs is no package: Sphinx and `make docs` run it by its path."""

from __future__ import annotations

import sys

from tests.conftest import REPOSITORY

sys.path[:0] = [str(REPOSITORY / "docs" / "site"), str(REPOSITORY / "docs" / "tutorials")]
