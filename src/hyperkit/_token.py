"""Tokens of trust: what an administrator hands to a newcomer, as text."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import TYPE_CHECKING, Any, cast

from ._request import NEVER
from .errors import ArgumentError
from .types import TrustToken

if TYPE_CHECKING:
    from collections.abc import Mapping

# SHA-256 in lower-case hex.
FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_PARTS_OF_JWT = 3
_NAMES = ("client_name", "server_name")
_NEEDED = ("fingerprint", "addresses", "secret")


def encode_token(operation_metadata: Mapping[str, Any]) -> str:
    """Write a token as text: base64 of JSON, as the servers' own commands do.

    Args:
        operation_metadata: of the operation that issued it (for a certificate, or for a
            member of a cluster), or the token itself, where a server answers with that.

    Raises:
        ArgumentError: there is no token in it, or one that leads nowhere.
    """
    given = operation_metadata
    request: Mapping[str, Any] = given.get("request") or {}
    if any(given.get(name) for name in _NAMES):
        token = dict(given)
    elif request.get("name"):
        token = {"client_name": request["name"]}
    else:
        token = {"server_name": given.get("serverName")}
    for key in _NEEDED:
        token[key] = given.get(key)
    token["expires_at"] = given.get("expiresAt") or given.get("expires_at") or NEVER
    if token["secret"] and token["fingerprint"] and not token["addresses"]:
        message = (
            "The token names no address at which the server could be reached: set "
            "core.https_address, and ask for another one."
        )
        raise ArgumentError(message)
    if not _whole(token):
        message = "This operation has issued no token for a certificate or a cluster member."
        raise ArgumentError(message)
    return token_text(token)


def token_text(parts: Mapping[str, Any]) -> str:
    """Write the parts of a token as text."""
    return base64.b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode()


def decode_token(text: str) -> TrustToken:
    """Read what a token says.

    Args:
        text: as `encode_token` or a server's own command has written it.

    Returns:
        With ``client_name`` (for a certificate) or ``server_name`` (for a cluster member).

    Raises:
        ArgumentError: it is none; it is not repeated, since it may be a secret all the same.
    """
    try:
        found: Any = json.loads(base64.b64decode("".join(text.split()), validate=True))
    except (
        AttributeError,
        RecursionError,
        TypeError,
        ValueError,
    ):  # binascii.Error is a ValueError
        found = None
    token = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
    if not _whole(token) or not _well_formed(token):
        message = "This is no token of LXD or Incus: it is base64 of JSON, and comes in one piece."
        raise ArgumentError(message)
    return TrustToken(token)


def named_certificate(bearer: str | None) -> str | None:
    """Read which certificate the server that issued a bearer token has.

    Args:
        bearer: LXD's are JSON Web Tokens that may say it; others are looked at in vain.

    Returns:
        Its SHA-256 in lower-case hex, or None.
    """
    parts = (bearer or "").split(".")
    if len(parts) != _PARTS_OF_JWT:
        return None
    padded = parts[1] + "=" * (-len(parts[1]) % 4)
    try:
        claims: Any = json.loads(base64.urlsafe_b64decode(padded))
    except (binascii.Error, ValueError, RecursionError):
        return None
    if not isinstance(claims, dict):
        return None
    named: Any = cast("dict[str, Any]", claims).get("server_cert_fingerprint")
    text = named.lower() if isinstance(named, str) else ""
    return text if FINGERPRINT.fullmatch(text) else None


def _whole(token: Mapping[str, Any]) -> bool:
    return any(token.get(name) for name in _NAMES) and all(token.get(key) for key in _NEEDED)


def _well_formed(token: Mapping[str, Any]) -> bool:
    """Tell whether everything in a token is of its kind."""
    addresses: Any = token["addresses"]
    fingerprint: Any = token["fingerprint"]
    return (
        isinstance(addresses, list)
        and isinstance(fingerprint, str)
        and all(isinstance(one, str) for one in cast("Any", addresses))
        and all(isinstance(token.get(name) or "", str) for name in (*_NAMES, "secret", "type"))
    )
