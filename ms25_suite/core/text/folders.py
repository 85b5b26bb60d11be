"""Files of one name, told apart by the folders that they are in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

__all__ = ["folders_that_differ"]


def folders_that_differ(paths: Sequence[PurePath]) -> list[str]:
    """The shortest ends of the folders of some files that tell all of them apart.

    Parameters
    ----------
    paths
        Paths of the files.

    Returns
    -------
    :
        One text for each path; empty if the folders do not differ, or if a file has none.

    Examples
    --------
    >>> from pathlib import PurePosixPath as Path
    >>> folders_that_differ([Path("/a/run1/best/m.pt"), Path("/a/run2/best/m.pt")])
    ['run1/best', 'run2/best']
    """
    folders = [path.parent.parts for path in paths]
    if not folders or not all(folders):
        return []
    for depth in range(1, max(map(len, folders)) + 1):
        shown = ["/".join(folder[-depth:]).replace("//", "/") for folder in folders]
        if len(set(shown)) == len(shown):
            return shown
    return []
