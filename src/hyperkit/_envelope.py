"""Reading what the server answers: one envelope, whatever the call."""

from __future__ import annotations

import re
from typing import Any

from ._resource import Resource, decode
from .errors import APIError, Forbidden, InvalidResponse, by_status, is_taken

_SECRET = re.compile(r"((?:^|[?&])(?:secret|token|password)=)[^&]*", re.IGNORECASE)
_SHOWN = 200

_UNTRUSTED = (
    "If the server does not trust this client yet, redeem a token: "
    "trust(token), or ask its administrator to add client_cert"
)

# What servers say to strangers, and to nobody who merely may not do this.
_STRANGER = {"forbidden", "not authorized", "you must be authenticated", ""}


def read_envelope(
    status_code: int,
    content_type: str,
    content: bytes,
    *,
    method: str = "",
    url: str = "",
    trust: bool = True,
) -> Resource:
    """Read an answer; the body's ``type`` decides, never the HTTP status.

    Args:
        status_code: the HTTP status.
        content_type: of the body, empty if it has none.
        content: the whole body.
        method: the verb of the request, for errors.
        url: what was asked, for errors.
        trust: False on a socket, where whoever may open it is trusted.

    Returns:
        The envelope of a ``sync`` or ``async`` answer.

    Raises:
        APIError: the server said no, or a proxy did.
        InvalidResponse: the body is not the API's.
    """
    body, fault = _decode(content, content_type)
    kind = body.get("type") if isinstance(body, Resource) else None
    if kind == "error" or status_code >= 400:
        raise refusal(status_code, body, fault, method=method, url=url, trust=trust)
    if kind == "async" and not _names_operation(body):
        kind, fault = None, "about an operation that it does not name"
    if not isinstance(body, Resource) or kind not in ("sync", "async"):
        fault = fault or "a JSON document that is no answer of the API"
        message = f"{method} {masked(url)}: the answer ({status_code}) is {fault}."
        raise InvalidResponse(message)
    return body


def refusal(
    status_code: int, body: Any, fault: str, *, method: str, url: str, trust: bool = True
) -> APIError:
    """Make the exception for an error answer.

    Args:
        status_code: the HTTP status; a code in the body wins.
        body: the decoded body, if it could be decoded.
        fault: what is wrong with the body otherwise.
        method: the verb of the request.
        url: what was asked.
        trust: False on a socket, where whoever may open it is trusted.
    """
    reason = ""
    if isinstance(body, Resource):
        code: Any = body.get("error_code")
        if isinstance(code, int) and code >= 400:
            status_code = code
        reason = str(body.get("error") or "")
    if status_code < 400:
        status_code = 500
    if status_code == 500 and reason.lower().endswith("no such file or directory"):
        # LXD up to 5.0 says so of files that are not there.
        status_code = 404
    if status_code in {400, 500} and is_taken(reason):
        # Each endpoint has its own code for that.
        status_code = 409
    kind = by_status(status_code)
    reason = reason or (f"the answer is {fault}" if fault else "the server gave no reason")
    hint = _UNTRUSTED if kind is Forbidden and trust and reason.lower() in _STRANGER else ""
    return kind(reason, status_code=status_code, method=method, url=masked(url), hint=hint)


def _names_operation(body: Any) -> bool:
    operation: Any = body.get("metadata")
    return isinstance(operation, Resource) and bool(operation.get("id"))


def _decode(content: bytes, content_type: str) -> tuple[Any, str]:
    """Decode a body, or say what it is instead."""
    try:
        return decode(content), ""
    except ValueError:
        pass
    if not content.strip():
        return None, "an empty body"
    start = content.lstrip()[:_SHOWN].decode("utf-8", "replace")
    if "html" in content_type or start[:1] == "<":
        return None, "a web page, not the API: is api_endpoint right?"
    if start[:1] in "{[":
        return None, "JSON that breaks off or is malformed"
    return None, f"not JSON: {start!r}"


def masked(url: str) -> str:
    """Hide the secrets in a URL's query."""
    return _SECRET.sub(r"\1***", url)
