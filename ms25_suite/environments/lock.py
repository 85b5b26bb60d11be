"""Lock file of a managed environment: what pip has installed, with hashes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from ms25_suite.core.documents.parsing import read_json
from ms25_suite.core.errors import EnvironmentSetupError

__all__ = ["LOCK", "lock_lines", "write_lock"]

LOCK: Final = "requirements.lock"
"""Name of the file in the folder of the environment."""


def write_lock(report: Path, target: Path) -> None:
    """Write the requirements that install the same files again, one a line.

    ``pip install --require-hashes -r requirements.lock`` takes the file.

    Parameters
    ----------
    report
        Report of pip (``pip install --report``).
    target
        File to write.

    Raises
    ------
    EnvironmentSetupError
        The report cannot be read.
    OSError
        The file cannot be written.
    """
    content = read_json(report, "the report of pip", EnvironmentSetupError)
    try:
        lines = lock_lines(content)
    except (KeyError, TypeError) as error:
        msg = f"{report}: expected the installation report of pip, version 1 ({error!r})"
        raise EnvironmentSetupError(msg) from error
    target.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def lock_lines(report: Any) -> list[str]:
    """Lines ``name==version --hash=sha256:…`` in alphabetical order.

    Parameters
    ----------
    report
        Content of a report of pip. What has no hash, such as a folder or a repository, is named by
        its address.
    """
    lines = []
    for entry in report["install"]:
        name, version = entry["metadata"]["name"], entry["metadata"]["version"]
        info = entry["download_info"]
        digest = (info.get("archive_info") or {}).get("hashes", {}).get("sha256")
        lines.append(
            f"{name}=={version} --hash=sha256:{digest}" if digest else f"{name} @ {info['url']}"
        )
    return sorted(lines, key=str.lower)
