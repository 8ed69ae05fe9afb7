"""Who asks, and what they may do, where LXD 6 knows an identity."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from .._engine.answers import Json, Refused
from .._keys import fingerprint_of
from .auth_groups import GROUPS

if TYPE_CHECKING:
    from .._engine.call import Call
    from .._engine.daemon import Daemon

PATH = "/1.0/auth/identities"
TLS = "Client certificate"
BEARER = ("Client token bearer", "DevLXD token bearer")
# What those who may work in a project have to do with; of the rest they are refused all.
_IN_PROJECTS = {"events", "images", "instances", "operations", "profiles"}


def permissions_of(daemon: Daemon, groups: list[str]) -> list[Json]:
    """Collect what the members of groups may do."""
    found: list[Json] = []
    for group in daemon.state.families.get(GROUPS.path, {}).values():
        if group["name"] in groups:
            found += [one for one in group["permissions"] if one not in found]
    return found


def identity_of(daemon: Daemon, peer: str, authorization: str) -> Json | None:
    """Find the identity that a request shows.

    Args:
        daemon: the server.
        peer: the client's certificate (PEM), or empty.
        authorization: the header.
    """
    identities = daemon.state.identities
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() == "bearer" and token:
        for one in identities.values():
            if one["type"] == BEARER[0] and hmac.compare_digest(one["secret"], token):
                return one if daemon.clock.text() < one["expires_at"] else None
        return None
    found = identities.get(fingerprint_of(peer)) if peer else None
    return found if found and found["type"] == TLS else None


def check_permissions(call: Call, one: Json) -> None:
    """Keep an identity to what its groups may do.

    Args:
        call: its request.
        one: the identity.

    Raises:
        Refused: it may not do this.
    """
    path, reads = call.request.path, call.request.method == "GET"
    if reads and path in {"/", "/1.0", f"{PATH}/current"}:
        return
    for permission in permissions_of(call.daemon, one["groups"]):
        kind, entitlement = permission["entity_type"], permission["entitlement"]
        if kind == "server" and entitlement in {"admin", "viewer"}:
            allowed = reads or entitlement == "admin"
        elif kind == "project" and entitlement in {"manager", "operator", "viewer"}:
            own = permission["url"].endswith(f"/{call.project}") and not call.all_projects
            inside = path.split("/")[2] in _IN_PROJECTS
            allowed = own and inside and (reads or entitlement != "viewer")
        else:
            text = f"{entitlement} on a {kind}"
            raise Refused(501, f"The embedded server cannot weigh the permission {text}")
        if allowed:
            return
    raise Refused(403, call.forbidden)
