"""Images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._resource import Resource

if TYPE_CHECKING:
    from datetime import datetime


class Image(Resource):
    """An image; ``size`` is in bytes, ``fingerprint`` the SHA-256 of its file or files.

    ``locations`` are there on Incus, ``release_codename`` and ``release_title`` on LXD 6.
    """

    __slots__ = ()

    access_entitlements: list[str] | None
    aliases: list[ImageAlias]
    architecture: str
    auto_update: bool
    cached: bool
    created_at: datetime | None
    expires_at: datetime | None
    filename: str
    fingerprint: str
    last_used_at: datetime | None
    locations: list[str]
    profiles: list[str]
    project: str
    properties: dict[str, str]
    public: bool
    release_codename: str
    release_title: str
    size: int
    type: str
    update_source: ImageSource | None
    uploaded_at: datetime | None


class ImageAlias(Resource):
    """A name of an image; ``target`` is its fingerprint."""

    __slots__ = ()

    access_entitlements: list[str] | None
    description: str
    name: str
    target: str
    type: str


class ImageSource(Resource):
    """Where an image came from, and is fetched anew from; ``certificate`` is the PEM there."""

    __slots__ = ()

    alias: str
    certificate: str
    image_type: str
    protocol: str
    server: str
