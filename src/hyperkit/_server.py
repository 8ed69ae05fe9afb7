"""What differs between LXD and Incus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from ._request import string
from .errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .types import Server

    Config = Mapping[str, str]
    Devices = Mapping[str, Config]


def devices_in_query(devices: Devices) -> str:
    """Write devices for the header of an import as LXD reads them.

    Args:
        devices: by their names; values of any text.

    Returns:
        A query, whose values are queries: one for each device.
    """
    return urlencode({name: urlencode(device) for name, device in devices.items()})


def devices_in_words(devices: Devices) -> str:
    """Write devices for the header of an import as Incus reads them.

    Args:
        devices: by their names.

    Returns:
        Words such as ``"eth0,nictype=bridged"``, with a space between two.

    Raises:
        ArgumentError: something has a space in it, or another sign that this form
            cannot hold.
    """
    return " ".join(
        f"{_part(name, ',= ')},{word}"
        for name, device in devices.items()
        for word in config_in_words(device).split()
    )


def config_in_words(config: Config) -> str:
    """Write configuration for the header of an import: only Incus reads it.

    Args:
        config: keys and values.

    Returns:
        Words such as ``"limits.cpu=2"``, with a space between two.

    Raises:
        ArgumentError: something has a space in it, or another sign that this form
            cannot hold.
    """
    return " ".join(f"{_part(key, '= ')}={_part(value, ' ')}" for key, value in config.items())


def _part(text: str, refused: str) -> str:
    if not text.isascii() or any(sign in text for sign in refused):
        message = (
            f"Incus cannot take {text!r} with an import, which writes these in one line of "
            "ASCII: import it without, and change it then."
        )
        raise ArgumentError(message)
    return text


class Product(NamedTuple):
    """A kind of server.

    Attributes:
        name: as the server writes it.
        title: as people write it.
        header_prefix: of its own headers.
        import_devices: the API extension for devices that come with an import.
        write_devices: how they are written in a header.
    """

    name: str
    title: str
    header_prefix: str
    import_devices: str
    write_devices: Callable[[Devices], str]


LXD = Product("lxd", "LXD", "X-LXD-", "import_instance_devices", devices_in_query)
INCUS = Product("incus", "Incus", "X-Incus-", "backup_override_config", devices_in_words)

# Extensions that only LXD has ever had: they tell where a stranger is not told more.
_LXD_ONLY = {"devlxd_events", "restrict_devlxd"}
# LXD before 6 shows True in the place of these, and keeps what it has when it is sent True.
_HIDDEN = {"core.trust_password"}


class Capabilities(NamedTuple):
    """What one server is and can do; found once.

    Attributes:
        product: LXD or Incus.
        extensions: the names it reports; None where it tells strangers nothing.
        version: such as ``"5.0.2"``; empty where it tells strangers nothing.
    """

    product: Product
    extensions: frozenset[str] | None
    version: str = ""

    def has(self, extension: str) -> bool:
        """Tell whether the server has an extension; an unknown list has all."""
        return self.extensions is None or extension in self.extensions

    @property
    def shown(self) -> str:
        """The server's name and version, for people."""
        return f"{self.product.title} {self.version}".rstrip()

    @property
    def filters_members(self) -> bool:
        """Whether a filter of cluster members is looked at; Incus 6.0 passes it over."""
        return self.product is not INCUS or self._is_incus_since(7)

    @property
    def restores_in_place(self) -> bool:
        """Whether a cluster member can be restored while its instances stay where they are."""
        return self._is_incus_since(7) or self.has("clustering_restore_skip_mode")

    @property
    def join_token_field(self) -> str:
        """Where a join token goes: LXD before 5.21.2 takes it for the cluster's password."""
        return "cluster_token" if self._takes_trust_tokens else "cluster_password"

    @property
    def trust_token_field(self) -> str:
        """The field of a new certificate that takes a token: LXD before 5.21.2 has no own one."""
        return "trust_token" if self._takes_trust_tokens else "password"

    def instances_of(self, type: str | None, filter: str | None) -> dict[str, Any]:
        """Write the query for instances of one type: Incus 7 takes that for a filter only.

        Args:
            type: ``"container"`` or ``"virtual-machine"``; None for both.
            filter: what else they are to be like.
        """
        if type is None or self.product is not INCUS:
            return {"filter": filter, "instance-type": type}
        of_type = f"type eq {type}"
        return {"filter": of_type if filter is None else f"{filter} and {of_type}"}

    @property
    def _takes_trust_tokens(self) -> bool:
        return self.product is INCUS or self.has("explicit_trust_token")

    @property
    def instances(self) -> str:
        """The path segment for instances: ``containers`` on LXD before 3.19."""
        return "instances" if self.has("instances") else "containers"

    def _is_incus_since(self, major: int) -> bool:
        """Tell the version, where no extension tells of a change."""
        found = self.version.partition(".")[0]
        return self.product is INCUS and found.isdecimal() and int(found) >= major


def capabilities(server: Server) -> Capabilities:
    """Read the answer to ``GET /1.0``.

    Args:
        server: the answer, complete or as strangers get it.
    """
    listed = server.get("api_extensions")
    trusted = server.get("auth") == "trusted"
    # An old LXD leaves the list out, Incus hides it from strangers.
    extensions = frozenset(listed or ()) if listed or trusted else None
    environment: dict[str, Any] = server.get("environment") or {}
    named = environment.get("server")
    if named:
        product = INCUS if named == "incus" else LXD
    elif extensions is None:
        product = INCUS
    else:
        product = LXD if not extensions or extensions & _LXD_ONLY else INCUS
    return Capabilities(product, extensions, str(environment.get("server_version") or ""))


def server_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Write the server's configuration; a hidden value that was read as True stays what it is.

    Args:
        config: keys and values of any type.
    """
    return {
        key: value if value is True and key in _HIDDEN else string(value)
        for key, value in config.items()
    }


def import_headers(product: Product, *, name: str | None, kind: str) -> dict[str, str]:
    """Write what a volume that is made from a file is to be like.

    Args:
        product: LXD or Incus.
        name: of the volume; None leaves that to the file.
        kind: ``"backup"``, or what else the file is.
    """
    fields = {"name": name, "type": None if kind == "backup" else kind}
    return {product.header_prefix + key: value for key, value in fields.items() if value}
