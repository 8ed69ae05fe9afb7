"""Images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._resource import Resource

if TYPE_CHECKING:
    from datetime import datetime


class Image(Resource):
    """An image; ``size`` is in bytes, ``fingerprint`` the SHA-256 of its file or files."""

    __slots__ = ()

    aliases: list[ImageAlias]
    architecture: str
    auto_update: bool
    cached: bool
    created_at: datetime | None
    expires_at: datetime | None
    filename: str
    fingerprint: str
    last_used_at: datetime | None
    profiles: list[str]
    properties: dict[str, str]
    public: bool
    size: int
    type: str
    update_source: Resource
    uploaded_at: datetime | None


class ImageAlias(Resource):
    """A name of an image; ``target`` is its fingerprint."""

    __slots__ = ()

    description: str
    name: str
    target: str
    type: str
