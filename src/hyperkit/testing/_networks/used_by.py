"""Who uses a network, an ACL, a zone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._engine.answers import in_project

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .._engine.call import Call
    from .._engine.state import Network, Project


def users(call: Call, network: Network) -> list[str]:
    """Find the profiles and instances that have a card in a network, and the networks on it."""

    def has_card(device: Mapping[str, str]) -> bool:
        return device.get("network") == network.name

    found: list[str] = []
    for owner in call.state.projects.values():
        if owner.networks.get(network.name) is network:
            found += _with_device(call, owner, has_card)
    # What OVN networks are linked to is a network of the default project.
    if call.state.projects["default"].networks.get(network.name) is network:
        found += [
            in_project(f"/1.0/networks/{one.name}", project.name)
            for project in call.state.projects.values()
            for one in project.networks.values()
            if one.config.get("network") == network.name
        ]
    return found


def named_by(
    call: Call, project: Project, key: Callable[[str], bool], name: str, *, cards: bool = True
) -> list[str]:
    """Find the networks, and the cards of instances, whose configuration names something.

    Args:
        call: the request.
        project: that it is in, and the networks.
        key: whether a key of theirs is where it would be named.
        name: of what is looked for.
        cards: whether cards may name it too.
    """

    def names(config: Mapping[str, str]) -> bool:
        texts = [text for one, text in config.items() if key(one)]
        return name in {part.strip() for text in texts for part in text.split(",")}

    found = [
        in_project(f"/1.0/networks/{one.name}", project.name)
        for one in project.networks.values()
        if names(one.config)
    ]
    return found + (_with_device(call, project, names) if cards else [])


def _with_device(
    call: Call, owner: Project, fits: Callable[[Mapping[str, str]], bool]
) -> list[str]:
    """Find the devices of those who use the networks of a project."""
    found: list[str] = []
    for project in call.state.projects.values():
        if call.state.home(project.name, "networks") is not owner:
            continue
        for kind, things in (("profiles", project.profiles), ("instances", project.instances)):
            found += [
                in_project(f"/1.0/{kind}/{name}", project.name)
                for name, one in things.items()
                if any(fits(device) for device in one.devices.values())
            ]
    return found
