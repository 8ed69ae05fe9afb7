"""Lists within bodies: rules, ports, entries; written as the server reads them.

Servers pass over a key that they do not know without a word, so a misspelt one is
refused here. What a server has sent may have any keys, and goes back with all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ._request import string
from ._resource import Resource
from .errors import ArgumentError


def nested(
    what: str,
    entries: Iterable[Mapping[str, Any]] | None,
    kinds: Mapping[str, type],
) -> list[dict[str, Any]] | None:
    """Write the entries of a list.

    Args:
        what: the name of the list, for people, such as ``"ports"``.
        entries: mappings; a value of None is left out.
        kinds: the keys that an entry may have, and what their values are: ``str`` takes
            numbers too, ``list`` is one of texts.

    Returns:
        A new list, or None for None.

    Raises:
        ArgumentError: an entry has an unknown key, or a value that cannot be meant.
    """
    if entries is None:
        return None
    return [_entry(what, entry, kinds) for entry in entries]


def texts(what: str, values: Any) -> list[str] | None:
    """Write a list of texts.

    Args:
        what: its name, for people, such as ``"addresses"``.
        values: the texts.

    Returns:
        A new list, or None for None.

    Raises:
        ArgumentError: it is one text, or holds something else than texts.
    """
    if values is None:
        return None
    if isinstance(values, Iterable) and not isinstance(values, str):
        found: list[Any] = list(values)  # pyright: ignore[reportUnknownArgumentType]
        if all(isinstance(value, str) for value in found):
            return found
    message = f"{what} must be a list of str, not {values!r}."
    raise ArgumentError(message)


def _entry(what: str, entry: Any, kinds: Mapping[str, type]) -> dict[str, Any]:
    if not isinstance(entry, Mapping):
        message = f"{what} must be a list of mappings: {entry!r} is none."
        raise ArgumentError(message)
    fields: Mapping[str, Any] = entry  # pyright: ignore[reportUnknownVariableType]
    unknown = sorted(set(fields) - set(kinds))
    if unknown and not isinstance(entry, Resource):
        message = f"{what}: there is no key {unknown[0]!r}; the keys are {', '.join(kinds)}."
        raise ArgumentError(message)
    return {
        name: _value(f"{what}: {name}", value, kinds[name]) if name in kinds else value
        for name, value in fields.items()
        if value is not None
    }


def _value(what: str, value: Any, kind: type) -> Any:
    number = isinstance(value, int) and not isinstance(value, bool)
    if kind is list:
        return texts(what, value)
    if kind is str and (number or isinstance(value, str)):
        return string(value)
    if (kind is int and number) or (kind is bool and isinstance(value, bool)):
        return value
    message = f"{what} must be {'text' if kind is str else kind.__name__}, not {value!r}."
    raise ArgumentError(message)
