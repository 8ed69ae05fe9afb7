"""What the server answers: envelopes, refusals, ETags."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from aiohttp import web

Json = dict[str, Any]


class Refused(Exception):
    """The server says no.

    Args:
        code: the HTTP status; of an operation that fails so, what ``/wait`` may tell.
        text: why, in the words of the real server.
    """

    def __init__(self, code: int, text: str) -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text


def mapping(value: Any) -> Json:
    """Take a value of a JSON body for an object; null is an empty one."""
    found: Json = value or {}
    return found


def listing(value: Any) -> list[Any]:
    """Take a value of a JSON body for a list; null is an empty one."""
    found: list[Any] = value or []
    return found


def text_in(value: Json, key: str) -> str:
    """Read a text from a JSON body; where there is none, or null, it is empty."""
    return str(value.get(key) or "")


def to_json(value: Any) -> bytes:
    """Write JSON as the servers do."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def respond(value: Json, status: int, headers: dict[str, str] | None = None) -> web.Response:
    """Answer with JSON."""
    return web.Response(
        body=to_json(value), status=status, headers=headers, content_type="application/json"
    )


def sync(metadata: Any = None) -> Json:
    """Make the envelope of an answer that came at once."""
    return {
        "type": "sync",
        "status": "Success",
        "status_code": 200,
        "operation": "",
        "error_code": 0,
        "error": "",
        "metadata": metadata,
    }


def error(code: int, text: str) -> Json:
    """Make the envelope of a refusal."""
    return {
        "type": "error",
        "status": "",
        "status_code": 0,
        "operation": "",
        "error_code": code,
        "error": text,
        "metadata": None,
    }


def in_project(path: str, project: str) -> str:
    """Complete a path of the API by the project that it is in; the default one is not said.

    Args:
        path: such as ``"/1.0/profiles/web"``.
        project: its name; empty if it is in none.
    """
    return path if project in {"", "default"} else f"{path}?project={project}"


def etag_of(*writable: Any) -> str:
    """Make the hash of what can be written: it is the ETag, without its quotes."""
    text = json.dumps(writable, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
