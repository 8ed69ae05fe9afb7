"""What names, configurations and devices must look like, in the servers' own words."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any, cast

from .answers import Json, Refused, mapping

if TYPE_CHECKING:
    from .call import Call

_INSTANCE = re.compile(r"[a-zA-Z0-9-]+")
_OWN = ("user.",)
_RESERVED = "$?&+\"'`*/"
_CONFIG = (
    "boot.",
    "cloud-init.",
    "cluster.",
    "environment.",
    "image.",
    "limits.",
    "linux.",
    "migration.",
    "nvidia.",
    "oci.",
    "raw.",
    "security.",
    "snapshots.",
    "systemd.",
    "ubuntu_pro.",
    "user.",
    "volatile.",
    "agent.",
)
_DEVICES = (
    "disk",
    "gpu",
    "infiniband",
    "nic",
    "none",
    "pci",
    "proxy",
    "tpm",
    "unix-block",
    "unix-char",
    "unix-hotplug",
    "usb",
)


def instance_name(name: str, *, lxd: bool) -> None:
    """Refuse what cannot be the name of an instance."""
    host_name(name, lxd=lxd, before="Invalid instance name: ")


def plain_name(name: str, title: str) -> None:
    """Refuse a name that is empty, or has slashes in it.

    Args:
        name: from the body.
        title: of the kind, such as ``"Profile"``.
    """
    if not name:
        raise Refused(400, "No name provided")
    if "/" in name:
        raise Refused(400, f"{title} names may not contain slashes")


def host_name(name: str, *, lxd: bool, code: int = 400, before: str = "") -> None:
    """Refuse what cannot be the name of a host, and so of an instance or an ACL.

    Args:
        name: from the body.
        lxd: whether the server is an LXD.
        code: to refuse with.
        before: what the refusal begins with.
    """
    text = ""
    if not 1 <= len(name) <= 63:
        text = "Name must be 1-63 characters long"
    elif name[0] == "-":
        text = 'Name must not start with "-" character'
    elif lxd and name[0].isdigit():
        text = "Name must not start with a number"
    elif name.endswith("-"):
        text = 'Name must not end with "-" character'
    elif name.isdigit():
        text = "Name cannot be a number"
    elif not _INSTANCE.fullmatch(name):
        text = "Name can only contain alphanumeric and hyphen characters"
    if text:
        raise Refused(code, before + text)


def api_name(name: str, code: int = 500, before: str = "") -> None:
    """Refuse what Incus 7 takes for no name, whatever it is for.

    Args:
        name: from the body.
        code: to refuse with.
        before: what the refusal begins with.
    """
    text = ""
    reserved = next((one for one in name if one in _RESERVED), "")
    if len(name) > 64:
        text = "Maximum name length is 64 characters"
    elif any(one.isspace() for one in name):
        text = "Name cannot contain white space"
    elif reserved:
        text = f'Name contains invalid character "{reserved}"'
    elif not (name[:1].isalnum() and name[-1:].isalnum()):
        text = "Names must start and end with an alphanumeric character"
    if text:
        raise Refused(code, before + text)


def options(given: Any, known: tuple[str, ...], text: str, code: int = 500) -> dict[str, str]:
    """Read a configuration of what belongs to networks.

    Args:
        given: from the body.
        known: its keys, or the beginnings of them with their dots; users' own are known.
        text: to refuse another with.
        code: to refuse it with.
    """
    found = texts(given)
    for key in found:
        if not any(key == one or (one[-1] == "." and key.startswith(one)) for one in known + _OWN):
            raise Refused(code, text.format(key))
    return found


def config(call: Call, given: Any, code: int = 400, before: str = "") -> dict[str, str]:
    """Read an instance's or a profile's configuration.

    Args:
        call: the request.
        given: from the body.
        code: to refuse with.
        before: what the refusal begins with.

    Raises:
        Refused: there is no such key.
    """
    found: dict[str, str] = {}
    placed = call.flavour.has("instance_placement_groups")
    for key, value in texts(given).items():
        if key == "placement.group" and placed:
            if (call.project, value) not in call.state.families.get("placement-groups", {}):
                raise Refused(404, f"{before}Placement group not found")
        elif not key.startswith(_CONFIG):
            raise Refused(code, f"{before}Unknown configuration key: {key}")
        if key == "volatile.uuid" and not _is_uuid(str(value)):
            raise Refused(code, f"{before}Invalid UUID")
        found[key] = value
    return found


def texts(given: Any, field: str = "config") -> dict[str, str]:
    """Read a map of texts; the servers take nothing else in its place.

    Args:
        given: from the body.
        field: its name in the body.

    Raises:
        Refused: it is something else, or holds something else.
    """
    if given is None:
        return {}
    wrong = "json: cannot unmarshal {} into Go struct field .{} of type {}"
    if not isinstance(given, dict):
        raise Refused(400, wrong.format(_kind(given), field, "map[string]string"))
    known = mapping(cast("Any", given))
    for value in known.values():
        if not isinstance(value, str):
            raise Refused(400, wrong.format(_kind(value), field, "string"))
    return dict(known)


def _kind(value: object) -> str:
    """Name a kind of JSON value as Go does."""
    names = {"bool": "bool", "int": "number", "float": "number", "list": "array", "dict": "object"}
    return names.get(type(value).__name__, "string")


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def devices(given: Any, code: int = 400, before: str = "") -> Json:
    """Read an instance's or a profile's devices.

    Args:
        given: from the body.
        code: to refuse with.
        before: what the refusal begins with.

    Raises:
        Refused: there is no such kind of device, or no such option.
    """
    found: Json = given or {}
    for name, device in found.items():
        failed = f'{before}Device validation failed for "{name}": '
        kind = device.get("type", "")
        if kind not in _DEVICES:
            text = f'Failed loading device "{name}": Unsupported device type'
            raise Refused(code, failed + text)
        if kind == "disk" and not device.get("source") and not device.get("path"):
            text = 'Disk entry is missing the required "source" or "path" property'
            raise Refused(code, failed + text)
        if kind == "none":
            for option in sorted(set(device) - {"type"}):
                raise Refused(code, f'{failed}Invalid device option "{option}"')
    return found


def profiles(call: Call, given: list[str], code: int = 404) -> list[str]:
    """Refuse profiles that are not there."""
    known = call.home("profiles").profiles
    for name in given:
        if name not in known:
            text = f'Requested profile "{name}" doesn\'t exist' if code == 500 else ""
            raise Refused(code, text or "Profile not found")
    return given
