"""Identities with a bearer token: LXD 6 only."""

from __future__ import annotations

import base64
import datetime as dt
import hmac
import json
import uuid
from typing import TYPE_CHECKING

from .._clock import NEVER, is_expiry, later
from .._engine.answers import Json, Refused, text_in
from .._keys import fingerprint_of
from .auth_groups import groups_of
from .checks import BEARER, PATH
from .identities import add, find_identity, new_identity, refuse_taken

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call

# How long a token lasts if nobody says it.
_USUAL = "1d"


async def create_bearer(call: Call) -> web.StreamResponse:
    """``POST /1.0/auth/identities/bearer``."""
    asked = await call.json()
    name, kind = text_in(asked, "name"), asked.get("type")
    if kind not in BEARER:
        raise Refused(400, f'Identities of type "{kind}" cannot be created via this API')
    refuse_taken(call, "bearer", name)
    groups = groups_of(call, asked.get("groups"))
    return add(call, new_identity("bearer", str(kind), str(uuid.uuid4()), name, groups))


async def create_token(call: Call) -> web.StreamResponse:
    """``POST /1.0/auth/identities/bearer/<name>/token``."""
    one = find_identity(call, change=True)
    lasts = str((await call.json()).get("expiry") or _USUAL)
    if not is_expiry(lasts):
        raise Refused(400, "Invalid expiry expression")
    one["expires_at"] = later(call.daemon.clock, lasts)
    end = dt.datetime.fromisoformat(one["expires_at"])
    claims = {
        "sub": one["id"],
        "iss": "lxd",
        "iat": int(call.daemon.clock.moment().timestamp()),
        "exp": int(end.timestamp()),
        "jti": str(uuid.uuid4()),
        "server_cert_fingerprint": fingerprint_of(call.daemon.pair.certificate),
    }
    text = ".".join(_part(part) for part in ({"alg": "HS512", "typ": "JWT"}, claims))
    signature = hmac.digest(call.daemon.pair.key.encode(), text.encode(), "sha512")
    one["secret"] = f"{text}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"
    return call.sync({"token": one["secret"]})


def _part(value: Json) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


async def delete_token(call: Call) -> web.StreamResponse:
    """``DELETE /1.0/auth/identities/bearer/<name>/token``."""
    one = find_identity(call, change=True)
    if not one["secret"]:
        raise Refused(404, "Bearer token not found")
    one["secret"], one["expires_at"] = "", NEVER
    return call.sync({})


ROUTES = {
    f"POST {PATH}/bearer": create_bearer,
    f"POST {PATH}/bearer/{{identity}}/token": create_token,
    f"DELETE {PATH}/bearer/{{identity}}/token": delete_token,
}
