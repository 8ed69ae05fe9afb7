"""Access control lists of networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from .._engine import check
from .._engine.answers import Json, Refused, listing, text_in
from .addresses import is_range
from .lookup import home, homes
from .shelves import Shelf, routes, shelved
from .used_by import named_by

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .._engine.call import Call
    from .._engine.state import Project

_PROTOCOLS = ("icmp4", "icmp6", "tcp", "udp")
_STATES = ("enabled", "disabled", "logged")


def _shelf(call: Call, project: Project | None = None) -> Shelf:
    own = project or home(call, "networks")

    def show(acl: Json) -> Json:
        found: Json = {**acl, "used_by": _used_by(call, own, acl["name"])}
        if call.flavour.has("network_acls_all_projects"):
            found["project"] = own.name
        return found

    return Shelf(
        call,
        "network-acl",
        "Network ACL",
        ("network-acls",),
        own.network_acls,
        lambda asked: _read(call, own, asked),
        show,
        project=own.name,
    )


def _used_by(call: Call, project: Project, name: str) -> list[str]:
    return named_by(call, project, lambda key: key == "security.acls", name)


def _read(call: Call, project: Project, asked: Json) -> Json:
    found: Json = {
        "description": text_in(asked, "description"),
        "egress": listing(asked.get("egress")),
        "ingress": listing(asked.get("ingress")),
        "config": check.options(asked.get("config"), (), 'Invalid config option "{}"'),
    }
    for kind in ("ingress", "egress"):
        for number, rule in enumerate(found[kind]):
            try:
                _check_rule(call, project, rule)
            except Refused as refusal:
                text = f"Invalid {kind} rule {number}: {refusal.text}"
                raise Refused(refusal.code, text) from None
    return found


def _check_rule(call: Call, project: Project, rule: Json) -> None:
    actions = call.flavour.either("allow, drop, reject", "allow, allow-stateless, drop, reject")
    if rule.get("action") not in actions.split(", "):
        raise Refused(500, f"Action must be one of: {actions}")
    if rule.get("state") not in _STATES:
        raise Refused(500, f"State must be one of: {', '.join(_STATES)}")
    for field in ("source", "destination"):
        for subject in subjects(rule, field):
            _check_subject(call, project, field.capitalize(), subject)
    protocol = text_in(rule, "protocol")
    if protocol and protocol not in _PROTOCOLS:
        raise Refused(500, f"Protocol must be one of: {', '.join(_PROTOCOLS)}")
    for field in ("source_port", "destination_port"):
        title = field.capitalize().replace("_", " ")
        ports = list(subjects(rule, field))
        if ports and not protocol:
            raise Refused(500, f"{title} cannot be used without specifying protocol")
        for port in ports:
            if text := _wrong_ports(port):
                raise Refused(500, f"Invalid {title}: {text}")


def _wrong_ports(text: str) -> str:
    """Say what is wrong with a port, or the first and the last of some; empty if nothing is."""
    first, dash, last = text.partition("-")
    if not first.isdecimal():
        return f'Invalid port number "{text}"'
    if dash and not last.isdecimal():
        return f'Invalid end port number "{text}"'
    if dash and int(first) >= int(last):
        return f"Start port {int(first)} must be lower than end port {int(last)}"
    return ""


def subjects(rule: Json, *fields: str) -> Iterator[str]:
    """Go through the places, or the ports, that a rule is about.

    Args:
        rule: of an ACL.
        fields: such as ``"source"`` and ``"destination"``.
    """
    for field in fields:
        parts = text_in(rule, field).split(",")
        yield from (part.strip() for part in parts if part.strip())


def _check_subject(call: Call, project: Project, field: str, subject: str) -> None:
    if subject.startswith("$") and call.flavour.has("network_address_set"):
        if subject[1:] not in project.address_sets:
            text = f'Failed getting network address set "{subject[1:]}" for subject validation'
            raise Refused(404, f"Invalid {field}: {text}: Network_address_set not found")
        return
    known = subject in project.network_acls or subject[0] == "@" or is_range(subject)
    if not known:
        raise Refused(500, f'Invalid {field}: Invalid subject "{subject}"')


def _check_name(call: Call, acls: Shelf, name: str, taken: str) -> None:
    """Refuse what can be no name, or is one already.

    Args:
        call: the request.
        acls: that there are.
        name: from the body.
        taken: to refuse the name of another with.
    """
    if call.flavour.incus7:
        check.api_name(name)
    if not name:
        raise Refused(500, "Name is required")
    check.host_name(name, lxd=call.flavour.lxd, code=500)
    if name in acls.things:
        raise Refused(400, taken)


async def list_acls(call: Call) -> web.StreamResponse:
    """``GET /1.0/network-acls``."""
    projects = homes(call, "networks", "network_acls_all_projects")
    return shelved(call, [_shelf(call, one) for one in projects])


async def create_acl(call: Call) -> web.StreamResponse:
    """``POST /1.0/network-acls``."""
    acls = _shelf(call)
    asked = await call.json()
    name = text_in(asked, "name")
    _check_name(call, acls, name, "The network ACL already exists")
    return acls.create(name, asked)


async def rename_acl(call: Call) -> web.StreamResponse:
    """``POST /1.0/network-acls/<name>``."""
    acls = _shelf(call)
    old = acls.find(call.names["acl"])["name"]
    name = text_in(await call.json(), "name")
    _check_name(call, acls, name, "An ACL by that name exists already")
    if _used_by(call, home(call, "networks"), old):
        raise Refused(500, "Cannot rename an ACL that is in use")
    return acls.rename(old, name)


async def delete_acl(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/network-acls/<name>``."""
    acls = _shelf(call)
    name = acls.find(call.names["acl"])["name"]
    if _used_by(call, home(call, "networks"), name):
        raise Refused(500, "Cannot delete an ACL that is in use")
    return acls.delete(name)


async def get_acl_log(call: Call) -> web.StreamResponse:
    """``GET /1.0/network-acls/<name>/log``; OVN has one, in which nothing is."""
    _shelf(call).find(call.names["acl"])
    projects = call.state.projects.values()
    if not any(one.type == "ovn" for project in projects for one in project.networks.values()):
        raise Refused(500, "Only OVN log entries may be retrieved at this time")
    return web.Response(body=b"", content_type="application/octet-stream")


ROUTES = {
    **routes("/1.0/network-acls/{acl}", _shelf),
    "GET /1.0/network-acls": list_acls,
    "POST /1.0/network-acls": create_acl,
    "POST /1.0/network-acls/{acl}": rename_acl,
    "DELETE /1.0/network-acls/{acl}": delete_acl,
    "GET /1.0/network-acls/{acl}/log": get_acl_log,
}
