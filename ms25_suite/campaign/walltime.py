"""Wall times as batch systems write them."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["hours", "seconds", "walltime"]

_FORM: Final = re.compile(r"(?:(?P<d>\d{1,3})-)?(?P<h>\d{1,4}):(?P<m>[0-5]\d):(?P<s>[0-5]\d)")

_DAY_S: Final = 86400
_HOUR_S: Final = 3600


def seconds(text: str) -> int:
    """Seconds of a wall time ``H:MM:SS`` or ``D-HH:MM:SS``.

    Raises
    ------
    ValueError
        It is none.

    Examples
    --------
    >>> seconds("1:12:00")
    4320
    >>> seconds("1-00:00:00")
    86400
    """
    found = _FORM.fullmatch(text.strip())
    if found is None:
        msg = f"expected a wall time H:MM:SS or D-HH:MM:SS, found {text!r}"
        raise ValueError(msg)
    days, hour, minute, second = (int(found[key] or 0) for key in "dhms")
    total = days * _DAY_S + hour * _HOUR_S + minute * 60 + second
    if total == 0:
        msg = f"expected a wall time of at least a second, found {text!r}"
        raise ValueError(msg)
    return total


def walltime(total_s: float) -> str:
    """Wall time ``H:MM:SS`` of a number of seconds, rounded up.

    Examples
    --------
    >>> walltime(4319.2)
    '1:12:00'
    """
    whole = int(-(-total_s // 1))
    return f"{whole // _HOUR_S}:{whole % _HOUR_S // 60:02d}:{whole % 60:02d}"


def hours(total_s: float) -> str:
    """A time for people, to two digits.

    Examples
    --------
    >>> hours(75.0), hours(5400.0), hours(400000.0)
    ('75 s', '1.5 h', '4.6 days')
    """
    for unit, size in (("days", 2 * _DAY_S), ("h", _HOUR_S), ("min", 120)):
        if total_s >= size:
            value = total_s / (_DAY_S if unit == "days" else _HOUR_S if unit == "h" else 60)
            return f"{value:.0f} {unit}" if value >= 10 else f"{value:.1f} {unit}"
    return f"{total_s:.0f} s"
