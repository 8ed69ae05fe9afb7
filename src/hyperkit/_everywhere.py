"""Creating on all members of a cluster: defined on each of them, then created at once."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ._edit import patched
from ._request import path, strings
from ._resource import Resource
from .errors import ArgumentError, Error
from .types import Cluster

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._api.operations import OperationsMixin
    from .types import Operation


def create_everywhere(
    client: OperationsMixin,
    collection: str,
    body: dict[str, Any],
    member_config: Mapping[str, Mapping[str, Any]],
) -> Operation:
    """Create a pool or a network over a cluster; if that fails, nothing of it is left.

    Every step is waited for, whatever ``auto_sync`` says: each needs the one before.

    Args:
        client: of any member.
        collection: such as ``"networks"``.
        body: of the request, with the ``config`` that all members share.
        member_config: the configuration that a member has for itself, by its name; those
            that are not named get none.

    Returns:
        The operation of the creation itself: finished.

    Raises:
        ArgumentError: a member is named that the cluster does not have, or the server is
            not part of a cluster.
        APIError: a member, or the cluster, has refused it.
        OperationFailed: the same, where the server works in the background.
    """
    made = path(collection, body["name"])
    client._need("clustering", "member_config")
    everywhere = client._narrowed(target=None)
    url = path(collection)
    if not everywhere._object(path("cluster"), Cluster).enabled:
        message = "The server is not part of a cluster: leave member_config out."
        raise ArgumentError(message)
    members = everywhere._names(path("cluster", "members"))
    strangers = sorted(set(member_config) - set(members))
    if strangers:
        message = (
            f"The cluster has no member {strangers[0]!r}: its members are {', '.join(members)}."
        )
        raise ArgumentError(message)
    defined = False
    try:
        for member in members:
            own = {**body, "config": strings(member_config.get(member)) or {}}
            # It belongs to all members, and Incus 7 refuses it for one of them.
            own.pop("description", None)
            everywhere._handle_async(everywhere._post(url, own, target=member), sync=True)
            # Not before: what the first member refuses may be there, and somebody else's.
            defined = True
        return _created(everywhere, url, made, body)
    except BaseException:
        if defined:
            with suppress(Error):
                everywhere._handle_async(everywhere._delete(made), sync=True)
        raise


def _created(everywhere: OperationsMixin, url: str, made: str, body: dict[str, Any]) -> Operation:
    """Create what all members have defined, and see that it is described."""
    created = everywhere._handle_async(everywhere._post(url, body), sync=True)
    description = body.get("description")
    # LXD, and Incus before 7, take a network's from the request to its first member only.
    if description and everywhere._object(made, Resource).get("description") != description:
        change = patched(everywhere, made, {"description": description}, etag=None)
        everywhere._handle_async(change, sync=True)
    return created
