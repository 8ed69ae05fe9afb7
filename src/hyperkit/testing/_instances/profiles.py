"""Profiles: lists, making, changing, renaming, removing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .._engine import check
from .._engine.answers import Json, Refused, in_project, text_in
from .._engine.filter import filtered
from .._engine.state import Profile
from .._system import limits

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call


def _used_by(call: Call, profile: Profile) -> list[str]:
    home = call.home("profiles")
    found: list[str] = []
    for project in call.state.projects.values():
        if call.state.home(project.name, "profiles") is not home:
            continue
        found += [
            in_project(f"/1.0/instances/{one.name}", project.name)
            for one in project.instances.values()
            if profile.name in one.profiles
        ]
    return found


def _shown(call: Call, profile: Profile) -> Json:
    found: Json = {
        "config": profile.config,
        "description": profile.description,
        "devices": profile.devices,
        "name": profile.name,
        "used_by": _used_by(call, profile),
    }
    if call.flavour.lxd2:
        del found["used_by"]
    elif call.flavour.has("profiles_all_projects"):
        found["project"] = call.home("profiles").name
    return found


def _writable(profile: Profile) -> tuple[Any, ...]:
    return (profile.config, profile.description, profile.devices)


def _found(call: Call, before: str) -> Profile:
    name = call.names["name"]
    profile = call.home("profiles").profiles.get(name)
    if profile is None:
        raise Refused(404, before.format(name) + "Profile not found")
    return profile


async def list_profiles(call: Call) -> web.StreamResponse:
    """``GET /1.0/profiles``."""
    profiles = filtered(
        call,
        call.home("profiles").profiles.values(),
        lambda one: _shown(call, one),
        "api_filtering_extended",
    )
    if not call.recursion:
        if call.home("profiles").name == call.project:
            return call.sync([call.url("profiles", one.name) for one in profiles])
        return call.sync([f"/1.0/profiles/{one.name}" for one in profiles])
    return call.sync([_shown(call, one) for one in profiles])


async def create_profile(call: Call) -> web.StreamResponse:
    """``POST /1.0/profiles``."""
    asked = await call.json()
    name = text_in(asked, "name")
    check.plain_name(name, "Profile")
    home = call.home("profiles")
    config = check.stored(check.profile_config(call, asked.get("config")))
    devices = check.devices(asked.get("devices"))
    if name in home.profiles:
        text = f'Error inserting "{name}" into database: The profile already exists'
        raise Refused(500, text)
    home.profiles[name] = Profile(name, config, devices, text_in(asked, "description"))
    call.daemon.events.lifecycle("profile-created", f"/1.0/profiles/{name}", call.project)
    return call.created("profiles", name)


async def get_profile(call: Call) -> web.StreamResponse:
    """``GET /1.0/profiles/<name>``."""
    profile = _found(call, "Fetch profile: ")
    return call.sync(_shown(call, profile), etag=_writable(profile))


async def update_profile(call: Call) -> web.StreamResponse:
    """``PUT /1.0/profiles/<name>``."""
    profile = _found(call, 'Failed to retrieve profile "{}": ')
    call.check_etag(*_writable(profile))
    asked = await call.json()
    config = check.stored(check.profile_config(call, asked.get("config")))
    devices = check.devices(asked.get("devices"))
    limits.allow_profile(call, replace(profile, config=config, devices=devices))
    profile.config, profile.devices = config, devices
    profile.description = text_in(asked, "description")
    return _updated(call, profile)


async def patch_profile(call: Call) -> web.StreamResponse:
    """``PATCH /1.0/profiles/<name>``."""
    profile = _found(call, 'Failed to retrieve profile="{}": ')
    call.check_etag(*_writable(profile))
    asked = await call.json()
    config = check.stored(profile.config, check.profile_config(call, asked.get("config")))
    devices = profile.devices | check.devices(asked.get("devices"))
    limits.allow_profile(call, replace(profile, config=config, devices=devices))
    profile.config, profile.devices = config, devices
    profile.description = str(asked.get("description", profile.description))
    return _updated(call, profile)


def _updated(call: Call, profile: Profile) -> web.StreamResponse:
    call.daemon.events.lifecycle("profile-updated", f"/1.0/profiles/{profile.name}", call.project)
    return call.done(
        "Updating profile",
        extension="storage_and_profile_operations",
        resources={"profiles": [f"/1.0/profiles/{profile.name}"]},
    )


async def rename_profile(call: Call) -> web.StreamResponse:
    """``POST /1.0/profiles/<name>``."""
    if call.names["name"] == "default":
        raise Refused(403, 'The "default" profile cannot be renamed')
    profile = _found(call, "")
    name = text_in(await call.json(), "name")
    check.plain_name(name, "Profile")
    profiles = call.home("profiles").profiles
    if name in profiles:
        raise Refused(409, f'Name "{name}" already in use')
    old = profile.name
    del profiles[old]
    profile.name = name
    profiles[name] = profile
    for instance in call.state.instances():
        instance.profiles = [name if one == old else one for one in instance.profiles]
    call.daemon.events.lifecycle(
        "profile-renamed", f"/1.0/profiles/{name}", call.project, old_name=old
    )
    return call.created("profiles", name)


async def delete_profile(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/profiles/<name>``."""
    if call.names["name"] == "default":
        raise Refused(403, 'The "default" profile cannot be deleted')
    profile = _found(call, "")
    if _used_by(call, profile):
        raise Refused(400, "Profile is currently in use")
    del call.home("profiles").profiles[profile.name]
    call.daemon.events.lifecycle("profile-deleted", f"/1.0/profiles/{profile.name}", call.project)
    return call.sync({})


ROUTES = {
    "GET /1.0/profiles": list_profiles,
    "POST /1.0/profiles": create_profile,
    "GET /1.0/profiles/{name}": get_profile,
    "PUT /1.0/profiles/{name}": update_profile,
    "PATCH /1.0/profiles/{name}": patch_profile,
    "POST /1.0/profiles/{name}": rename_profile,
    "DELETE /1.0/profiles/{name}": delete_profile,
}
