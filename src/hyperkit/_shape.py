"""Whether what the server sent is of the shape that was asked for."""

from __future__ import annotations

from typing import Any, cast

from ._resource import Kind, Resource
from .errors import InvalidResponse

# What these fields hold in every object that has them; null is left to mean "none".
_FIELDS: dict[str, type] = {
    "aliases": list,
    "api_extensions": list,
    "certificate": str,
    "config": dict,
    "description": str,
    "devices": dict,
    "environment": dict,
    "err": str,
    "fds": dict,
    "filename": str,
    "fingerprint": str,
    "id": str,
    "metadata": dict,
    "name": str,
    "processes": int,
    "profiles": list,
    "properties": dict,
    "secret": str,
    "server_name": str,
    "status": str,
    "status_code": int,
    "target": str,
    "token": str,
    "type": str,
}
_WORDS = {dict: "an object", list: "a list", str: "text", int: "a number"}


def shaped(found: Any, kind: type[Kind]) -> Kind:
    """Take an object of the API for what it is to be.

    Only the fields that this library itself looks into are looked at, and values are not
    repeated: they may be secrets.

    Args:
        found: what the server sent.
        kind: the type of the object.

    Raises:
        InvalidResponse: it is no object, or one of its fields holds something else than it
            does in every object of the API.
    """
    fields: dict[str, Any] = expect(found, dict)
    for name, value in fields.items():
        wanted = _FIELDS.get(name, object)
        if not isinstance(value, wanted) and (value is not None or wanted is int):
            message = f"The server sent an object whose {name} is not {_WORDS[wanted]}."
            raise InvalidResponse(message)
    if type(fields) is Resource:
        # It was made for this call alone, and need not be copied.
        object.__setattr__(fields, "__class__", kind)
        return cast("Kind", fields)
    return kind(fields)


def entries(found: Any, kind: type[Kind]) -> list[Kind]:
    """Take a list of objects; servers write an empty one as null too.

    Raises:
        InvalidResponse: it is something else.
    """
    return [shaped(entry, kind) for entry in listed(found, dict)]


def listed(found: Any, kind: type[Any] = str) -> list[Any]:
    """Take a list of which every entry is of one kind; servers write an empty one as null too.

    Raises:
        InvalidResponse: it is something else.
    """
    return [expect(entry, kind) for entry in expect([] if found is None else found, list)]


def fields_of(found: Any) -> Resource:
    """Take an object of which nothing is known; servers write an empty one as null too.

    Raises:
        InvalidResponse: it is something else.
    """
    fields = expect({} if found is None else found, dict)
    return fields if isinstance(fields, Resource) else Resource(fields)


def expect(found: Any, kind: type[Any]) -> Any:
    """Refuse a value of another kind than it must be.

    Raises:
        InvalidResponse: it is of another kind.
    """
    if not isinstance(found, kind):
        message = f"The server sent something else in the place of {_WORDS[kind]}."
        raise InvalidResponse(message)
    return found
