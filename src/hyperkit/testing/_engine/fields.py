"""The fields of bodies, and what the servers take in them: one kind of JSON value each.

Here are those that are the same wherever they occur. What is in ``config`` and ``devices`` is
looked at where it is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from .._clock import is_time
from .answers import Refused, listing, mapping

if TYPE_CHECKING:
    from .answers import Json

_TYPES: dict[str, tuple[str, ...]] = {
    "bool": (
        *("allow_inconsistent", "auto_update", "container_only", "disabled", "enabled"),
        *("ephemeral", "force", "instance_only", "interactive", "live", "migration"),
        *("optimized_storage", "persistent", "public", "record-output", "refresh", "restricted"),
        *("start", "stateful", "token", "volume_only", "wait-for-websocket"),
    ),
    "int": ("height", "timeout", "width"),
    "map[string]string": ("environment", "properties"),
    "object": ("source",),
    "string": (
        *("access-key", "action", "address", "architecture", "certificate"),
        *("compression_algorithm", "content_type", "cwd", "description", "driver", "expiry"),
        *("failure_domain", "filename", "format", "instance_type", "listen_address"),
        *("mode", "name", "network", "password", "pool", "project", "restore", "role", "secret"),
        *("secret-key", "server_address", "server_name", "target_project", "trust_token"),
    ),
    "time.Time": ("expires_at",),
    "uint32": ("group", "user"),
    "[]string": ("command", "groups", "members", "profiles", "projects", "roles"),
}
_TYPE_OF = {field: type_ for type_, fields in _TYPES.items() for field in fields}
_KINDS = {"bool": "bool", "int": "number", "float": "number", "list": "array", "dict": "object"}


def check_fields(body: Json) -> None:
    """Refuse a body in which a field holds another kind of value than the servers take.

    Args:
        body: what was sent; null is taken for everything.

    Raises:
        Refused: it does, in the words of Go.
    """
    for field, value in body.items():
        type_ = _TYPE_OF.get(field, "")
        if value is None or not type_:
            continue
        if type_ == "[]string" and isinstance(value, list):
            for one in listing(value):
                _check(field, one, "string")
        elif type_ == "map[string]string" and isinstance(value, dict):
            for one in mapping(value).values():
                _check(field, one, "string")
        else:
            _check(field, value, type_)


def mistyped(value: object, field: str, type_: str) -> str:
    """Say as Go does that a value is of the wrong kind.

    Args:
        value: what was sent.
        field: where.
        type_: of Go, that should have been there.
    """
    kind = _KINDS.get(type(value).__name__, "string")
    if kind == "number" and type_ in {"int", "uint32"}:
        kind = f"number {value}"
    return f"json: cannot unmarshal {kind} into Go struct field .{field} of type {type_}"


def _check(field: str, value: object, type_: str) -> None:
    if type_ == "time.Time":
        _check_time(value)
    elif value is not None and not _fits(value, type_):
        raise Refused(400, mistyped(value, field, type_))


def _check_time(value: object) -> None:
    """Refuse what Go does not read as a time."""
    if not isinstance(value, str):
        raise Refused(400, "Time.UnmarshalJSON: input is not a JSON string")
    if not is_time(value):
        raise Refused(400, f'parsing time "{value}" as "2006-01-02T15:04:05Z07:00"')


def _fits(value: object, type_: str) -> bool:
    if type_ in {"int", "uint32"}:
        whole = isinstance(value, int) and not isinstance(value, bool)
        return whole and (type_ == "int" or 0 <= cast("int", value) < 2**32)
    kinds: dict[str, type] = {"bool": bool, "object": dict, "string": str}
    return type_ in kinds and isinstance(value, kinds[type_])
