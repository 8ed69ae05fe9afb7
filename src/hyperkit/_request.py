"""What requests are made of: paths, bodies, configuration values."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NoReturn
from urllib.parse import quote, unquote

from .errors import ArgumentError, InvalidName

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)
# How servers write that something never expires.
NEVER = "0001-01-01T00:00:00Z"
OPERATION_URL = re.compile(r"/1\.0/operations/([^/?#]+)")
# The fingerprint of the image that an instance was made from.
BASE_IMAGE = "volatile.base_image"
_EXAMPLES = {
    "devices": "{'root': {'type': 'disk', 'path': '/', 'pool': 'default'}}",
    "A device": "{'type': 'disk', 'path': '/', 'pool': 'default'}",
    "environment": "{'LANG': 'C.UTF-8'}",
    "properties": "{'os': 'debian'}",
}
_NO_VALUES = (Mapping, list, tuple, set, frozenset, bytes, bytearray)


def path(*segments: str) -> str:
    """Build a path below ``/1.0``; each segment is quoted whole.

    Args:
        segments: names, such as ``"instances", "web", "state"``.

    Returns:
        The path, such as ``"/1.0/instances/web/state"``.

    Raises:
        InvalidName: a segment is empty, ``"."`` or ``".."``, or holds a control
            character: it would name another resource.
    """
    return "/1.0/" + "/".join([_segment(segment) for segment in segments])


def _segment(text: str) -> str:
    if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        # It may be a whole object, with secrets in it: it is not repeated.
        message = f"A name must be a str, such as instance.name, not {type(text).__name__}."
        raise InvalidName(message)
    if text in {"", ".", ".."} or _CONTROL.search(text):
        message = f"{text!r} cannot be a name: it would address another resource."
        raise InvalidName(message)
    try:
        return quote(text, safe="")
    except UnicodeEncodeError as error:
        message = f"{text!r} cannot be a name: it cannot be written as UTF-8."
        raise InvalidName(message) from error


def check_names(*names: str) -> None:
    """Refuse what cannot be addressed, before the server is asked anything.

    Raises:
        InvalidName: as of `path`.
    """
    path(*names)


def named(name: str) -> str:
    """Refuse what no volume, snapshot or backup can be called.

    Returns:
        The name.

    Raises:
        InvalidName: it cannot be addressed, or has a slash, which parts it from its owner's.
    """
    check_names(name)
    if "/" in name:
        message = f"{name!r} cannot be the name of a volume, a snapshot or a backup."
        raise InvalidName(message)
    return name


def given(**fields: Any) -> dict[str, Any]:
    """Keep the fields that were given.

    Args:
        fields: the names and values; None means "not given".
    """
    return {name: value for name, value in fields.items() if value is not None}


def check_timeout(timeout: float | None) -> None:
    """Refuse what is no time to wait for.

    Raises:
        ArgumentError: it is no number, or below 0.
    """
    if timeout is None:
        return
    if isinstance(timeout, bool) or not isinstance(timeout, int | float):  # pyright: ignore[reportUnnecessaryIsInstance]
        refuse("timeout", "a number of seconds, or None", timeout)
    if not timeout >= 0:
        message = f"timeout must be 0 seconds or more, not {timeout!r}."
        raise ArgumentError(message)


def refuse(what: str, words: str, value: object) -> NoReturn:
    """Say what an argument must be; what it is may be a secret, and is not repeated.

    Args:
        what: its name.
        words: what it must be, such as ``"text"``.
        value: what was given.

    Raises:
        ArgumentError: always.
    """
    message = f"{what} must be {words}, not {type(value).__name__}."
    raise ArgumentError(message)


def mapping(value: Any, what: str, example: str) -> Mapping[str, Any]:
    """Take a mapping for what it is to be.

    Args:
        value: what was given.
        what: it is, such as ``"config"``.
        example: of one, for people.

    Raises:
        ArgumentError: it is none, or one of its keys is no text.
    """
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):  # pyright: ignore[reportUnknownVariableType]
        refuse(what, f"a mapping such as {example}", value)  # pyright: ignore[reportUnknownArgumentType]
    return value  # pyright: ignore[reportUnknownVariableType]


def strings(config: Mapping[str, Any] | None, what: str = "config") -> dict[str, str] | None:
    """Write configuration values as the server does.

    Args:
        config: keys and values; True becomes ``"true"``, numbers become text.
        what: it is, for people.

    Returns:
        A new dict, or None for None.

    Raises:
        ArgumentError: it is no mapping, or a value is no text and no number.
    """
    if config is None:
        return None
    fields = mapping(config, what, _EXAMPLES.get(what, "{'limits.cpu': 2}"))
    return {key: string(value) for key, value in fields.items()}


def string(value: object) -> str:
    """Write one configuration value as the server does.

    Raises:
        ArgumentError: it is a list, a mapping or bytes, which no value is.
    """
    if isinstance(value, _NO_VALUES):
        refuse("A value", "text, a number, True, False or None", value)  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def lasting(config: Mapping[str, str]) -> dict[str, str]:
    """Leave out what a server notes for itself, but for the image that all came from."""
    return {
        key: value
        for key, value in config.items()
        if key == BASE_IMAGE or not key.startswith("volatile.")
    }


def devices_of(
    devices: Mapping[str, Mapping[str, Any]] | None,
) -> dict[str, dict[str, str]] | None:
    """Write the values of devices as the server does.

    Raises:
        ArgumentError: they are no mapping, or one of them is none. None would remove no device:
            servers take it for an empty one.
    """
    if devices is None:
        return None
    named = mapping(devices, "devices", _EXAMPLES["devices"])
    for name, device in named.items():
        if device is None:
            message = (
                f"The device {name!r} is None, which removes none: edit_instance and edit_profile"
                f" do, by `del found.devices[{name!r}]`; {{'type': 'none'}} hides a profile's."
            )
            raise ArgumentError(message)
    return {name: strings(device, "A device") or {} for name, device in named.items()}


def time_of(moment: datetime | str | None) -> str | None:
    """Write a moment as the server does.

    Raises:
        ArgumentError: it is no moment, or has no time zone, so nobody knows when it is.
    """
    if moment is None:
        return None
    if isinstance(moment, str):
        if not _is_moment(moment):
            message = (
                "A moment must be a datetime with a time zone, or text such as"
                f" '2040-01-01T00:00:00Z', not {moment!r}."
            )
            raise ArgumentError(message)
        return moment
    if not isinstance(moment, datetime):  # pyright: ignore[reportUnnecessaryIsInstance]
        refuse("A moment", "a datetime with a time zone, or text", moment)
    if moment.tzinfo is None:
        message = f"{moment!r} has no time zone: use datetime(..., tzinfo=timezone.utc)."
        raise ArgumentError(message)
    return moment.isoformat()


def _is_moment(text: str) -> bool:
    """Tell whether servers read a text as a moment: they take RFC 3339, and nothing else."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return _RFC_3339.fullmatch(text) is not None


def name_of(url: str) -> str:
    """Read the name at the end of a URL of the API.

    Servers name things by URLs in ``used_by``, in the ``resources`` of operations, in the
    ``source`` of events and in ``entity_url``. A name in them is quoted, and a project other
    than the default one follows it.

    Args:
        url: such as ``"/1.0/instances/web?project=blue"``.

    Returns:
        The name: the last one, where it is of what belongs to something else.

    Raises:
        ArgumentError: it is no text.

    Example:
        >>> hyperkit.name_of("/1.0/instances/web?project=blue")
        'web'
    """
    if not isinstance(url, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        refuse("url", "text", url)
    return unquote(url.partition("?")[0].rpartition("/")[2])


def uuid_of(operation: Mapping[str, Any] | str) -> str:
    """Find the UUID in an operation, in its URL, or in a UUID itself.

    Raises:
        ArgumentError: there is none.
    """
    text: Any = operation.get("id") if isinstance(operation, Mapping) else operation
    match = OPERATION_URL.search(text) if isinstance(text, str) and "/" in text else None
    uuid = match[1] if match else text
    if uuid == "":
        message = (
            "An operation whose id is '' was done at once: the server keeps none. Only "
            "wait_for_operation takes it: pass the operation itself."
        )
        raise ArgumentError(message)
    if not isinstance(uuid, str) or "/" in uuid:
        # An operation may hold secrets: it is not repeated.
        what = repr(operation) if isinstance(operation, str) else "This"
        message = f"{what} is not an operation: give an Operation, its UUID or its URL."
        raise ArgumentError(message)
    check_names(uuid)
    return uuid


def der_base64(certificate: str) -> str:
    """Strip the armour off a PEM certificate: the form that every server takes.

    Raises:
        ArgumentError: the text holds no certificate.
    """
    match = re.search(
        r"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", certificate, re.DOTALL
    )
    body = "".join(match[1].split()) if match else ""
    try:
        valid = bool(base64.b64decode(body, validate=True))
    except ValueError:
        valid = False
    if not valid:
        message = "No PEM certificate was given: it begins with -----BEGIN CERTIFICATE-----."
        raise ArgumentError(message)
    return body
