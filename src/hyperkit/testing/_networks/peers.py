"""Network peers: ways from one OVN network to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._engine import check
from .._engine.answers import Json, Refused, in_project, text_in
from .acls import subjects
from .lookup import check_type, home, network_of
from .shelves import Shelf, routes

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call
    from .._engine.state import Network, Project

# What the rules of ACLs name anyway.
_RESERVED = ("internal", "external")


def _shelf(call: Call) -> Shelf:
    network = network_of(call)
    check_type(network, ("ovn",), "peering")
    project = home(call, "networks")

    def show(peer: Json) -> Json:
        found: Json = {**peer, "used_by": _used_by(project, network, peer["name"])}
        if call.flavour.lxd:
            del found["type"], found["target_integration"]
        return found

    return Shelf(
        call,
        "network-peer",
        "Network peer",
        ("networks", network.name, "peers"),
        network.peers,
        _read,
        show,
        project=project.name,
        matched=False,
        prefix="Failed {} peer: ",
    )


def _used_by(project: Project, network: Network, name: str) -> list[str]:
    """Find the ACLs that name a peer."""
    return [
        in_project(f"/1.0/network-acls/{acl['name']}", project.name)
        for acl in project.network_acls.values()
        if any(
            f"@{network.name}/{name}" in subjects(rule, "source", "destination")
            for rule in acl["ingress"] + acl["egress"]
        )
    ]


def _read(asked: Json) -> Json:
    return {
        "description": text_in(asked, "description"),
        "config": check.options(asked.get("config"), ("target_address",), 'Invalid option "{}"'),
    }


async def create_peer(call: Call) -> web.StreamResponse:
    """``POST /1.0/networks/<network>/peers``.

    It waits until the other network has one that leads back.
    """
    asked = await call.json()
    name = text_in(asked, "name")
    if call.flavour.incus7:
        check.api_name(name, 400, "Invalid network peer name: ")
    peers = _shelf(call)
    with peers.failing("creating"):
        target = _target(call, peers, asked)
        if name in peers.things:
            raise Refused(409, "A peer for that name already exists")
        if any(_leads(peer, target) for peer in peers.things.values()):
            raise Refused(409, "A peer for that target network already exists")
        if not name:
            raise Refused(500, "Name is required")
        check.host_name(name, lxd=call.flavour.lxd, code=500)
        if name in _RESERVED:
            known = " ".join(_RESERVED)
            text = f"Name cannot be one of the reserved network subjects: [{known}]"
            raise Refused(500, text)
        answer = peers.create(name, asked)
    back = _back(call, target, (peers.project, network_of(call).name))
    if back is not None:
        back["status"] = "Created"
    peers.things[name] |= {
        "status": "Pending" if back is None else "Created",
        "target_integration": "",
        "target_network": target[1],
        "target_project": target[0],
        "type": "local",
    }
    return answer


def _target(call: Call, peers: Shelf, asked: Json) -> tuple[str, str]:
    """Find out where a new peer is to lead: the project, and the name of the network."""
    if asked.get("type") == "remote" and not call.flavour.lxd:
        name = text_in(asked, "target_integration")
        if not name:
            raise Refused(400, "Target integration is required")
        if name not in call.state.integrations:
            text = f'Failed to load network integration "{name}"'
            raise Refused(404, f"{text}: Network_integration not found")
        raise Refused(501, "The embedded server cannot reach the OVN of another server")
    network = text_in(asked, "target_network")
    if not network:
        raise Refused(400, "Target network is required")
    return str(asked.get("target_project") or peers.project), network


def _leads(peer: Json, target: tuple[str, str]) -> bool:
    return (peer["target_project"], peer["target_network"]) == target


def _back(call: Call, target: tuple[str, str], here: tuple[str, str]) -> Json | None:
    """Find the peer of the other network that leads back."""
    project = call.state.projects.get(target[0])
    network = project.networks.get(target[1]) if project else None
    found = network.peers.values() if network else ()
    return next((peer for peer in found if _leads(peer, here)), None)


def follow(call: Call, old: tuple[str, str], new: tuple[str, str] | None) -> None:
    """Let the peers that lead to a network lead to where it is now.

    Args:
        call: the request.
        old: the project and the name of the network.
        new: what they are now; None if there is nothing to lead to any more: what has led
            there leads nowhere, what has only waited goes on waiting.
    """
    for project in call.state.projects.values():
        for network in project.networks.values():
            for peer in network.peers.values():
                if _leads(peer, old) and (new or peer["status"] == "Created"):
                    peer["target_project"], peer["target_network"] = new or ("", "")
                    peer["status"] = peer["status"] if new else "Errored"


async def delete_peer(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/networks/<network>/peers/<name>``."""
    peers = _shelf(call)
    network = network_of(call)
    name = call.names["peer"]
    peer = peers.find(name, peers.failed("deleting"))
    if _used_by(home(call, "networks"), network, name):
        raise Refused(500, peers.failed("deleting") + "Cannot delete a Peer that is in use")
    if peer["status"] == "Created":
        # The servers do so with all peers that lead here, not only with the one that led back.
        follow(call, (peers.project, network.name), None)
    return peers.delete(name)


ROUTES = {
    **routes("/1.0/networks/{network}/peers/{peer}", _shelf),
    "POST /1.0/networks/{network}/peers": create_peer,
    "DELETE /1.0/networks/{network}/peers/{peer}": delete_peer,
}
