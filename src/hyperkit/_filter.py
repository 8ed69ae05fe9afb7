r"""Filters: what the servers' lists are narrowed down by.

The servers split a filter at spaces, know one kind of quotes that only values with a space
may have, and take values for regular expressions. Here every letter that would mean
something to them is written as ``\xNN``, so that a value is found as it is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ._request import string
from .errors import ArgumentError

if TYPE_CHECKING:
    from typing import Self

    Value = str | float | re.Pattern[str] | None

_FIELD = re.compile(r"[^\s\"'\\]+")
_SPECIAL = re.compile(r"[\x00-\x20\x7f\"'\\.+*?()|\[\]{}^$]")
_SEPARATING = re.compile(r"[\x00-\x20\x7f\"']")


class Filter(str):
    r"""A filter for lists, made by `where` and `where_not`; it is text.

    Servers read it from left to right, without brackets: each ``and_`` and ``or_`` joins all
    that stands before it with one more comparison.

    Example:
        >>> where("status", "Running").and_not("name", "web 1")
        'status eq Running and not name eq web\\x201'
    """

    __slots__ = ()

    def and_(self, field: str, value: Value) -> Self:
        """Ask for a further field to have a value too.

        Args:
            field: such as ``"status"``.
            value: as of `where`.

        Raises:
            ArgumentError: as of `where`.

        Example:
            >>> where("status", "Running").and_("type", "container")
            'status eq Running and type eq container'
        """
        return type(self)(f"{self} and {_equals(field, value)}")

    def and_not(self, field: str, value: Value) -> Self:
        """Ask for a further field not to have a value.

        Args:
            field: such as ``"status"``.
            value: as of `where`.

        Raises:
            ArgumentError: as of `where`.

        Example:
            >>> where("status", "Running").and_not("name", "web")
            'status eq Running and not name eq web'
        """
        return type(self)(f"{self} and not {_equals(field, value)}")

    def or_(self, field: str, value: Value) -> Self:
        """Take what has another field with a value as well.

        Args:
            field: such as ``"status"``.
            value: as of `where`.

        Raises:
            ArgumentError: as of `where`.

        Example:
            >>> where("status", "Running").or_("status", "Frozen")
            'status eq Running or status eq Frozen'
        """
        return type(self)(f"{self} or {_equals(field, value)}")

    def or_not(self, field: str, value: Value) -> Self:
        """Take what has a field without a value as well.

        Args:
            field: such as ``"status"``.
            value: as of `where`.

        Raises:
            ArgumentError: as of `where`.

        Example:
            >>> where("status", "Running").or_not("type", "container")
            'status eq Running or not type eq container'
        """
        return type(self)(f"{self} or not {_equals(field, value)}")


def where(field: str, value: Value) -> Filter:
    r"""Begin a filter: a field has a value. See "Filtering" in the servers' manuals.

    Servers do not tell upper from lower case.

    Args:
        field: such as ``"name"``; what is in maps with dots: ``"config.user.role"``.
        value: text (``""`` finds what is empty or not there), a number, True or False, or a
            compiled pattern, ``re.compile("web-.*")``, that the whole value is to match; it
            is the server that reads it, as Go does.

    Raises:
        ArgumentError: the field has a space or quotes in it, or the pattern has flags.

    Example:
        >>> client.instances(filter=where("config.user.role", "web").and_("status", "Running"))
        ['web-1', 'web-2']
        >>> where("description", "two words")
        'description eq two\\x20words'
    """
    return Filter(_equals(field, value))


def where_not(field: str, value: Value) -> Filter:
    """Begin a filter: a field does not have a value.

    Args:
        field: such as ``"status"``.
        value: as of `where`.

    Raises:
        ArgumentError: as of `where`.

    Example:
        >>> where_not("status", "Running")
        'not status eq Running'
    """
    return Filter("not " + _equals(field, value))


def _equals(field: str, value: Value) -> str:
    if not isinstance(field, str) or not _FIELD.fullmatch(field):  # pyright: ignore[reportUnnecessaryIsInstance]
        message = f"{field!r} is no field: it has neither spaces nor quotes in it."
        raise ArgumentError(message)
    return f"{field} eq {_pattern(value) if isinstance(value, re.Pattern) else _literal(value)}"


def _literal(value: Value) -> str:
    """Write a value so that it means itself."""
    return _SPECIAL.sub(_written, string(value)) or "^$"


def _pattern(value: re.Pattern[str]) -> str:
    """Write a pattern so that it is one word."""
    if value.flags & ~(re.UNICODE | re.IGNORECASE):
        message = f"{value!r} has flags that servers do not have: case is ignored in any case."
        raise ArgumentError(message)
    return f"^(?:{_SEPARATING.sub(_written, value.pattern)})$"


def _written(match: re.Match[str]) -> str:
    return f"\\x{ord(match[0]):02x}"
