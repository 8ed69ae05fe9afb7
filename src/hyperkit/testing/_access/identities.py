"""Identities: certificates, people of an identity provider, bearers of tokens. LXD 6 only."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .._clock import NEVER, later
from .._engine.answers import Json, Refused, respond, sync, text_in
from .._keys import ends_at, fingerprint_of
from .auth_groups import groups_of
from .checks import PATH, TLS, identity_of, permissions_of

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call, Handler

_PENDING = "Client certificate (pending)"
_METHODS = ("tls", "oidc", "bearer")


def new_identity(method: str, kind: str, identifier: str, name: str, groups: list[str]) -> Json:
    """Write an identity."""
    return {
        "authentication_method": method,
        "type": kind,
        "id": identifier,
        "name": name,
        "groups": groups,
        "tls_certificate": "",
        "expires_at": NEVER,
        "secret": "",
    }


def _of_certificates(call: Call) -> list[Json]:
    """Write the certificates of old as the identities that they are."""
    found: list[Json] = []
    for one in call.state.certificates.values():
        limits = "restricted" if one.restricted else "unrestricted"
        kind = "Server certificate"
        if one.type != "server":
            kind = f"{one.type.capitalize()} certificate ({limits})"
        made = new_identity("tls", kind, one.fingerprint, one.name, [])
        found.append({**made, "tls_certificate": one.pem, "expires_at": ends_at(one.pem)})
    return found


def _all(call: Call, method: str = "") -> list[Json]:
    known = [*_of_certificates(call), *call.state.identities.values()]
    return [one for one in known if method in {"", one["authentication_method"]}]


def _shown(one: Json) -> Json:
    return {key: value for key, value in one.items() if key != "secret"}


def _writable(one: Json) -> tuple[Any, ...]:
    return (one["groups"], one["tls_certificate"], one["name"])


def _url(one: Json) -> str:
    identifier = quote(one["id"], safe="")
    return f"/1.0/auth/identities/{one['authentication_method']}/{identifier}"


def _tell(call: Call, what: str, one: Json) -> None:
    call.daemon.events.lifecycle(f"identity-{what}", _url(one), "")


def _method(call: Call) -> str:
    """Read from the path which identities are asked for."""
    return call.request.path.split("/")[4]


def find_identity(call: Call, *, change: bool = False) -> Json:
    """Find the identity that the path names.

    Args:
        call: the request.
        change: whether it is to be changed.

    Raises:
        Refused: there is none, or it cannot be changed.
    """
    wanted = call.names["identity"]
    known = _all(call, _method(call))
    found = [one for one in known if one["id"] == wanted]
    found = found or [one for one in known if one["name"] == wanted]
    if not found:
        raise Refused(404, "Identity not found")
    if len(found) > 1:
        raise Refused(400, f'More than one identity found with name "{wanted}"')
    if change and found[0]["id"] not in call.state.identities:
        kind = found[0]["type"]
        raise Refused(501, f'Identities of type "{kind}" cannot be modified via this API')
    return found[0]


def refuse_taken(call: Call, method: str, name: str) -> None:
    """Refuse a name that another identity has, or that is none."""
    if not name:
        raise Refused(400, "Identity name must be provided")
    if any(name in {one["name"], one["id"]} for one in _all(call, method)):
        raise Refused(409, 'This "identities" entry already exists')


def add(call: Call, one: Json, metadata: Json | None = None) -> web.StreamResponse:
    """Keep a new identity, and answer."""
    call.state.identities[one["id"]] = one
    _tell(call, "created", one)
    return respond(sync(metadata), 201, {"Location": _url(one)})


async def list_all(call: Call) -> web.StreamResponse:
    """``GET /1.0/auth/identities``: by method, where only the paths are asked for."""
    if call.recursion:
        return call.sync([_shown(one) for one in _all(call)])
    urls = {method: [_url(one) for one in _all(call, method)] for method in _METHODS}
    return call.sync({method: found for method, found in urls.items() if found})


async def list_some(call: Call) -> web.StreamResponse:
    """``GET /1.0/auth/identities/tls``, ``oidc`` and ``bearer``."""
    found = _all(call, _method(call))
    return call.sync([_shown(one) if call.recursion else _url(one) for one in found])


async def get_identity(call: Call) -> web.StreamResponse:
    """``GET /1.0/auth/identities/<method>/<name>``."""
    one = find_identity(call)
    return call.sync(_shown(one), etag=_writable(one))


async def update_identity(call: Call) -> web.StreamResponse:
    """``PUT`` and ``PATCH /1.0/auth/identities/<method>/<name>``: the latter adds groups."""
    one = find_identity(call, change=True)
    call.check_etag(*_writable(one))
    asked = await call.json()
    groups = groups_of(call, asked.get("groups"))
    pem = text_in(asked, "tls_certificate")
    if pem and _method(call) != "tls":
        raise Refused(400, "Cannot update certificate for identities of this type")
    if pem and pem != one["tls_certificate"]:
        raise Refused(501, "The embedded server cannot replace an identity's certificate")
    if call.patching:
        groups = list(dict.fromkeys([*one["groups"], *groups]))
    one["groups"] = groups
    _tell(call, "updated", one)
    return call.sync({})


async def delete_identity(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/auth/identities/<method>/<name>``."""
    one = find_identity(call, change=True)
    del call.state.identities[one["id"]]
    sessions = call.state.sessions
    for session in [key for key, value in sessions.items() if value["email"] == one["id"]]:
        del sessions[session]
    _tell(call, "deleted", one)
    return call.sync({})


async def get_current(call: Call) -> web.StreamResponse:
    """``GET /1.0/auth/identities/current``."""
    one = identity_of(call.daemon, call.peer, call.request.headers.get("Authorization", ""))
    trusted = [each for each in _of_certificates(call) if call.peer and each["id"] == _pin(call)]
    if one is None and not trusted:
        raise Refused(400, "Current identity information must be requested via the HTTPS API")
    shown = _shown(one or trusted[0])
    permissions = permissions_of(call.daemon, shown["groups"])
    more = {
        "effective_groups": shown["groups"],
        "effective_permissions": permissions,
        "fine_grained": one is not None,
    }
    return call.sync({**shown, **more})


def _pin(call: Call) -> str:
    return fingerprint_of(call.peer)


# Those with a certificate.


async def create_tls(call: Call) -> web.StreamResponse:
    """``POST /1.0/auth/identities/tls``: make one, issue a token for one, or redeem it."""
    asked = await call.json()
    if asked.get("trust_token"):
        return _redeem(call, asked)
    if not call.trusted:
        raise Refused(403, call.forbidden)
    name = text_in(asked, "name")
    refuse_taken(call, "tls", name)
    groups = groups_of(call, asked.get("groups"))
    if asked.get("token"):
        return _issue(call, name, groups)
    return _admit(call, text_in(asked, "certificate"), name, groups)


def _admit(call: Call, pem: str, name: str, groups: list[str]) -> web.StreamResponse:
    try:
        fingerprint = fingerprint_of(pem)
    except ValueError:
        raise Refused(400, "Failed to parse certificate") from None
    if fingerprint in {*call.state.certificates, *call.state.identities}:
        raise Refused(409, 'This "identities" entry already exists')
    made = new_identity("tls", TLS, fingerprint, name, groups)
    return add(call, {**made, "tls_certificate": pem, "expires_at": ends_at(pem)})


def _issue(call: Call, name: str, groups: list[str]) -> web.StreamResponse:
    made = new_identity("tls", _PENDING, str(uuid.uuid4()), name, groups)
    made["secret"] = hashlib.sha256(uuid.uuid4().bytes).hexdigest()
    lasts = call.state.config.get("core.remote_token_expiry")
    token: Json = {
        "client_name": name,
        "fingerprint": fingerprint_of(call.daemon.pair.certificate),
        "addresses": list(call.daemon.addresses),
        "secret": made["secret"],
        "expires_at": later(call.daemon.clock, lasts) if lasts else NEVER,
        "type": TLS,
    }
    made["expires_at"] = token["expires_at"]
    return add(call, made, token)


def _redeem(call: Call, asked: Json) -> web.StreamResponse:
    """Let a stranger in who has a token."""
    if set(asked) - {"trust_token"} or not call.peer:
        raise Refused(403, call.forbidden)
    try:
        secret = json.loads(base64.b64decode(str(asked["trust_token"]), validate=True))["secret"]
    except (ValueError, KeyError, TypeError):
        raise Refused(403, call.forbidden) from None
    for one in list(call.state.identities.values()):
        alive = one["expires_at"] == NEVER or call.daemon.clock.text() < one["expires_at"]
        if one["type"] == _PENDING and one["secret"] == secret and alive:
            del call.state.identities[one["id"]]
            return _admit(call, call.peer, one["name"], one["groups"])
    raise Refused(403, call.forbidden)


def _routes_of(kind: str) -> dict[str, Handler]:
    """List what is served of the identities of a kind."""
    path = f"{PATH}/{kind}"
    return {
        f"GET {path}": list_some,
        f"GET {path}/{{identity}}": get_identity,
        f"PUT {path}/{{identity}}": update_identity,
        f"PATCH {path}/{{identity}}": update_identity,
        f"DELETE {path}/{{identity}}": delete_identity,
    }


ROUTES: dict[str, Handler] = {
    f"GET {PATH}": list_all,
    f"GET {PATH}/current": get_current,
    f"POST {PATH}/tls": create_tls,
    **_routes_of("tls"),
    **_routes_of("oidc"),
    **_routes_of("bearer"),
}
UNTRUSTED = {f"POST {PATH}/tls"}
