"""Whom the server trusts, and with what."""

from __future__ import annotations

from .._resource import Resource


class Certificate(Resource):
    """A certificate that the server trusts."""

    __slots__ = ()

    certificate: str
    fingerprint: str
    name: str
    projects: list[str] | None
    restricted: bool
    type: str
