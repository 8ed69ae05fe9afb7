"""Those whom an identity provider knows, and their sessions: LXD 6 only."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from .._clock import later
from .._engine.answers import Json, Refused
from .auth_groups import PROVIDER_GROUPS
from .identities import new_identity

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call
    from .._engine.daemon import Daemon


def log_in(daemon: Daemon, email: str, name: str, groups: list[str]) -> None:
    """Do what happens when somebody logs in at the identity provider."""
    mapped = daemon.state.families.get(PROVIDER_GROUPS.path, {}).values()
    more = [own for one in mapped if one["name"] in groups for own in one["groups"]]
    made = daemon.state.identities.setdefault(
        email, new_identity("oidc", "OIDC client", email, name, [])
    )
    made["groups"] = list(dict.fromkeys([*made["groups"], *more]))
    session = str(uuid.uuid4())
    daemon.state.sessions[session] = {
        "uuid": session,
        "email": email,
        "username": name,
        "ip": "127.0.0.1",
        "user_agent": "Mozilla/5.0",
        "created_at": daemon.clock.text(),
        "expires_at": later(daemon.clock, "7d"),
    }


async def list_sessions(call: Call) -> web.StreamResponse:
    """``GET /1.0/auth/oidc-sessions``."""
    email = call.query.get("email")
    found = [one for one in call.state.sessions.values() if email in {None, one["email"]}]
    if call.recursion:
        return call.sync(found)
    return call.sync([f"/1.0/auth/oidc-sessions/{one['uuid']}" for one in found])


def _session(call: Call) -> Json:
    found = call.state.sessions.get(call.names["uuid"])
    if found is None:
        raise Refused(404, "OIDC session not found")
    return found


async def get_session(call: Call) -> web.StreamResponse:
    """``GET /1.0/auth/oidc-sessions/<uuid>``."""
    return call.sync(_session(call))


async def delete_session(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/auth/oidc-sessions/<uuid>``."""
    del call.state.sessions[_session(call)["uuid"]]
    return call.sync({})


ROUTES = {
    "GET /1.0/auth/oidc-sessions": list_sessions,
    "GET /1.0/auth/oidc-sessions/{uuid}": get_session,
    "DELETE /1.0/auth/oidc-sessions/{uuid}": delete_session,
}
