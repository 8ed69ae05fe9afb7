"""What a restricted project forbids its instances and profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._engine.answers import Json, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from .limits import Content

    Forbids = Callable[[str, bool], bool]

_ON = {"true", "yes", "1", "on"}
_DEFAULTS = {
    "restricted.containers.privilege": "unprivileged",
    "restricted.devices.disk": "managed",
    "restricted.devices.nic": "managed",
}
_INTERCEPTIONS = ("bpf", "bpf.devices", "mknod", "mount", "mount.fuse", "setxattr", "sysinfo")
_INTERCEPT = "security.syscalls.intercept."
_LOW_LEVEL = {
    "boot.host_shutdown_timeout",
    "linux.kernel_modules",
    "raw.apparmor",
    "raw.lxc",
    "raw.seccomp",
    "security.devlxd.images",
    "security.guestapi.images",
    "security.idmap.base",
    "security.idmap.size",
}


def _unless_allowed(setting: str, on: bool) -> bool:
    return setting != "allow" and on


# By key: the project's setting, whether that forbids the value, and what it says.
_KEYS: dict[str, tuple[str, Forbids, str]] = {
    "security.nesting": ("containers.nesting", _unless_allowed, "Container nesting is forbidden"),
    "security.privileged": (
        "containers.privilege",
        _unless_allowed,
        "Privileged containers are forbidden",
    ),
    "security.idmap.isolated": (
        "containers.privilege",
        lambda setting, on: setting == "isolated" and not on,
        "Non-isolated containers are forbidden",
    ),
    **{
        _INTERCEPT + one: (
            "containers.interception",
            _unless_allowed,
            "Container syscall interception is forbidden",
        )
        for one in _INTERCEPTIONS
    },
}
_DEVICES = {
    "gpu": "GPU devices",
    "infiniband": "Infiniband devices",
    "pci": "PCI devices",
    "proxy": "Proxy devices",
    "unix-block": "Unix block devices",
    "unix-char": "Unix character devices",
    "unix-hotplug": "Unix hotplug devices",
    "usb": "USB devices",
}


def check(project: str, config: dict[str, str], content: Content, failed: str) -> None:
    """Refuse what a restricted project forbids.

    Args:
        project: its name.
        config: of the project.
        content: what is in it.
        failed: what the refusal begins with.
    """
    things = [("container", name, *one) for name, one in content.instances.items()]
    things += [("profile", one.name, one.config, one.devices) for one in content.profiles.values()]
    for kind, name, keys, devices in things:
        of = f'{kind} "{name}" of project "{project}"'
        text = _wrong_config(config, keys, of) or _wrong_devices(config, devices, of)
        if text:
            raise Refused(500, failed + text)


def _setting(config: dict[str, str], name: str) -> str:
    key = f"restricted.{name}"
    return config.get(key) or _DEFAULTS.get(key, "block")


def _wrong_config(config: dict[str, str], keys: dict[str, str], of: str) -> str:
    lax = _setting(config, "containers.lowlevel") == "allow"
    ranges = config.get("restricted.idmap.uid") or config.get("restricted.idmap.gid")
    for key, value in sorted(keys.items()):
        if key == "raw.idmap" and not lax and not ranges:
            return f'Use of low-level "raw.idmap" element 0 on {of} is forbidden'
        if not lax and _is_low_level(key):
            return f'Use of low-level config "{key}" on {of} is forbidden'
        if key in _KEYS:
            name, forbids, text = _KEYS[key]
            if forbids(_setting(config, name), value.lower() in _ON):
                # The servers have no word for a profile here.
                of = of.removeprefix("profile")
                return f'Invalid value "{value}" for config "{key}" on {of}: {text}'
    return ""


def _is_low_level(key: str) -> bool:
    return key in _LOW_LEVEL or (key.startswith(_INTERCEPT[:-1]) and key not in _KEYS)


def _wrong_devices(config: dict[str, str], devices: Json, of: str) -> str:
    for name, device in devices.items():
        kind = device.get("type", "")
        setting = _setting(config, f"devices.{kind}")
        text = ""
        if kind == "nic":
            text = _wrong_card(config, setting, device)
        elif kind == "disk":
            text = _wrong_disk(config, setting, device)
        elif kind in _DEVICES and setting != "allow":
            text = f"{_DEVICES[kind]} are forbidden"
        if text:
            return f'Invalid device "{name}" on {of}: {text}'
    return ""


def _wrong_card(config: dict[str, str], setting: str, device: Json) -> str:
    if setting == "block":
        return "Network devices are forbidden"
    if setting == "managed" and not device.get("network"):
        return "Only managed network devices are allowed"
    allowed = config.get("restricted.networks.access", "")
    network = device.get("network") or device.get("parent")
    if network and allowed and network not in [one.strip() for one in allowed.split(",")]:
        return "Network not allowed in project"
    return ""


def _wrong_disk(config: dict[str, str], setting: str, device: Json) -> str:
    pool, source = device.get("pool"), device.get("source", "")
    if (device.get("path") == "/" and pool) or source in {"cloud-init:config", "agent:config"}:
        return ""
    if setting == "block":
        return "Disk devices are forbidden"
    if setting == "managed" and not pool:
        return "Attaching disks not backed by a pool is forbidden"
    paths = [one.rstrip("/") for one in config.get("restricted.devices.disk.paths", "").split(",")]
    inside = any(f"{source}/".startswith(f"{one}/") for one in paths)
    if setting == "allow" and not pool and paths != [""] and not inside:
        return f'Disk source path "{source}" not allowed'
    return ""


def check_allowed(project: str, config: dict[str, str], what: str) -> None:
    """Refuse a snapshot or a backup where a restricted project has none.

    Args:
        project: its name.
        config: of the project.
        what: ``"snapshot"`` or ``"backup"``.
    """
    if config.get("restricted") == "true" and _setting(config, f"{what}s") == "block":
        raise Refused(500, f'Project "{project}" doesn\'t allow for {what} creation')
