"""Networks and what belongs to them."""

from __future__ import annotations

from .._resource import Resource


class Network(Resource):
    """A network: a bridge of the server's, or an interface of its machine."""

    __slots__ = ()

    config: dict[str, str]
    description: str
    locations: list[str]
    managed: bool
    name: str
    project: str
    status: str
    type: str
    used_by: list[str]
