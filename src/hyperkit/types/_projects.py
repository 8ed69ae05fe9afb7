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


class Project(Resource):
    """A project: instances, and the images, profiles, volumes and networks that it has alone.

    ``config`` says which of these are its own (``features.*``), what it may use
    (``limits.*``) and what is forbidden there (``restricted.*``). ``replica_mode`` is
    ``"leader"``, ``"standby"`` or empty (LXD 6).
    """

    __slots__ = ()

    access_entitlements: list[str] | None
    config: dict[str, str]
    description: str
    name: str
    replica_mode: str
    used_by: list[str]


class ProjectResource(Resource):
    """How much of something a project uses; memory and disk in bytes.

    ``Limit`` is -1 where there is none. The server spells both with a capital.
    """

    __slots__ = ()

    Limit: int
    Usage: int


class ProjectState(Resource):
    """What a project uses: ``resources`` by name, such as ``"instances"`` or ``"memory"``."""

    __slots__ = ()

    resources: dict[str, ProjectResource]
