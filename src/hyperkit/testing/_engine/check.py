"""What names, configurations and devices must look like, in the servers' own words."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any, cast

from . import rules
from .answers import Json, Refused, mapping
from .fields import mistyped

if TYPE_CHECKING:
    from .call import Call

_INSTANCE = re.compile(r"[a-zA-Z0-9-]+")
_OWN = ("user.",)
_RESERVED = "$?&+\"'`*/"
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


def segment(name: str, before: str) -> None:
    """Refuse what cannot stand in a path.

    Args:
        name: from the body.
        before: what the refusal begins with.
    """
    for one in "/?&+":
        if one in name:
            raise Refused(400, f'{before}Cannot contain "{one}"')


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
        Refused: there is no such key, or its value cannot be.
    """
    found = texts(given)
    placed = call.flavour.has("instance_placement_groups")
    for key, value in found.items():
        if key == "placement.group" and placed:
            if value and (call.project, value) not in _placement_groups(call):
                raise Refused(404, f"{before}Placement group not found")
            continue
        wrong = rules.instance(call.flavour, key, value)
        if wrong is None:
            shown = f'"{key}"' if call.flavour.lxd6 else key
            raise Refused(code, f"{before}Unknown configuration key: {shown}")
        if key == "volatile.uuid" and value and not _is_uuid(value):
            wrong = "Invalid UUID"
        if wrong:
            raise Refused(code, before + wrong)
    return found


def _placement_groups(call: Call) -> dict[tuple[str, str], Json]:
    return call.state.families.get("placement-groups", {})


def profile_config(call: Call, given: Any) -> dict[str, str]:
    """Read a profile's configuration: some keys are of instances alone.

    Args:
        call: the request.
        given: from the body.

    Raises:
        Refused: there is no such key, or its value cannot be.
    """
    found = texts(given)
    for word in ("volatile", "image"):
        if any(key.startswith(f"{word}.") for key in found):
            raise Refused(400, f"{word.capitalize()} keys can only be set on instances")
    return config(call, found)


def stored(*configs: dict[str, str]) -> dict[str, str]:
    """Put configurations together as they are kept: without the keys that are empty.

    Args:
        configs: the last one wins.
    """
    merged = {key: value for one in configs for key, value in one.items()}
    return {key: value for key, value in sorted(merged.items()) if value}


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
    if not isinstance(given, dict):
        raise Refused(400, mistyped(given, field, "map[string]string"))
    known = mapping(cast("Any", given))
    for value in known.values():
        if value is not None and not isinstance(value, str):
            raise Refused(400, mistyped(value, field, "string"))
    return {key: value or "" for key, value in known.items()}


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
    if given is not None and not isinstance(given, dict):
        raise Refused(400, mistyped(given, "devices", "map[string]map[string]string"))
    found: Json = {name: texts(one, "devices") for name, one in mapping(given).items()}
    for name, device in found.items():
        failed = f'{before}Device validation failed for "{name}": '
        kind = device.get("type", "")
        if kind not in _DEVICES:
            text = f'Failed loading device "{name}": Unsupported device type'
            raise Refused(code, failed + text)
        _check_options(kind, device, failed, code)
        if kind == "disk" and not device.get("source") and not device.get("path"):
            text = 'Disk entry is missing the required "source" or "path" property'
            raise Refused(code, failed + text)
    return found


def _check_options(kind: str, device: dict[str, str], failed: str, code: int) -> None:
    """Refuse what a device cannot have, first values and then names, as the servers do."""
    wrong = {key: rules.device(kind, key, value) for key, value in sorted(device.items())}
    for key, text in wrong.items():
        if text:
            raise Refused(code, f'{failed}Invalid value for device option "{key}": {text}')
    for key, text in wrong.items():
        if text is None:
            raise Refused(code, f'{failed}Invalid device option "{key}"')


def profiles(call: Call, given: list[str], code: int = 404) -> list[str]:
    """Refuse profiles that are not there."""
    known = call.home("profiles").profiles
    for name in given:
        if name not in known:
            text = f'Requested profile "{name}" doesn\'t exist' if code == 500 else ""
            raise Refused(code, text or "Profile not found")
    return given
