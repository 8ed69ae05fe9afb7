"""What a project limits: how many instances there are, and what they may have together."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .._engine import check
from .._engine.answers import Json, Refused, mapping
from .._engine.state import Instance, Profile, Project, Volume
from .._guest.tree import Tree
from .._storage.volume_shared import bytes_of
from . import restrictions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._engine.call import Call
    from .._engine.state import Snapshot, State

_SUMMED = ("limits.cpu", "limits.disk", "limits.memory", "limits.processes")
_OF_POOL = "limits.disk.pool."
_UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


class Content(NamedTuple):
    """What is in a project.

    Attributes:
        instances: their configurations and devices by name, profiles included.
    """

    instances: dict[str, tuple[dict[str, str], Json]]
    profiles: dict[str, Profile]
    volumes: list[Volume]


# What is to be made or changed.


def allow_instance(call: Call, instance: Instance, *, new: bool = False) -> None:
    """Refuse an instance that its project does not allow.

    Args:
        call: the request.
        instance: as it is going to be.
        new: whether it is to be made.
    """
    project = call.state.project(instance.project)
    if new:
        _check_number(project)
    _allow(call.state, project, instance, f"instance {'creation' if new else 'update'}")


def allow_new(call: Call, name: str, asked: Json, like: Instance | Snapshot | None = None) -> None:
    """Refuse to make an instance that the project does not allow.

    Args:
        call: the request.
        name: of the instance.
        asked: the body.
        like: what it is a copy of.
    """
    config, devices = check.texts(asked.get("config")), mapping(asked.get("devices"))
    profiles = asked.get("profiles")
    if profiles is None:
        profiles = list(like.profiles) if like else ["default"]
    if like is not None:
        config, devices = like.config | config, like.devices | devices
    draft = Instance(name, call.project, "", config, devices, profiles, Tree())
    allow_instance(call, draft, new=True)


def allow_profile(call: Call, profile: Profile) -> None:
    """Refuse a change of a profile that the project does not allow; it is given as changed."""
    _allow(call.state, call.home("profiles"), profile, "profile update")


def allow_volume(call: Call, volume: Volume, *, new: bool = False) -> None:
    """Refuse a volume that the project does not allow.

    Args:
        call: the request.
        volume: as it is going to be.
        new: whether it is to be made.
    """
    project = call.home("storage.volumes")
    if project.config.get("limits.disk"):
        _allow(call.state, project, volume, f"volume {'creation' if new else 'update'}")


def allow_project(state: State, project: Project, config: dict[str, str]) -> None:
    """Refuse a configuration of a project that does not fit what is in it.

    Args:
        state: of the server.
        project: as it is.
        config: as it is going to be.
    """
    content = _content(state, project)
    keys = {*config, *project.config}
    changed = sorted(key for key in keys if config.get(key) != project.config.get(key))
    for key in changed:
        if key.startswith("restricted."):
            failed = f'Conflict detected when changing "{key}" in project "{project.name}": '
            restrictions.check(project.name, config, content, failed)
        elif config.get(key) and key in {"limits.instances", "limits.containers"}:
            _check_lowered(project, key, int(config[key]))
    summed = [key for key in changed if config.get(key) and _is_summed(key)]
    for key, total in _totals(project, content, summed).items():
        if read_limit(key, config[key]) < total:
            shown = str(total) if key in {"limits.cpu", "limits.processes"} else _size(total)
            raise Refused(500, f'"{key}" is too low: current total is "{shown}"')


def usage(state: State, project: Project) -> dict[str, int]:
    """Tell what the instances and volumes of a project have together, by limit."""
    return _totals(project, _content(state, project), _SUMMED, skip=True)


# Counting.


def _check_number(project: Project) -> None:
    kinds = {"limits.containers": 'instances of type "container"', "limits.instances": "instances"}
    for key, what in kinds.items():
        limit = project.config.get(key)
        if limit and len(project.instances) >= int(limit):
            raise Refused(500, f'Reached maximum number of {what} in project "{project.name}"')


def _check_lowered(project: Project, key: str, limit: int) -> None:
    count = len(project.instances)
    if limit >= count:
        return
    shown, what = key, f"{count} total instances"
    if key == "limits.containers":
        shown, what = f'"{key}"', f"{count} instances of type container"
    failed = f'Can\'t change {shown} in project "{project.name}": "{key}" is too low: '
    raise Refused(500, f'{failed}there currently are {what} in project "{project.name}"')


# Adding up.


def _is_summed(key: str) -> bool:
    return key in _SUMMED or key.startswith(_OF_POOL)


def _allow(
    state: State, project: Project, changed: Instance | Profile | Volume, what: str
) -> None:
    failed = f"Failed checking if {what} allowed: "
    keys = [key for key, value in project.config.items() if value and _is_summed(key)]
    restricted = project.config.get("restricted") == "true"
    if not keys and not restricted:
        return
    content = _content(state, project, changed)
    before = f"{failed}Failed getting usage of project entities: "
    for key, total in _totals(project, content, keys, before).items():
        limit = project.config[key]
        if total > read_limit(key, limit):
            text = f'Reached maximum aggregate value "{limit}" for "{key}" in project '
            raise Refused(500, f'{failed}{text}"{project.name}"')
    if restricted:
        restrictions.check(project.name, project.config, content, failed)


def _content(
    state: State, project: Project, changed: Instance | Profile | Volume | None = None
) -> Content:
    """Look at what is in a project, with something changed or added."""
    profiles = dict(state.home(project.name, "profiles").profiles)
    instances, volumes = dict(project.instances), dict(project.volumes)
    if isinstance(changed, Profile):
        profiles[changed.name] = changed
    elif isinstance(changed, Instance):
        instances[changed.name] = changed
    elif changed is not None:
        volumes[changed.pool, changed.name] = changed
    expanded: dict[str, tuple[dict[str, str], Json]] = {}
    for one in instances.values():
        config: dict[str, str] = {}
        devices: Json = {}
        for profile in [profiles[name] for name in one.profiles if name in profiles]:
            config |= profile.config
            devices |= profile.devices
        expanded[one.name] = config | one.config, devices | one.devices
    return Content(expanded, profiles, list(volumes.values()))


def _totals(
    project: Project,
    content: Content,
    keys: Iterable[str],
    failed: str = "",
    *,
    skip: bool = False,
) -> dict[str, int]:
    """Add up what the instances and volumes of a project have.

    Args:
        project: that they are in.
        content: of the project.
        keys: of the limits.
        failed: what a refusal begins with.
        skip: whether to pass over what has no limit of its own; else it is refused.
    """
    found: dict[str, int] = {}
    within, sized = f'in project "{project.name}"', "Custom volume"
    for key in keys:
        texts = [
            (text, f'Instance "{name}" {within} has no {missing}')
            for name, one in content.instances.items()
            for text, missing in [_of_instance(key, *one)]
        ]
        texts += [
            (one.config.get("size"), f'{sized} "{one.name}" {within} has no "size" config set')
            for one in content.volumes
            if key == "limits.disk" or key == _OF_POOL + one.pool
        ]
        for text, missing in texts:
            if not text and not skip:
                raise Refused(500, failed + missing)
        found[key] = sum(read_limit(key, text) for text, _ in texts if text)
    return found


def _of_instance(key: str, config: dict[str, str], devices: Json) -> tuple[str | None, str]:
    """Read what an instance has of something, and what to say if it does not say how much."""
    if not key.startswith("limits.disk"):
        return config.get(key), f'"{key}" config, either directly or via a profile'
    roots = [mapping(one) for one in devices.values() if one.get("path") == "/"]
    root = roots[0] if roots else mapping(None)
    if key.startswith(_OF_POOL) and root.get("pool") != key.removeprefix(_OF_POOL):
        return "0", ""
    text = '"size" config set on the root device either directly or via a profile'
    return root.get("size"), text


def read_limit(key: str, value: str) -> int:
    """Read a limit, or what counts for one: a number, or a size in bytes.

    Args:
        key: of the limit.
        value: such as ``"2"`` or ``"1GiB"``; of CPUs that are pinned there is no number.
    """
    if key == "limits.memory" or key.startswith("limits.disk"):
        return bytes_of(value)
    return int(value) if value.lstrip("+-").isdigit() else 0


def _size(number: int) -> str:
    """Write a size as the servers do, such as ``"1.5GiB"``."""
    if number < 1024:
        return f"{number}B"
    power = min((number.bit_length() - 1) // 10, len(_UNITS))
    return f"{number / 1024**power:.1f}{_UNITS[power - 1]}"
