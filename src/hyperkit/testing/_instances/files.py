"""Files in instances: ``/1.0/instances/<name>/files`` and ``/1.0/instances/<name>/sftp``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._transfers import files

if TYPE_CHECKING:
    from .._engine.call import Call


def _place(call: Call) -> files.Place:
    instance = call.instance()
    source = f"/1.0/instances/{instance.name}"
    return files.Place(instance.tree, "instance", source, instance.project)


ROUTES = files.routes("/1.0/instances/{name}", _place)
