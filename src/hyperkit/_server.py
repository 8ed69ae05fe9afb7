"""What differs between LXD and Incus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

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
    def instances(self) -> str:
        """The path segment for instances: ``containers`` on LXD before 3.19."""
        return "instances" if self.has("instances") else "containers"


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
