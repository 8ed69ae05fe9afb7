"""The image that a new server has."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING

from .._engine.state import Image
from .._guest.system import base_tree
from .._transfers.archives import pack

if TYPE_CHECKING:
    from .._engine.answers import Json

_TEMPLATES = {
    "hostname.tpl": b"{{ container.name }}\n",
    "hosts.tpl": b"127.0.0.1 localhost\n127.0.1.1 {{ container.name }}\n",
}


def _metadata() -> Json:
    """Write what the image's ``metadata.yaml`` says."""
    return {
        "architecture": "x86_64",
        "creation_date": 1577836800,
        "expiry_date": 0,
        "properties": {
            "architecture": "x86_64",
            "description": "busybox test image",
            "os": "busybox",
            "release": "1",
        },
        "templates": {
            f"/etc/{name}": {
                "when": ["create", "copy"],
                "create_only": False,
                "template": f"{name}.tpl",
                "properties": None,
            }
            for name in ("hostname", "hosts")
        },
    }


@cache
def _packed() -> bytes:
    return pack(_metadata(), _TEMPLATES, base_tree())


def busybox(uploaded_at: str) -> Image:
    """Make the image.

    Args:
        uploaded_at: what it says of itself.
    """
    content = _packed()
    found = _metadata()
    return Image(
        hashlib.sha256(content).hexdigest(),
        [content],
        found,
        base_tree(),
        "busybox.tar.gz",
        uploaded_at,
        created_at="2020-01-01T00:00:00Z",
        properties=dict(found["properties"]),
        public=True,
        templates=dict(_TEMPLATES),
    )
