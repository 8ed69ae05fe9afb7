"""What the server sends, as a dict whose keys are attributes too."""

from __future__ import annotations

import json
import re
from datetime import datetime
from functools import cache
from keyword import iskeyword
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from ._request import NEVER, time_of
from .errors import MissingField

# Go writes "never" as the first moment of its calendar, or of Unix'.
_NEVER = ("0001-01-01T00:00:00", "1970-01-01T00:00:00")
# What objects of other clients do.
_VERBS = {"delete", "execute", "freeze", "rename", "restart", "save", "start", "stop", "wait"}
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class Resource(dict[str, Any]):
    """An object of the API: items are the wire, attributes are Python.

    ``instance["created_at"]`` is the server's text, ``instance.created_at`` an
    aware ``datetime``, or None for "never". A trailing underscore reads a key
    that is a word of Python: ``operation.class_``. Unknown fields are kept, so
    that what was read, changed and written back loses nothing. A field that is
    there, or that the type names, can be set as an attribute too.

    Example:
        >>> web = Resource({"name": "web", "last_used_at": "0001-01-01T00:00:00Z"})
        >>> web.last_used_at
        >>> web.name = "db"
        >>> web["name"]
        'db'
    """

    __slots__ = ()

    def __dir__(self) -> list[str]:
        """List the fields beside what a dict has, for completion and for Python's hints."""
        fields = [f"{key}_" if iskeyword(key) else key for key in self]
        return sorted({*super().__dir__(), *filter(str.isidentifier, fields)})

    def __missing__(self, key: str) -> NoReturn:
        """Say which field is not there."""
        message = f"The {type(self).__name__} has no field {key!r}"
        if key in _VERBS:
            message += (
                ": objects of the API are data. The client's methods act, such as"
                " client.start_instance(name) and client.wait_for_operation(operation)."
            )
        elif key in _named(type(self)):
            message += (
                " here: servers send it in some answers only (with a higher recursion, say),"
                " or not at all."
            )
        raise MissingField(message, key, tuple(self))

    # Hidden from checkers, so that a misspelt field of a typed subclass is seen.
    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Read a key as an attribute."""
            if name.startswith("__"):  # a method, for Python: it copies by those
                self.__missing__(name)
            key = name[:-1] if name.endswith("_") and name[:-1] in self else name
            value = self[key]
            if isinstance(value, str) and (key.endswith("_at") or key == "timestamp"):
                return _moment(value)
            return value

        def __setattr__(self, name: str, value: object) -> None:
            """Set a key as an attribute; one that nobody knows is a slip."""
            key = name[:-1] if name.endswith("_") and iskeyword(name[:-1]) else name
            known = _named(type(self))
            if key not in self and key not in known:
                message = f"The {type(self).__name__} has no field {key!r}"
                raise MissingField(message, key, (*self, *sorted(known)))
            self[key] = _wire(value) if key.endswith("_at") else value


Kind = TypeVar("Kind", bound=Resource)


@cache
def _named(kind: type[Resource]) -> frozenset[str]:
    """List the fields that a type names, as the server writes them."""
    names = {name for one in kind.__mro__ for name in getattr(one, "__annotations__", ())}
    return frozenset(name[:-1] if iskeyword(name[:-1]) else name for name in names)


_decoder = json.JSONDecoder(object_hook=Resource)


def decode(document: str | bytes) -> Any:
    """Read a JSON document; its objects become resources.

    Raises:
        ValueError: it is none, is nested too deep, or holds text that cannot be written again.
    """
    text = document if isinstance(document, str) else document.decode()
    try:
        found: Any = _decoder.decode(text)
        # Half of a surrogate pair: no server writes it, and nothing can be made of it.
        if _SURROGATE.search(text):
            json.dumps(found, ensure_ascii=False).encode()
    except RecursionError as error:
        message = "nested too deep"
        raise ValueError(message) from error
    return found


def _wire(moment: Any) -> Any:
    """Write a time as the API does; what is none is handed on as it is."""
    if moment is None:
        return NEVER
    return time_of(moment) if isinstance(moment, datetime) else moment


def _moment(text: str) -> datetime | str | None:
    """Read a time of the API; text that is none is handed on as it is."""
    if not text or text.startswith(_NEVER):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return text
