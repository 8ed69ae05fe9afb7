"""Which image an instance is made from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._request import given
from .errors import ImageIdentifierRequired, InvalidImageAttributes, InvalidProtocol

if TYPE_CHECKING:
    from collections.abc import Mapping

PROTOCOLS = ("incus", "lxd", "oci", "simplestreams")


def image_source(
    *,
    alias: str | None,
    certificate: str | None,
    empty: bool,
    fingerprint: str | None,
    properties: Mapping[str, str] | None,
    protocol: str | None,
    secret: str | None,
    server: str | None,
) -> dict[str, Any]:
    """Make the ``source`` of a new instance.

    Args:
        alias: of the image.
        certificate: PEM of the image server.
        empty: True for no image at all.
        fingerprint: of the image.
        properties: of the image.
        protocol: of the image server.
        secret: of a private image there.
        server: URL of the image server.

    Raises:
        ImageIdentifierRequired: no image is named, and ``empty`` is not true.
        InvalidImageAttributes: arguments that exclude each other.
        InvalidProtocol: no server speaks this protocol.
    """
    image = given(alias=alias, fingerprint=fingerprint, properties=properties)
    remote = given(certificate=certificate, protocol=protocol, secret=secret)
    if empty:
        if image or remote or server is not None:
            message = "An empty instance has no image: leave out " + ", ".join(
                [*image, *remote, *(["server"] if server is not None else [])]
            )
            raise InvalidImageAttributes(message + ".")
        return {"type": "none"}
    if not any(image.values()):
        message = "Name an image by alias, fingerprint or properties, or say empty=True."
        raise ImageIdentifierRequired(message)
    if len(image) > 1:
        message = f"Name the image by one of {', '.join(image)}, not by all of them."
        raise InvalidImageAttributes(message)
    if remote and server is None:
        message = f"{', '.join(remote)} say something of another server: name it in server."
        raise InvalidImageAttributes(message)
    if protocol is not None and protocol not in PROTOCOLS:
        message = f"{protocol!r} is no protocol for images: use one of {', '.join(PROTOCOLS)}."
        raise InvalidProtocol(message)
    source: dict[str, Any] = {"type": "image", **image, **remote}
    if properties is not None:
        source["properties"] = dict(properties)
    if server is not None:
        source |= {"mode": "pull", "server": server}
    return source
