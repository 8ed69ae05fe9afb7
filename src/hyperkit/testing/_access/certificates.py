"""Who is trusted: certificates, tokens, the trust password."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

from .._clock import NEVER, later, passed
from .._engine.answers import Json, Refused, text_in
from .._engine.filter import filtered
from .._engine.state import Certificate
from .._keys import fingerprint_of, pem_of

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call
    from .._engine.daemon import Daemon
    from .._engine.operations import Operation


def _shown(call: Call, one: Certificate) -> Json:
    found: Json = {
        "name": one.name,
        "type": one.type,
        "restricted": one.restricted,
        "projects": one.projects,
        "certificate": one.pem,
        "fingerprint": one.fingerprint,
    }
    if not call.flavour.lxd:
        found["description"] = one.description
    if call.flavour.lxd2:
        del found["restricted"], found["projects"]
    return found


def _writable(one: Certificate) -> tuple[Any, ...]:
    return (one.name, one.type, one.restricted, one.projects, one.pem)


def _found(call: Call) -> Certificate:
    prefix = call.names["fingerprint"]
    known = call.state.certificates
    found = [one for key, one in known.items() if prefix and key.startswith(prefix)]
    if len(found) != 1:
        raise Refused(404, "Certificate not found")
    return found[0]


async def list_certificates(call: Call) -> web.StreamResponse:
    """``GET /1.0/certificates``."""
    own = fingerprint_of(call.peer) if call.kept is not None and call.flavour.lxd6 else ""
    found = filtered(
        call,
        [one for key, one in call.state.certificates.items() if key == (own or key)],
        lambda one: _shown(call, one),
        "api_filtering_extended",
    )
    if not call.recursion:
        return call.sync([f"/1.0/certificates/{one.fingerprint}" for one in found])
    return call.sync([_shown(call, one) for one in found])


async def create_certificate(call: Call) -> web.StreamResponse:
    """``POST /1.0/certificates``: add one, issue a token, or be trusted by one."""
    asked = await call.json()
    if not call.trusted:
        return _introduce(call, asked)
    if asked.get("token"):
        return _issue(call, asked)
    if asked.get("password") or asked.get("trust_token"):
        conflict = call.flavour.lxd6 and asked.get("trust_token")
        raise Refused(409 if conflict else 400, "Client is already trusted")
    if not asked.get("certificate"):
        raise Refused(400, "Client is already trusted")
    kind = asked.get("type") or "client"
    if kind not in {"client", "metrics", "server"}:
        raise Refused(400, f"Unknown request type {kind}")
    return _add(call, _certificate(asked), asked)


def _certificate(asked: Json) -> str:
    """Read the certificate in a body: DER in base64, or PEM."""
    text = str(asked["certificate"])
    try:
        if text.startswith("-----BEGIN"):
            fingerprint_of(text)
            return text
        return pem_of(base64.b64decode(text, validate=True))
    except binascii.Error:
        raise Refused(400, "illegal base64 data at input byte 0") from None
    except ValueError:
        raise Refused(400, "Invalid certificate material: x509: malformed certificate") from None


def _add(call: Call, pem: str, asked: Json) -> web.StreamResponse:
    fingerprint = fingerprint_of(pem)
    if fingerprint in call.state.certificates:
        raise Refused(409, "Certificate already in trust store")
    call.state.certificates[fingerprint] = Certificate(
        fingerprint,
        pem,
        text_in(asked, "name"),
        asked.get("type") or "client",
        restricted=bool(asked.get("restricted")),
        projects=list(asked.get("projects") or []),
        description=text_in(asked, "description"),
    )
    call.daemon.events.lifecycle("certificate-created", f"/1.0/certificates/{fingerprint}", "")
    return call.created("certificates", fingerprint)


def _issue(call: Call, asked: Json) -> web.StreamResponse:
    """Issue a token."""
    for other in call.daemon.operations.known():
        request: Json = (other.metadata or {}).get("request") or {}
        if (
            other.class_ == "token"
            and not other.ended.is_set()
            and request.get("name") == asked.get("name")
        ):
            other.cancel()
    operation = _token(call.daemon, asked)
    return call.answer(operation)


def _token(daemon: Daemon, asked: Json) -> Operation:
    request: Json = {
        "name": asked.get("name") or "",
        "type": asked.get("type") or "client",
        "restricted": bool(asked.get("restricted")),
        "projects": list(asked.get("projects") or []),
        "certificate": "",
    }
    if daemon.flavour.lxd:
        request["password"] = ""
    else:
        request |= {"description": asked.get("description") or "", "trust_token": ""}
    request["token"] = True
    metadata: Json = {
        "addresses": list(daemon.addresses),
        "fingerprint": fingerprint_of(daemon.pair.certificate),
        "request": request,
    }
    lasts = daemon.state.config.get("core.remote_token_expiry")
    if lasts:
        metadata["expiresAt"] = later(daemon.clock, lasts)
    operation = daemon.operations.token("Executing operation", metadata)
    operation.expires_at = metadata.get("expiresAt")
    return operation


def issue_token(daemon: Daemon, name: str) -> str:
    """Issue a token, and write it as the servers' own commands do."""
    operation = _token(daemon, {"name": name, "type": "client"})
    metadata: Json = operation.metadata or {}
    text = {
        "client_name": name,
        "fingerprint": metadata["fingerprint"],
        "addresses": metadata["addresses"],
        "secret": metadata["secret"],
        "expires_at": NEVER,
    }
    return base64.b64encode(json.dumps(text).encode()).decode()


def _introduce(call: Call, asked: Json) -> web.StreamResponse:
    """Let a stranger in who has a token, or the trust password."""
    flavour = call.flavour
    given = asked.get("trust_token") or ""
    if not flavour.recent:
        given = given or asked.get("password") or ""
        if given == call.daemon.password:
            return _admit(call, asked, asked)
    elif asked.get("password"):
        if flavour.lxd:
            raise Refused(501, "Password authentication is no longer supported")
        raise Refused(403, call.forbidden)
    operation = _redeemed(call.daemon, str(given))
    if operation is None:
        raise Refused(403, call.forbidden)
    request: Json = (operation.metadata or {})["request"]
    operation.cancel()
    return _admit(call, asked, request)


def _redeemed(daemon: Daemon, text: str) -> Operation | None:
    """Find the token that somebody shows."""
    try:
        token: Json = json.loads(base64.b64decode(text, validate=True))
        secret = token["secret"]
    except (ValueError, KeyError, TypeError):
        return None
    for operation in daemon.operations.known():
        if operation.class_ != "token" or not secret or operation.secret != secret:
            continue
        if not operation.ended.is_set():
            return operation
        if passed(operation.expires_at, daemon.clock.now()):
            told = "Failed during search for certificate add token operation: Token has expired"
            raise Refused(500, told)
    return None


def _admit(call: Call, asked: Json, terms: Json) -> web.StreamResponse:
    """Trust a client, on the terms of its token."""
    pem = _certificate(asked) if asked.get("certificate") else call.peer
    if not pem:
        raise Refused(400, "No client certificate provided")
    kept = {
        **terms,
        "name": terms.get("name") or asked.get("name") or "",
        "certificate": "",
    }
    return _add(call, pem, kept)


async def get_certificate(call: Call) -> web.StreamResponse:
    """``GET /1.0/certificates/<fingerprint>``."""
    one = _found(call)
    return call.sync(_shown(call, one), etag=_writable(one))


def _same(call: Call, one: Certificate, asked: Json) -> bool:
    """Tell whether what is asked for leaves all but the certificate as it is."""
    terms: Json = {"name": one.name, "projects": one.projects, "restricted": one.restricted}
    given = terms | asked if call.patching else asked
    return all((given.get(key) or type(value)()) == value for key, value in terms.items())


async def update_certificate(call: Call) -> web.StreamResponse:
    """``PUT`` and ``PATCH /1.0/certificates/<fingerprint>``."""
    one = _found(call)
    call.check_etag(*_writable(one))
    asked = await call.json()
    kind = asked.get("type") or ("client" if not call.patching else one.type)
    if kind != one.type:
        raise Refused(400, "The certificate type cannot be changed")
    if call.kept is not None and not _same(call, one, asked):
        raise Refused(403, "Only the certificate can be changed")
    if not call.patching or "name" in asked:
        one.name = text_in(asked, "name")
    if not call.patching or "restricted" in asked:
        one.restricted = bool(asked.get("restricted"))
    if not call.patching or "projects" in asked:
        one.projects = list(asked.get("projects") or [])
    if not call.patching or "description" in asked:
        one.description = text_in(asked, "description")
    if asked.get("certificate"):
        pem = _certificate(asked)
        del call.state.certificates[one.fingerprint]
        one.pem, one.fingerprint = pem, fingerprint_of(pem)
        call.state.certificates[one.fingerprint] = one
    return call.sync({})


async def delete_certificate(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/certificates/<fingerprint>``."""
    one = _found(call)
    del call.state.certificates[one.fingerprint]
    call.daemon.events.lifecycle("certificate-deleted", f"/1.0/certificates/{one.fingerprint}", "")
    return call.sync({})


async def list_access(call: Call) -> web.StreamResponse:
    """``GET /1.0/instances/<name>/access`` and ``GET /1.0/projects/<name>/access``."""
    return call.sync(
        [
            {"identifier": one, "role": "admin", "provider": "tls"}
            for one in call.state.certificates
        ]
    )


ROUTES = {
    "GET /1.0/certificates": list_certificates,
    "POST /1.0/certificates": create_certificate,
    "GET /1.0/certificates/{fingerprint}": get_certificate,
    "PUT /1.0/certificates/{fingerprint}": update_certificate,
    "PATCH /1.0/certificates/{fingerprint}": update_certificate,
    "DELETE /1.0/certificates/{fingerprint}": delete_certificate,
    "GET /1.0/instances/{name}/access": list_access,
    "GET /1.0/projects/{name}/access": list_access,
}
UNTRUSTED = {"POST /1.0/certificates"}
