"""What differs between LXD and Incus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from .types import Server


class Product(NamedTuple):
    """A kind of server."""

    name: str
    title: str
    header_prefix: str


LXD = Product("lxd", "LXD", "X-LXD-")
INCUS = Product("incus", "Incus", "X-Incus-")

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


def import_headers(product: Product, *, name: str | None, kind: str) -> dict[str, str]:
    """Write what a volume that is made from a file is to be like.

    Args:
        product: LXD or Incus.
        name: of the volume; None leaves that to the file.
        kind: ``"backup"``, or what else the file is.
    """
    fields = {"name": name, "type": None if kind == "backup" else kind}
    return {product.header_prefix + key: value for key, value in fields.items() if value}
