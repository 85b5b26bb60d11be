from __future__ import annotations

import json
import os
import platform

from ms25_suite import __version__
from ms25_suite.core.machine import Machine, machine, packages


def test_this_machine() -> None:
    here = machine()
    assert here.python == platform.python_version()
    assert 1 <= here.n_cpu <= (os.cpu_count() or 1)
    assert here.platform == platform.platform()
    assert here.memory_gb is None or here.memory_gb > 0


def test_a_machine_is_jsonable_in_the_order_of_the_file() -> None:
    here = Machine(platform="Linux", cpu="a processor", n_cpu=2, python="3.11.7")
    assert json.loads(json.dumps(here.to_dict())) == {
        "platform": "Linux",
        "cpu": "a processor",
        "n_cpu": 2,
        "memory_gb": None,
        "gpu": None,
        "python": "3.11.7",
    }
    assert list(here.to_dict())[-1] == "python"


def test_installed_packages() -> None:
    found = packages()
    assert found["ms25-suite"] == __version__
    assert {"numpy", "pytest", "ase"} <= set(found)
