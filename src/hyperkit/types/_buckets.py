"""Storage buckets and what belongs to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._resource import Resource

if TYPE_CHECKING:
    from datetime import datetime


class StorageBucket(Resource):
    """A place for objects that S3 clients reach at ``s3_url``.

    ``location`` is the cluster member that has it. ``backups`` is there with
    ``recursion=2``, or of one bucket with ``recursion=1``; so are its keys, as
    ``bucket["keys"]``: the attribute of that name is a dict's own.
    """

    __slots__ = ()

    access_entitlements: list[str] | None
    backups: list[StorageBucketBackup]
    config: dict[str, str]
    description: str
    location: str
    name: str
    project: str
    s3_url: str


class StorageBucketBackup(Resource):
    """A backup of a storage bucket that is kept on the server."""

    __slots__ = ()

    created_at: datetime | None
    expires_at: datetime | None
    name: str


class StorageBucketKey(Resource):
    """What opens a storage bucket to S3 clients; ``role`` is ``"admin"`` or ``"read-only"``.

    The credentials are ``key["access-key"]`` and ``key["secret-key"]``: names with a
    dash are no attributes. The secret one is not shown when the key is printed.
    """

    __slots__ = ()

    description: str
    name: str
    role: str

    def __repr__(self) -> str:
        """Show the key without its secret."""
        return repr({**self, "secret-key": "***"} if "secret-key" in self else dict(self))
