"""What the fuzzing tests share: limits, settings, hostile values, and mutations of documents."""

from __future__ import annotations

import json
import os
import resource
import signal
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

EXAMPLES: Final = int(os.environ.get("MS25_FUZZ_EXAMPLES", "0"))
"""Examples of each test in a long run; 0: the few of every run, always the same ones."""

MOST_SECONDS: Final = 60.0
MOST_BYTES: Final = 3 << 30


class TooSlow(BaseException):
    """Not an Exception, which the code under test may catch."""


def fuzz(examples: int, *, share: float = 1.0) -> settings:
    """Settings of a test: its number of examples in a normal run, and its share of a long one."""
    return settings(
        max_examples=max(1, round(EXAMPLES * share)) if EXAMPLES else examples,
        derandomize=not EXAMPLES,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


@contextmanager
def limits() -> Iterator[None]:
    """Limits of time and memory of one example."""

    def late(*_: object) -> None:
        raise TooSlow

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = signal.signal(signal.SIGALRM, late)
    resource.setrlimit(resource.RLIMIT_AS, (used + MOST_BYTES, hard))
    signal.setitimer(signal.ITIMER_REAL, MOST_SECONDS)
    try:
        with warnings.catch_warnings():
            # A warning that a person would see is no error.
            warnings.simplefilter("ignore")
            yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


HOSTILE_NUMBERS: Final = (
    *("nan", "inf", "-inf", "1e400", "-1e400", "1e-400", "1e150", "1e-150", "1e9", "-0", "0"),
    *("1_0", "1d5", "1D-3", "1,5", "0x10", "１", "٣", "1e", ".", "--1", "+.5", "5.", "True", "F"),
    *("9" * 25, "9" * 5000, "1" * 400, "", "X", "null", "1/2", "*****", "1.0.0", "1e+0005"),
)

HOSTILE_TEXTS: Final = (
    *("", " ", "\0", "\n", "\r", "\u2028", "\x1b[2J", "é", "\ud800", "\U0001f600", "a" * 5000),
    *('"', "'", "\\", "{", "}", "[", "=", "#", "%s", "{0}", "../x", "/dev/zero", "~nobody/x", "-"),
    *("=cmd|' /C calc'!A0", "<script>", "[bold]", "[/]", "x:y", ":", "nan", "null", "1e400", "//"),
)

numbers_or_damage = st.one_of(
    st.sampled_from(HOSTILE_NUMBERS),
    st.from_regex(r"[-+]?[0-9]{0,3}[._,]?[0-9]{0,3}([eEdD][-+]?[0-9]{1,3})?", fullmatch=True),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers(-(10**20), 10**20).map(str),
)


def _nested(depth: int) -> list[Any]:
    found: list[Any] = []
    for _ in range(depth):
        found = [found]
    return found


hostile_values = st.one_of(
    st.sampled_from(
        (None, True, False, 0, -1, 1, 2**63, -(2**63) - 1, 10**18, 10**400, 1e308, 5e-324, -0.0)
    ),
    st.sampled_from((float("nan"), float("inf"), -float("inf"))),
    st.sampled_from(([], {}, [[]], [{}], {"a": {}}, [None], [1, "a"])),
    st.sampled_from(HOSTILE_TEXTS),
    st.text(max_size=8),
    st.integers(),
    st.floats(),
    st.sampled_from((5, 30, 99, 150)).map(_nested),
    st.lists(st.integers(-2, 3), max_size=3),
    st.dictionaries(st.sampled_from(("path", "value", "a")), st.integers(-1, 2), max_size=2),
)


@st.composite
def changed(draw: st.DrawFn, document: Any) -> Any:
    """A copy of a document of tables and lists, with one to three things changed in it."""
    document = deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(document))
        if not places:
            break
        owner, key = draw(st.sampled_from(places))
        # A former change may have taken the place away.
        match draw(st.sampled_from(("replace", "replace", "replace", "remove", "rename", "copy"))):
            case "replace":
                # A copy: what was drawn may be drawn again.
                owner[key] = deepcopy(draw(hostile_values))
            case "remove":
                del owner[key]
            case "rename" if isinstance(owner, dict):
                owner[draw(st.sampled_from(HOSTILE_TEXTS))] = owner.pop(key)
            case _:
                other, other_key = draw(st.sampled_from(places))
                if isinstance(other, dict) or other_key < len(other):
                    other[other_key] = deepcopy(owner[key])
    return document


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    keys = list(value) if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """Bytes of which some are changed, missing, repeated, or too many."""
    data = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        length = draw(st.sampled_from((1, 1, 2, 4, 8, 64)))
        match draw(st.sampled_from(("flip", "flip", "set", "cut", "insert", "copy", "end"))):
            case "flip" if start < len(data):
                data[start] ^= 1 << draw(st.integers(0, 7))
            case "set":
                data[start : start + length] = draw(st.binary(min_size=length, max_size=length))
            case "cut":
                del data[start : start + length]
            case "insert":
                odd = (b"[" * 20000, b"\0" * 9, b"9" * 5000, b"\xff\xfe", b"{", b'"')
                data[start:start] = draw(st.sampled_from(odd) | st.binary(max_size=8))
            case "copy":
                data[start:start] = data[start // 2 : start // 2 + length]
            case "end":
                del data[start:]
    return bytes(data)


def toml_text(table: dict[str, Any]) -> str:
    """A table as TOML, whatever is in it; inside it all tables are inline."""
    return "".join(f"{json.dumps(key)} = {_toml_value(value)}\n" for key, value in table.items())


def _toml_value(value: Any) -> str:
    if isinstance(value, dict):
        inside = ", ".join(f"{json.dumps(key)} = {_toml_value(one)}" for key, one in value.items())
        return f"{{{inside}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml_value, value))}]"
    if isinstance(value, float):
        return repr(value)
    # TOML has no null.
    return json.dumps("null" if value is None else value)


def outcome(run: Callable[[], Any], *allowed: type[BaseException]) -> Any:
    """What a function returns within the limits; None where it raises an allowed error.

    Any other exception is what the fuzzing tests are looking for.
    """
    with limits():
        try:
            return run()
        except allowed as error:
            message = str(error)
            assert message.strip(), "an error without a message"
            assert "Traceback" not in message
            return None
