"""The keys of the server's configuration, and what their values must look like."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from .._engine.rules import one_of, span

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._flavours import Flavour

    Check = Callable[[str], str]

_PACKERS = {"bzip2", "gzip", "lz4", "lzma", "none", "pigz", "squashfs", "xz", "zstd"}
_YES_NO = {"true", "false", "1", "0", "yes", "no", "on", "off"}


# What values must look like: each says what is wrong, or nothing.


def _anything(_value: str) -> str:
    return ""


def _boolean(value: str) -> str:
    return "" if value.lower() in _YES_NO else "invalid boolean"


def _integer(value: str) -> str:
    return "" if value.removeprefix("-").removeprefix("+").isdecimal() else "invalid integer"


def _packer(value: str) -> str:
    if value.partition(" ")[0] in _PACKERS:
        return ""
    return f'exec: "{value}": executable file not found in $PATH'


def _number(fits: Callable[[int], bool], text: str) -> Check:
    def check(value: str) -> str:
        return _integer(value) or ("" if fits(int(value)) else text)

    return check


# Which keys there are. Those that end in a dot are beginnings of keys, of which all are taken.


_ALL: dict[Check, str] = {
    _anything: """
        cluster.https_address core.bgp_address core.bgp_routerid core.debug_address
        core.dns_address core.https_address core.https_allowed_headers
        core.https_allowed_methods core.https_allowed_origin core.https_trusted_proxy
        core.metrics_address core.proxy_http core.proxy_https core.proxy_ignore_hosts
        core.storage_buckets_address images.default_architecture instances.placement.scriptlet
        network.ovn. storage.backups_volume storage.images_volume user.
        """,
    _boolean: """
        core.https_allowed_credentials core.metrics_authentication core.syslog_socket
        core.trust_ca_certificates images.auto_update_cached
        """,
    _integer: """
        cluster.healing_threshold core.bgp_asn core.shutdown_timeout
        images.auto_update_interval images.remote_cache_expiry
        """,
    _packer: "backups.compression_algorithm images.compression_algorithm",
    span: "cluster.join_token_expiry core.remote_token_expiry",
    one_of("random", "mac"): "instances.nic.host_name",
    _number(lambda n: n > 10, "Value must be greater than '10'"): "cluster.offline_threshold",
    _number(lambda n: n > 0 or n == -1, "Invalid value for image replica count"): (
        "cluster.images_minimal_replica"
    ),
    _number(
        lambda n: n > 2 and n % 2 == 1, "Value must be an odd number equal to or higher than 3"
    ): "cluster.max_voters",
    _number(lambda n: 0 <= n <= 5, "Value must be between 0 and 5"): "cluster.max_standby",
}
# Those of LXD up to 5.0, LXD 6, Incus and Incus 7.
_OLD: dict[Check, str] = {
    _anything: "candid. core.trust_password maas. rbac. storage.lvm_ storage.zfs_"
}
_LXD6: dict[Check, str] = {
    _anything: "core.auth_secret_expiry maas. storage.project.",
    _boolean: "instances.migration.stateful",
}
_YOUNG: dict[Check, str] = {_anything: "acme. loki. oidc.", _boolean: "acme.agree_tos"}
_INCUS: dict[Check, str] = {
    _anything: """
        authorization.scriptlet network.ovs.connection openfga.api.token openfga.api.url
        openfga.store.id storage.linstor.
        """,
    _boolean: "instances.lxcfs.per_instance",
    _integer: "cluster.rebalance.batch cluster.rebalance.interval",
    _number(lambda n: 10 <= n <= 100, "Value must be between 10 and 100"): (
        "cluster.rebalance.threshold"
    ),
    span: "cluster.rebalance.cooldown",
}
_INCUS7: dict[Check, str] = {
    _anything: "instances.tpm. logging. network.hwaddr_pattern storage.logs_volume",
    one_of("shutdown", "evacuate"): "core.shutdown_action",
}


@cache
def _keys(*, lxd: bool, newest: bool) -> dict[str, Check]:
    if lxd:
        more = [_YOUNG, _LXD6] if newest else [_OLD]
    else:
        more = [_YOUNG, _INCUS, _INCUS7] if newest else [_YOUNG, _INCUS]
    found = [(text, check) for part in (_ALL, *more) for check, text in part.items()]
    return {key: check for text, check in found for key in text.split()}


def wrong(flavour: Flavour, config: dict[str, str]) -> str:
    """Look at a configuration.

    Args:
        flavour: of the server.
        config: its keys and values; an empty value unsets a key.

    Returns:
        What is wrong with it, in the servers' words; empty if nothing is.
    """
    keys = _keys(lxd=flavour.lxd, newest=flavour.lxd6 or flavour.incus7)
    found = [
        f"cannot set '{key}' to '{value}': {text}"
        for key, value in sorted(config.items())
        if (text := _wrong(keys, key, value))
    ]
    more = f" (and {len(found) - 1} more errors)" if found[1:] else ""
    return found[0] + more if found else ""


def _wrong(keys: dict[str, Check], key: str, value: str) -> str:
    if key in keys:
        return keys[key](value) if value else ""
    begins = any(one[-1] in "._" and key.startswith(one) for one in keys)
    return "" if begins else "unknown key"
