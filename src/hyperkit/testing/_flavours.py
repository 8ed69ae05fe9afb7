"""The servers that the embedded one can pose as, and what they differ in."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple

from .._server import INCUS, LXD, Product
from ..errors import ArgumentError

# What `/wait` says of an operation that did not succeed, or not in time:
# the operation; an error under its own HTTP status; an error under HTTP 200, which was sent
# at once; or the operation, after headers that were sent at once.
Dialect = Literal["operation", "status", "body", "streamed"]


class Flavour(NamedTuple):
    """A kind of server.

    Attributes:
        name: such as ``"lxd-5.0"``.
        product: LXD or Incus.
        version: what it says it is, such as ``"5.0.2"``.
        extensions: the names of its API extensions, in its order.
        dialect: of ``/wait``.
        endpoints: what it serves: methods by path.
    """

    name: str
    product: Product
    version: str
    extensions: tuple[str, ...]
    dialect: Dialect
    endpoints: dict[str, frozenset[str]]

    @property
    def lxd(self) -> bool:
        """Tell whether it is an LXD."""
        return self.product is LXD

    @property
    def lxd2(self) -> bool:
        """Tell whether it is an LXD 2.0, which has no extensions."""
        return not self.extensions

    @property
    def lxd6(self) -> bool:
        """Tell whether it is an LXD 6."""
        return self.lxd and self.recent

    @property
    def incus7(self) -> bool:
        """Tell whether it is an Incus 7."""
        return self.has("instance_nvram")

    @property
    def recent(self) -> bool:
        """Tell whether it is younger than LXD 5.0: an LXD 6, or an Incus."""
        return self.has("metadata_configuration")

    @property
    def containers(self) -> bool:
        """Tell whether it serves instances under ``/1.0/containers`` too."""
        return self.lxd and not self.has("storage_and_network_operations")

    def has(self, extension: str) -> bool:
        """Tell whether it has an API extension."""
        return extension in self.extensions

    def either(self, lxd: str, incus: str) -> str:
        """Choose between the words of LXD and those of Incus."""
        return lxd if self.lxd else incus


_KINDS: dict[str, tuple[Product, str, Dialect]] = {
    "lxd-2.0": (LXD, "2.0.11", "operation"),
    "lxd-5.0": (LXD, "5.0.2", "operation"),
    "lxd-6": (LXD, "6.9", "body"),
    "incus-6.0": (INCUS, "6.0.4", "body"),
    "incus-7": (INCUS, "7.0.2", "streamed"),
}
FLAVOURS = tuple(_KINDS)
_DATA = files("hyperkit.testing") / "data"


@cache
def find_flavour(name: str, dialect: Dialect | None = None) -> Flavour:
    """Find a kind of server by its name.

    Args:
        name: one of `FLAVOURS`.
        dialect: of ``/wait``, if it is to be another than the server's own.

    Raises:
        ArgumentError: there is no such kind.
    """
    if name not in _KINDS:
        message = f"There is no flavour {name!r}: use one of {', '.join(FLAVOURS)}."
        raise ArgumentError(message)
    product, version, own = _KINDS[name]
    listed = _DATA / f"{name}.txt"
    extensions = tuple(listed.read_text().split()) if listed.is_file() else ()
    endpoints: dict[str, set[str]] = {}
    with (_DATA / "endpoints.tsv").open() as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if name in row["served by"].split():
                endpoints.setdefault(row["path"], set()).add(row["method"])
    served = {path: frozenset(methods) for path, methods in endpoints.items()}
    return Flavour(name, product, version, extensions, dialect or own, served)
