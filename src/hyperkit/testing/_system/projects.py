"""Projects: lists, making, changing, renaming, removing; what they may use, and do use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._engine import check, rules
from .._engine.answers import Json, Refused, in_project, text_in
from .._engine.filter import filtered
from .._engine.state import Profile, Project
from .limits import allow_project, read_limit, usage

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call
    from .._engine.operations import Operation

_DEFAULTS = ("images", "profiles", "storage.volumes")
_LIMITS = (
    "containers",
    "cpu",
    "disk",
    "instances",
    "memory",
    "networks",
    "processes",
    "virtual-machines",
)


def _used_by(call: Call, project: Project) -> list[str]:
    found = [f"/1.0/instances/{one}" for one in project.instances]
    found += [f"/1.0/profiles/{one}" for one in project.profiles]
    found += [f"/1.0/images/{one}" for one in project.images]
    found += [f"/1.0/networks/{one}" for one in project.networks]
    found += [f"/1.0/network-acls/{one}" for one in project.network_acls]
    if call.flavour.has("projects_networks_zones"):
        found += [f"/1.0/network-zones/{one}" for one in project.network_zones]
    found += [f"/1.0/storage-pools/{pool}/volumes/custom/{name}" for pool, name in project.volumes]
    found += [f"/1.0/storage-pools/{pool}/buckets/{name}" for pool, name in project.buckets]
    found = [in_project(path, project.name) for path in found]
    return found if call.flavour.lxd else sorted(found)


def _shown(call: Call, project: Project) -> Json:
    found: Json = {
        "config": project.config,
        "description": project.description,
        "name": project.name,
        "used_by": _used_by(call, project),
    }
    if call.flavour.has("project_replica_mode"):
        found["replica_mode"] = project.replica_mode
    return found


def _writable(project: Project) -> tuple[Any, ...]:
    return (project.config, project.description)


def _found(call: Call, before: str = "") -> Project:
    name = call.names["project"]
    if name not in call.state.projects:
        raise Refused(404, before.format(name) + "Project not found")
    return call.state.projects[name]


def _config(given: Any) -> dict[str, str]:
    found = check.texts(given)
    for key, value in found.items():
        wrong = rules.project(key, value)
        if wrong is None:
            raise Refused(400, f'Invalid project configuration key "{key}"')
        if wrong:
            raise Refused(400, f'Invalid project configuration key "{key}" value: {wrong}')
    return found


async def list_projects(call: Call) -> web.StreamResponse:
    """``GET /1.0/projects``."""
    projects = filtered(
        call, call.projects, lambda one: _shown(call, one), "api_filtering_extended"
    )
    if not call.recursion:
        return call.sync([f"/1.0/projects/{one.name}" for one in projects])
    return call.sync([_shown(call, one) for one in projects])


async def create_project(call: Call) -> web.StreamResponse:
    """``POST /1.0/projects``."""
    asked = await call.json()
    name = text_in(asked, "name")
    check.plain_name(name, "Project")
    config = _config(asked.get("config"))
    defaults = _DEFAULTS if call.flavour.lxd else (*_DEFAULTS, "storage.buckets")
    for feature in defaults:
        config.setdefault(f"features.{feature}", "true")
    if name in call.state.projects:
        failed = f'Failed creating project "{name}": Failed adding database record: '
        if call.flavour.lxd:
            raise Refused(409, f'{failed}This "projects" entry already exists')
        text = 'Failed to create "projects" entry: UNIQUE constraint failed: projects.name'
        raise Refused(500, failed + text)
    project = Project(name, dict(sorted(config.items())), text_in(asked, "description"))
    _furnish(call, project)
    call.state.projects[name] = project
    call.daemon.events.lifecycle("project-created", f"/1.0/projects/{name}", "")
    return call.created("projects", name)


def _furnish(call: Call, project: Project) -> None:
    """Give a project that has profiles of its own the one that each has."""
    if project.config.get("features.profiles") == "true":
        title = call.flavour.product.title
        text = f"Default {title} profile for project {project.name}"
        project.profiles.setdefault("default", Profile("default", description=text))
    else:
        project.profiles.clear()


async def get_project(call: Call) -> web.StreamResponse:
    """``GET /1.0/projects/<name>``."""
    project = _found(call)
    return call.sync(_shown(call, project), etag=_writable(project))


async def update_project(call: Call) -> web.StreamResponse:
    """``PUT`` and ``PATCH /1.0/projects/<name>``."""
    project = _found(call)
    call.check_etag(*_writable(project))
    asked = await call.json()
    config = _config(asked.get("config"))
    merged = project.config | config if call.patching else config
    changed = {
        key
        for key in {*merged, *project.config}
        if key.startswith("features.") and merged.get(key) != project.config.get(key)
    }
    if changed and project.name == "default":
        raise Refused(400, "You can't change the features of the default project")
    if changed and project.instances:
        raise Refused(400, "Features can only be changed on empty projects")
    allow_project(call.state, project, merged)
    project.config = dict(sorted(merged.items()))
    if not call.patching or "description" in asked:
        project.description = text_in(asked, "description")
    if changed:
        _furnish(call, project)
    call.daemon.events.lifecycle("project-updated", f"/1.0/projects/{project.name}", "")
    return call.sync({})


async def rename_project(call: Call) -> web.StreamResponse:
    """``POST /1.0/projects/<name>``."""
    if call.names["project"] == "default":
        raise Refused(403, "The 'default' project cannot be renamed")
    project = _found(call)
    name = text_in(await call.json(), "name")
    if not name:
        raise Refused(400, "No name provided")

    async def work(_operation: Operation) -> None:
        if name in call.state.projects:
            raise Refused(500, f'A project named "{name}" already exists')
        old = project.name
        if set(project.profiles) - {"default"} or project.instances or project.images:
            raise Refused(500, "Only empty projects can be renamed")
        del call.state.projects[old]
        project.name = name
        call.state.projects[name] = project
        call.daemon.events.lifecycle("project-renamed", f"/1.0/projects/{name}", "", old_name=old)

    return call.start("Renaming project", work)


async def delete_project(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/projects/<name>``."""
    if call.names["project"] == "default":
        raise Refused(403, "The 'default' project cannot be deleted")
    project = _found(call, 'Fetch project "{}": ')
    forced = call.flag("force") and call.flavour.has("projects_force_delete")
    left = [one for one in _used_by(call, project) if "/profiles/default" not in one]
    if left and not forced:
        raise Refused(400, "Only empty projects can be removed")
    del call.state.projects[project.name]
    call.daemon.events.lifecycle("project-deleted", f"/1.0/projects/{project.name}", "")
    return call.done("Deleting project", extension="project_delete_operation", project="default")


async def get_project_state(call: Call) -> web.StreamResponse:
    """``GET /1.0/projects/<name>/state``."""
    project = _found(call, "Fetch project database object: ")
    used = {
        "containers": len(project.instances),
        "instances": len(project.instances),
        "networks": len(project.networks),
    }
    used |= {
        key.removeprefix("limits."): total for key, total in usage(call.state, project).items()
    }
    resources: Json = {}
    for name in _LIMITS:
        limit = project.config.get(f"limits.{name}")
        number = read_limit(f"limits.{name}", limit) if limit else -1
        resources[name] = {"Limit": number, "Usage": used.get(name, 0)}
    return call.sync({"resources": resources})


async def update_project_state(call: Call) -> web.StreamResponse:
    """``PUT /1.0/projects/<name>/state``: LXD 6 only."""
    project = _found(call)
    mode = (await call.json()).get("replica_mode") or ""
    if mode not in {"", "leader", "standby"}:
        raise Refused(400, f'Invalid replica mode "{mode}"')

    async def work(_operation: Operation) -> None:
        project.replica_mode = str(mode)

    return call.start("Updating project state", work, project=project.name)


ROUTES = {
    "GET /1.0/projects": list_projects,
    "POST /1.0/projects": create_project,
    "GET /1.0/projects/{project}": get_project,
    "PUT /1.0/projects/{project}": update_project,
    "PATCH /1.0/projects/{project}": update_project,
    "POST /1.0/projects/{project}": rename_project,
    "DELETE /1.0/projects/{project}": delete_project,
    "GET /1.0/projects/{project}/state": get_project_state,
    "PUT /1.0/projects/{project}/state": update_project_state,
}
