"""Finding the network that a request is about, and the project that has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._engine.answers import Refused

if TYPE_CHECKING:
    from .._engine.call import Call
    from .._engine.state import Network, Project


def home(call: Call, feature: str) -> Project:
    """Find the project that has the networks, zones, ... of the one asked for."""
    if call.project not in call.state.projects:
        raise Refused(404, f'Failed to load project "{call.project}": Project not found')
    return call.home(feature)


def homes(call: Call, feature: str, extension: str) -> list[Project]:
    """Find the projects that a list is asked for.

    Args:
        call: the request.
        feature: such as ``"networks"``.
        extension: that the server needs to list those of all projects.
    """
    if call.all_projects and call.flavour.has(extension):
        return call.projects
    return [home(call, feature)]


def network_of(call: Call) -> Network:
    """Find the managed network that the path names.

    Raises:
        Refused: there is none.
    """
    found = home(call, "networks").networks.get(call.names["network"])
    if found is None:
        raise Refused(404, "Failed loading network: Network not found")
    return found


def check_type(network: Network, types: tuple[str, ...], what: str) -> None:
    """Refuse what a network of another type does not have."""
    if network.type not in types:
        raise Refused(400, f'Network driver "{network.type}" does not support {what}')
