"""Projects and profiles."""

from __future__ import annotations

from .._resource import Resource


class Profile(Resource):
    """Configuration and devices that instances share."""

    __slots__ = ()

    access_entitlements: list[str] | None
    config: dict[str, str]
    description: str
    devices: dict[str, dict[str, str]]
    name: str
    project: str
    used_by: list[str]
