"""Which keys a configuration can have, and what their values must look like.

In the servers' own words. A name that ends in a dot is the beginning of keys, of which all are
taken: users' own, and those of which not all are known for every server.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from .._clock import is_span

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._flavours import Flavour

    Check = Callable[[str], str]
    Rules = dict[str, Check]

_SIZE = re.compile(r"\d+( bytes|[kMGTPE]?B|[KMGTPE]iB)?")
_CPUS = re.compile(r"\d+([,-]\d+)?(,\d+([,-]\d+)*)?")
_SCHEDULES = {
    "@annually",
    "@daily",
    "@hourly",
    "@midnight",
    "@monthly",
    "@never",
    "@startup",
    "@weekly",
    "@yearly",
}
# The largest minute, hour, day of the month, month and day of the week.
_CRON = (59, 23, 31, 12, 7)
_CRON_PART = re.compile(r"([*?]|\d+|[a-z]{3})(-(\d+|[a-z]{3}))?(/\d+)?")
_WHOLE = re.compile(r"[+-]?\d+")


# What values must look like: each says what is wrong, or nothing.


def _anything(_value: str) -> str:
    return ""


def _boolean(value: str) -> str:
    known = {"true", "false", "yes", "no", "1", "0", "on", "off"}
    return "" if value.lower() in known else f'Invalid value for a boolean "{value}"'


def _integer(value: str) -> str:
    return "" if _WHOLE.fullmatch(value) else f'Invalid value for an integer "{value}"'


def _natural(value: str) -> str:
    if value.isdecimal():
        return ""
    text = f'strconv.ParseUint: parsing "{value}": invalid syntax'
    return f'Invalid value for uint32 "{value}": {text}'


def _priority(value: str) -> str:
    if not _WHOLE.fullmatch(value) or 0 <= int(value) <= 10:
        return _integer(value)
    return f'Invalid value for a limit "{value}". Must be between 0 and 10'


def _size(value: str) -> str:
    return "" if _SIZE.fullmatch(value) else f"Invalid value: {value}"


def _memory(value: str) -> str:
    if not value.endswith("%"):
        return _size(value)
    number = value.removesuffix("%")
    return "" if _WHOLE.fullmatch(number) else _unparsed("ParseInt", number)


def _cpus(value: str) -> str:
    return "" if _CPUS.fullmatch(value) else "Invalid CPU limit syntax"


def _allowance(value: str) -> str:
    parts = [value.removesuffix("%")] if value.endswith("%") else value.split("/", 1)
    if len(parts) == 1 and not value.endswith("%"):
        return f"Invalid allowance: {value}"
    wrong = [one for one in parts if not _WHOLE.fullmatch(one.removesuffix("ms"))]
    return _unparsed("Atoi", wrong[0].removesuffix("ms")) if wrong else ""


def _unparsed(function: str, value: str) -> str:
    return f'strconv.{function}: parsing "{value}": invalid syntax'


def span(value: str) -> str:
    """Check how long something lasts."""
    return "" if is_span(value) else "Invalid expiry expression"


def _lxd_schedule(value: str) -> str:
    for part in value.lower().split(", "):
        if part in _SCHEDULES or _is_cron(part):
            continue
        if len(part.split(" ")) == 5:
            return f"Error parsing schedule: failed to parse {part}"
        form = "<minute> <hour> <day-of-month> <month> <day-of-week>"
        return f"Schedule must be of the form: {form}"
    return ""


def _incus_schedule(value: str) -> str:
    for part in value.lower().split(", "):
        if part not in _SCHEDULES and not _is_cron(part):
            return f"Error parsing cron expr: {part}"
    return ""


def _is_cron(text: str) -> bool:
    fields = text.split(" ")
    return len(fields) == len(_CRON) and all(
        _CRON_PART.fullmatch(part) and all(int(one) <= limit for one in re.findall(r"\d+", part))
        for field, limit in zip(fields, _CRON, strict=True)
        for part in field.split(",")
    )


def one_of(*known: str) -> Check:
    """Make a check of values that are one of a few."""

    def check(value: str) -> str:
        if value in known:
            return ""
        return f'Invalid value "{value}" (not one of [{" ".join(known)}])'

    return check


def _each(check: Check, keys: str) -> Rules:
    return dict.fromkeys(keys.split(), check)


# Which keys there are.


_INSTANCE: Rules = {
    **_each(
        _anything,
        """
        cloud-init.network-config cloud-init.user-data cloud-init.vendor-data cluster.evacuate
        environment. image. limits.cpu.nodes limits.kernel. limits.memory.swap
        linux.kernel_modules linux.kernel_modules.load linux.sysctl. nvidia. raw.
        security.sev. security.syscalls. snapshots.pattern user. volatile.
        """,
    ),
    **_each(
        _boolean,
        """
        agent.nic_config boot.autostart boot.debug_edk2 limits.memory.hugepages
        migration.incremental.memory migration.stateful nvidia.runtime security.agent.metrics
        security.csm security.idmap.isolated security.nesting security.privileged
        security.protection.delete security.protection.shift security.secureboot security.sev
        snapshots.schedule.stopped
        """,
    ),
    **_each(
        _integer,
        """
        boot.autostart.delay boot.autostart.priority boot.host_shutdown_timeout
        boot.stop.priority limits.processes
        """,
    ),
    **_each(
        _natural,
        """
        migration.incremental.memory.goal migration.incremental.memory.iterations
        security.idmap.base security.idmap.size
        """,
    ),
    **_each(
        _priority,
        """
        limits.cpu.priority limits.disk.priority limits.memory.swap.priority
        limits.network.priority
        """,
    ),
    **_each(
        _size,
        """
        limits.hugepages.1GB limits.hugepages.1MB limits.hugepages.2MB limits.hugepages.64KB
        """,
    ),
    "snapshots.expiry": span,
    "limits.cpu": _cpus,
    "limits.cpu.allowance": _allowance,
    "limits.memory": _memory,
    "limits.memory.enforce": one_of("soft", "hard"),
}
_LXD_INSTANCE: Rules = {
    **_each(_anything, "cloud-init.ssh-keys. limits.cpu.pin_strategy ubuntu_pro.guest_attach"),
    **_each(
        _boolean,
        """
        security.devlxd security.devlxd.images security.devlxd.management.volumes
        security.protection.start
        """,
    ),
    **_each(_anything, "security.delegate_bpf security.delegate_bpf."),
    "snapshots.schedule": _lxd_schedule,
}
_INCUS_INSTANCE: Rules = {
    **_each(
        _anything,
        """
        boot.host_shutdown_action limits.memory.hotplug limits.memory.oom_priority oci.
        security.bpffs. security.selinux. smbios11. systemd.
        """,
    ),
    **_each(
        _boolean,
        "boot.autorestart security.guestapi security.guestapi.images security.iommu",
    ),
    "snapshots.expiry.manual": span,
    "snapshots.schedule": _incus_schedule,
}
_UNIX = _each(_anything, "gid major minor mode path source uid") | _each(_boolean, "required")
_PLUGGED = _each(_anything, "gid mode productid uid vendorid") | _each(_boolean, "required")
# By the type of the device; of the others not all keys are known.
_DEVICES: dict[str, Rules] = {
    "disk": {
        **_each(
            _anything,
            """
            ceph.cluster_name ceph.user_name io.bus io.cache io.threads limits.max limits.read
            limits.write path pool propagation raw.mount.options source source.snapshot
            source.type wwn
            """,
        ),
        **_each(_boolean, "attached dependent optional readonly recursive required shift"),
        **_each(_size, "size size.state"),
        "boot.priority": _natural,
    },
    "nic": {
        **_each(
            _anything,
            """
            acceleration attached connected host_name hwaddr io.bus ipv4.address
            ipv4.address.external ipv4.gateway ipv4.host_address ipv4.neighbor_probe
            ipv4.routes ipv4.routes.external ipv6.address ipv6.address.external ipv6.gateway
            ipv6.host_address ipv6.neighbor_probe ipv6.routes ipv6.routes.external
            limits.egress limits.ingress limits.max maas. mode mtu name nested network nictype
            parent security.acls security.acls. security.ipv4_filtering security.ipv6_filtering
            security.mac_filtering security.trusted vlan vlan.tagged vrf
            """,
        ),
        **_each(_boolean, "gvrp security.port_isolation security.promiscuous"),
        **_each(
            _natural,
            "boot.priority ipv4.host_table ipv6.host_table limits.priority queue.tx.length",
        ),
    },
    "none": {},
    "proxy": {
        **_each(_anything, "bind connect gid listen mode security.gid security.uid uid"),
        **_each(_boolean, "nat proxy_protocol"),
    },
    "unix-block": _UNIX,
    "unix-char": _UNIX,
    "unix-hotplug": _PLUGGED | _each(_anything, "ownership.inherit pci subsystem"),
    "usb": _PLUGGED | _each(_anything, "attached busnum devnum serial"),
}
_VOLUME: Rules = {
    **_each(
        _anything,
        """
        block. initial. lvm. snapshots.pattern snapshots.schedule user. volatile. zfs.
        """,
    ),
    **_each(_boolean, "dependent security.shared security.shifted security.unmapped"),
    **_each(span, "snapshots.expiry snapshots.expiry.manual"),
    "size": _size,
}
_POOL: Rules = {
    **_each(_anything, "rsync.bwlimit source user. volatile."),
    **_each(_boolean, "rsync.compression source.wipe"),
    **{f"volume.{key}": check for key, check in _VOLUME.items()},
    "size": _size,
}
_BRIDGE: Rules = {
    **_each(
        _anything,
        """
        bgp. bridge.driver bridge.external_interfaces bridge.hwaddr bridge.mode bridge.mtu
        dns.domain dns.nameservers dns.search dns.zone. fan. ipv4.address ipv4.dhcp.expiry
        ipv4.dhcp.gateway ipv4.dhcp.ranges ipv4.dhcp.routes ipv4.nat.address ipv4.ovn.ranges
        ipv4.routes ipv6.address ipv6.dhcp.expiry ipv6.dhcp.ranges ipv6.nat.address
        ipv6.ovn.ranges ipv6.routes maas. ovn. raw. security.acls security.acls.default.
        tunnel. user. volatile.
        """,
    ),
    **_each(
        _boolean,
        """
        bridge.multicast_snooping ipv4.dhcp ipv4.firewall ipv4.nat ipv4.routing ipv6.dhcp
        ipv6.dhcp.stateful ipv6.firewall ipv6.nat ipv6.routing
        """,
    ),
    **_each(one_of("dynamic", "managed", "none"), "dns.mode"),
    **_each(one_of("before", "after"), "ipv4.nat.order ipv6.nat.order"),
}
_PROJECT: Rules = {
    **_each(_anything, "backups. images. limits.disk.pool. restricted. storage. user."),
    **_each(
        _boolean,
        """
        features.images features.networks features.networks.zones features.profiles
        features.storage.buckets features.storage.volumes restricted
        """,
    ),
    **_each(
        _natural,
        """
        limits.containers limits.cpu limits.instances limits.networks limits.processes
        limits.virtual-machines
        """,
    ),
    **_each(_size, "limits.disk limits.memory"),
}
_CARD = _each(_anything, "gvrp maas. mtu parent user. vlan volatile.")
_NETWORKS: dict[str, Rules] = {
    "bridge": _BRIDGE,
    "macvlan": _CARD,
    "ovn": _each(_anything, "bridge. dns. ipv4. ipv6. network security. user. volatile."),
    "physical": _CARD | _each(_anything, "bgp. dns.nameservers ipv4. ipv6. ovn.ingress_mode"),
    "sriov": _CARD,
}
NETWORK_TYPES = tuple(_NETWORKS)


# Looking at one.


@cache
def _of_instances(*, lxd: bool) -> Rules:
    return _INSTANCE | (_LXD_INSTANCE if lxd else _INCUS_INSTANCE)


def instance(flavour: Flavour, key: str, value: str) -> str | None:
    """Look at a key of an instance or a profile.

    Args:
        flavour: of the server.
        key: such as ``"limits.cpu"``.
        value: such as ``"2"``.

    Returns:
        What is wrong with the value, or empty; None if there is no such key.
    """
    return _wrong(_of_instances(lxd=flavour.lxd), key, value)


def device(type_: str, key: str, value: str) -> str | None:
    """Look at a key of a device, as `instance` does.

    Args:
        type_: of the device, such as ``"disk"``.
        key: such as ``"path"``.
        value: such as ``"/srv"``.
    """
    if type_ not in _DEVICES or key == "type" or key.startswith(("user.", "initial.")):
        return ""
    return _wrong(_DEVICES[type_], key, value)


def network(type_: str, key: str, value: str) -> str | None:
    """Look at a key of a network, as `instance` does.

    Args:
        type_: of the network, such as ``"bridge"``.
        key: such as ``"ipv4.nat"``.
        value: such as ``"true"``.
    """
    return _wrong(_NETWORKS[type_], key, value)


def pool(key: str, value: str) -> str | None:
    """Look at a key of a storage pool of the driver ``dir``, as `instance` does.

    Args:
        key: such as ``"rsync.bwlimit"``.
        value: such as ``"1MB"``.
    """
    return _wrong(_POOL, key, value)


def project(key: str, value: str) -> str | None:
    """Look at a key of a project, as `instance` does.

    Args:
        key: such as ``"limits.memory"``.
        value: such as ``"8GiB"``.
    """
    return _wrong(_PROJECT, key, value)


def volume(flavour: Flavour, key: str, value: str) -> str | None:
    """Look at a key of a custom volume, as `instance` does.

    Args:
        flavour: of the server.
        key: such as ``"size"``.
        value: such as ``"1GiB"``.
    """
    schedule = key == "snapshots.schedule"
    return _wrong(_of_instances(lxd=flavour.lxd) if schedule else _VOLUME, key, value)


def _wrong(rules: Rules, key: str, value: str) -> str | None:
    check = rules.get(key)
    if check is None:
        begins = any(one[-1] == "." and key.startswith(one) for one in rules)
        return "" if begins else None
    # An empty value unsets a key, whatever it is.
    return check(value) if value else ""
