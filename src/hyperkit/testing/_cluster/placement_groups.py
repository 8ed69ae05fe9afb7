"""Placement groups: LXD 6 only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._engine import check
from .._engine.answers import Json, Refused, in_project, text_in
from .._engine.family import Family
from .cluster import refuse_unclustered

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call

_CHOICES = {"policy": ("compact", "spread"), "rigor": ("permissive", "strict")}


def _fields(_call: Call, asked: Json) -> Json:
    config = check.texts(asked.get("config"))
    for key, choices in _CHOICES.items():
        if config.get(key) not in choices:
            text = f'Invalid value for config key "{key}": must be one of {", ".join(choices)}'
            raise Refused(400, text)
    for key in config:
        if key not in _CHOICES and not key.startswith("user."):
            raise Refused(400, f'Invalid placement group configuration key "{key}"')
    return {"config": config, "description": text_in(asked, "description")}


def _users(call: Call, group: Json) -> list[str]:
    """Find the instances and profiles that are to be placed by a group."""
    project = call.state.project(group["project"])
    return [
        in_project(f"/1.0/{kind}/{name}", project.name)
        for kind, things in (("instances", project.instances), ("profiles", project.profiles))
        for name, one in things.items()
        if one.config.get("placement.group") == group["name"]
    ]


def _refuse_used(call: Call, group: Json) -> None:
    if _users(call, group):
        raise Refused(400, f'Placement group "{group["name"]}" is currently in use')


_GROUPS = Family(
    "placement-groups",
    "placement_groups",
    lambda _call: "Placement group",
    _fields,
    event="placement-group",
    projects=True,
    shown=lambda call, one: {**one, "used_by": _users(call, one)},
    unused=_refuse_used,
)


async def create_group(call: Call) -> web.StreamResponse:
    """``POST /1.0/placement-groups``."""
    refuse_unclustered(call)
    return await _GROUPS.create(call)


ROUTES = {**_GROUPS.routes(), "POST /1.0/placement-groups": create_group}
