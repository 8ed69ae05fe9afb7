"""Which image an instance is made from."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, get_args
from urllib.parse import urlsplit

from ._request import given
from .errors import APIError, ImageIdentifierRequired, InvalidImageAttributes, InvalidProtocol

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

ImageProtocol = Literal["incus", "lxd", "oci", "simplestreams"]
PROTOCOLS: tuple[str, ...] = get_args(ImageProtocol)
# What servers say of an image that they do not find, without a word of which one.
_NO_IMAGE = re.compile(r"image\b.*(not (found|provided)|n't be found)", re.IGNORECASE)


def image_source(
    *,
    alias: str | None,
    certificate: str | None,
    empty: bool,
    fingerprint: str | None,
    properties: Mapping[str, str] | None,
    protocol: ImageProtocol | None,
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


@contextmanager
def naming_image(source: Mapping[str, Any]) -> Generator[None]:
    """Say which image was asked for, where a server says no more than that there is none.

    Args:
        source: as `image_source` has made it.

    Raises:
        APIError: the server's, with more text.
    """
    try:
        yield
    except APIError as error:
        asked = [field for field in ("alias", "fingerprint", "properties") if field in source]
        if asked and _NO_IMAGE.search(error.reason):
            text = str(error.args[0]).rstrip(".")
            error.args = (f"{text}. {_asked_for(asked[0], source)}",)
        raise


def _asked_for(field: str, source: Mapping[str, Any]) -> str:
    """Say which image was asked for, and where."""
    server: str | None = source.get("server")
    # The URL may hold a password.
    where = "this server" if server is None else urlsplit(server).hostname or server
    text = f"The image that was asked for: {field} {source[field]!r} on {where}."
    remote, colon, alias = (
        str(source["alias"]).partition(":") if field == "alias" else ("", "", "")
    )
    if not colon:
        return text
    return (
        f"{text} {remote + colon!r} is how the servers' commands name another server: give "
        f"alias={alias!r}, and its URL and protocol as server= and protocol=."
    )
