"""Storage buckets: places for objects that S3 clients reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from .._edit import editing, patched, put_matching
from .._request import check_names, given, path, strings
from .._shape import entries, fields_of
from ..types import StorageBucket, StorageBucketBackup, StorageBucketKey
from .operations import OperationsMixin

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from ..types import Operation

_KEY_FIELDS = ("access-key", "description", "role", "secret-key")


class StorageBucketsMixin(OperationsMixin):
    """Chapter "storage" of the API, as far as buckets go."""

    def create_storage_bucket(
        self,
        pool: str,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Create a bucket: ``POST /1.0/storage-pools/<pool>/buckets``.

        API extension ``storage_buckets``.

        Args:
            pool: the storage pool's name, such as ``"default"``.
            name: the bucket's, such as ``"photos"``.
            config: such as ``{"size": "10GiB"}``.
            description: for people.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; many servers have finished it before they answer. When it is
            finished, its ``metadata`` is the bucket's first key, with
            ``metadata["access-key"]`` and ``metadata["secret-key"]``: API extension
            ``storage_buckets_create_credentials``, else None. (An operation that was not
            waited for has it in ``metadata["key"]`` when it ends, on LXD 6.8 and later.)

        Raises:
            APIError: there is a bucket of that name, or the pool can have none.
            NotFound: there is no such pool.

        Example:
            >>> key = client.create_storage_bucket("default", "photos").metadata
            >>> key.role
            'admin'
        """
        check_names(name)
        body = given(name=name, config=strings(config), description=description)
        return _with_key(self._handle_async(self._post(self._bucket(pool), body), sync))

    def create_storage_bucket_key(
        self,
        pool: str,
        bucket: str,
        name: str,
        *,
        access_key: str | None = None,
        description: str | None = None,
        role: Literal["admin", "read-only"] | None = None,
        secret_key: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Create a key of a bucket: ``POST /1.0/storage-pools/<pool>/buckets/<bucket>/keys``.

        API extension ``storage_buckets``.

        Args:
            pool: the storage pool's name, such as ``"default"``.
            bucket: its name, such as ``"photos"``.
            name: the key's, such as ``"viewer"``.
            access_key: the public half of the credentials; made up if not given.
            description: for people.
            role: ``"admin"``, or ``"read-only"``, which it is if not given.
            secret_key: the secret half of the credentials; made up if not given.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; many servers have finished it before they answer. When it is
            finished, its ``metadata`` is the key, with ``metadata["access-key"]`` and
            ``metadata["secret-key"]``. (An operation that was not waited for has it in
            ``metadata["key"]`` when it ends, on LXD 6.8 and later.)

        Raises:
            APIError: there is a key of that name, or the credentials are no good.
            NotFound: there is no such bucket.

        Example:
            >>> key = client.create_storage_bucket_key("default", "photos", "viewer").metadata
            >>> len(key["access-key"])
            20
        """
        check_names(name)
        body = _credentials(access_key, description, role, secret_key) | {"name": name}
        url = self._bucket(pool, bucket, "keys")
        return _with_key(self._handle_async(self._post(url, body), sync))

    def delete_storage_bucket(
        self, pool: str, name: str, *, target: str | None = None, sync: bool | None = None
    ) -> Operation:
        """Delete a bucket, with all in it: ``DELETE /1.0/storage-pools/<pool>/buckets/<bucket>``.

        API extension ``storage_buckets``.

        Args:
            pool: the storage pool's name, such as ``"default"``.
            name: the bucket's, such as ``"photos"``.
            target: the cluster member that has it.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; many servers have finished it before they answer.

        Raises:
            NotFound: there is no such bucket.

        Example:
            >>> client.delete_storage_bucket("default", "photos").status
            'Success'
        """
        return self._handle_async(self._delete(self._bucket(pool, name), target=target), sync)

    def delete_storage_bucket_key(
        self,
        pool: str,
        bucket: str,
        name: str,
        *,
        target: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Delete a key: ``DELETE /1.0/storage-pools/<pool>/buckets/<bucket>/keys/<key>``.

        API extension ``storage_buckets``.

        Args:
            pool: the storage pool's name, such as ``"default"``.
            bucket: its name, such as ``"photos"``.
            name: the key's, such as ``"viewer"``.
            target: the cluster member that has the bucket.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; many servers have finished it before they answer.

        Raises:
            NotFound: there is no such key.

        Example:
            >>> client.delete_storage_bucket_key("default", "photos", "viewer").status
            'Success'
        """
        url = self._bucket(pool, bucket, "keys", name)
        return self._handle_async(self._delete(url, target=target), sync)

    def edit_storage_bucket(
        self, pool: str, name: str, *, target: str | None = None
    ) -> AbstractContextManager[StorageBucket]:
        """Change a bucket: ``GET``, then ``PUT /1.0/storage-pools/<pool>/buckets/<bucket>``.

        API extension ``storage_buckets``. It is written back when the block ends, with
        its ETag: what somebody else has changed meanwhile is not lost. Nothing is written
        if the block raises, or changes nothing.

        Args:
            pool: the storage pool's name, such as ``"default"``.
            name: the bucket's, such as ``"photos"``.
            target: the cluster member that has it.

        Returns:
            A context manager that gives the bucket.

        Raises:
            ArgumentError: a field was changed that an edit does not write.
            NotFound: there is no such bucket.
            PreconditionFailed: somebody else was faster; read it anew.

        Example:
            >>> with client.edit_storage_bucket("default", "photos") as bucket:
            ...     bucket["description"] = "Photos of the press"
        """

        def read() -> StorageBucket:
            return self._object(self._bucket(pool, name), StorageBucket, target=target)

        def write(bucket: StorageBucket, etag: str | None) -> None:
            self.update_storage_bucket(
                pool,
                name,
                config=bucket["config"],
                description=bucket["description"],
                etag=etag,
                target=target,
                sync=True,
            )

        return editing(self, read, write)

    def edit_storage_bucket_key(
        self, pool: str, bucket: str, name: str, *, target: str | None = None
    ) -> AbstractContextManager[StorageBucketKey]:
        """Change a key: ``GET``, ``PUT /1.0/storage-pools/<pool>/buckets/<bucket>/keys/<key>``.

        API extension ``storage_buckets``. It is written back when the block ends, with
        its ETag: what somebody else has changed meanwhile is not lost. Nothing is written
        if the block raises, or changes nothing.

        Args:
            pool: the storage pool's name, such as ``"default"``.
            bucket: its name, such as ``"photos"``.
            name: the key's, such as ``"viewer"``.
            target: the cluster member that has the bucket.

        Returns:
            A context manager that gives the key.

        Raises:
            ArgumentError: a field was changed that an edit does not write.
            NotFound: there is no such key.
            PreconditionFailed: somebody else was faster; read it anew.

        Example:
            >>> with client.edit_storage_bucket_key("default", "photos", "viewer") as key:
            ...     key["role"] = "admin"
        """
        url = self._bucket(pool, bucket, "keys", name)

        def write(key: StorageBucketKey, etag: str | None) -> None:
            body = {field: key[field] for field in _KEY_FIELDS if field in key}
            change = put_matching(self, url, body, etag=etag, target=target)
            self._handle_async(change, sync=True)

        return editing(
            self, lambda: self._object(url, StorageBucketKey, target=target), write, _KEY_FIELDS
        )

    def patch_storage_bucket(
        self,
        pool: str,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        etag: str | None = None,
        target: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Change some fields of a bucket: ``PATCH /1.0/storage-pools/<pool>/buckets/<bucket>``.

        API extension ``storage_buckets``.

        Args:
            pool: the storage pool's name, such as ``"default"``.
            name: the bucket's, such as ``"photos"``.
            config: the keys to add or to change, such as ``{"size": "20GiB"}``; the
                others stay.
            description: for people.
            etag: of the bucket that was read; another one is refused.
            target: the cluster member that has it.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; many servers have finished it before they answer.

        Raises:
            NotFound: there is no such bucket.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.patch_storage_bucket("default", "photos", description="Ours").status
            'Success'
        """
        body = given(config=strings(config), description=description)
        url = self._bucket(pool, name)
        done = patched(self, url, body, "description", etag=etag, match=True, target=target)
        return self._handle_async(done, sync)

    def storage_bucket(
        self, pool: str, name: str, *, recursion: Literal[0, 1] = 0
    ) -> StorageBucket:
        """Read a bucket: ``GET /1.0/storage-pools/<pool>/buckets/<bucket>``.

        API extension ``storage_buckets``.

        Args:
            pool: the storage pool's name, such as ``"default"``.
            name: the bucket's, such as ``"photos"``.
            recursion: 1 adds its backups and keys; API extension
                ``storage_bucket_full`` (Incus).

        Raises:
            NotFound: there is no such bucket.

        Example:
            >>> client.storage_bucket("default", "photos").s3_url
            'https://192.0.2.1:9000/photos'
        """
        url = self._bucket(pool, name)
        if recursion:
            self._need("storage_bucket_full", "recursion=1")
        return _full(self._object(url, StorageBucket, recursion=recursion or None))

    def storage_bucket_key(self, pool: str, bucket: str, name: str) -> StorageBucketKey:
        """Read a key: ``GET /1.0/storage-pools/<pool>/buckets/<bucket>/keys/<key>``.

        API extension ``storage_buckets``.

        Args:
            pool: the storage pool's name, such as ``"default"``.
            bucket: its name, such as ``"photos"``.
            name: the key's, such as ``"viewer"``.

        Raises:
            NotFound: there is no such key.

        Example:
            >>> client.storage_bucket_key("default", "photos", "viewer").role
            'read-only'
        """
        return self._object(self._bucket(pool, bucket, "keys", name), StorageBucketKey)

    @overload
    def storage_bucket_keys(
        self, pool: str, bucket: str, *, recursion: Literal[0] = 0
    ) -> list[str]: ...

    @overload
    def storage_bucket_keys(
        self, pool: str, bucket: str, *, recursion: Literal[1]
    ) -> list[StorageBucketKey]: ...

    def storage_bucket_keys(
        self, pool: str, bucket: str, *, recursion: Literal[0, 1] = 0
    ) -> list[str] | list[StorageBucketKey]:
        """List the keys of a bucket: ``GET /1.0/storage-pools/<pool>/buckets/<bucket>/keys``.

        API extension ``storage_buckets``.

        Args:
            pool: the storage pool's name, such as ``"default"``.
            bucket: its name, such as ``"photos"``.
            recursion: 0 for names, 1 for the keys themselves.

        Raises:
            NotFound: there is no such bucket.

        Example:
            >>> client.storage_bucket_keys("default", "photos")
            ['admin', 'viewer']
        """
        return self._list(self._bucket(pool, bucket, "keys"), StorageBucketKey, recursion)

    @overload
    def storage_buckets(
        self,
        pool: str,
        *,
        all_projects: bool | None = None,
        filter: str | None = None,
        recursion: Literal[0] = 0,
    ) -> list[str]: ...

    @overload
    def storage_buckets(
        self,
        pool: str,
        *,
        all_projects: bool | None = None,
        filter: str | None = None,
        recursion: Literal[1, 2],
    ) -> list[StorageBucket]: ...

    def storage_buckets(
        self,
        pool: str,
        *,
        all_projects: bool | None = None,
        filter: str | None = None,
        recursion: Literal[0, 1, 2] = 0,
    ) -> list[str] | list[StorageBucket]:
        """List the buckets of a pool: ``GET /1.0/storage-pools/<pool>/buckets``.

        API extension ``storage_buckets``.

        Args:
            pool: the storage pool's name, such as ``"default"``.
            all_projects: True lists those of every project; API extension
                ``storage_buckets_all_projects``.
            filter: such as ``"name eq photos"`` (Incus); see "Filtering" in the manual.
            recursion: 0 for names, 1 for the buckets themselves, 2 for buckets with
                their backups and keys; API extension ``storage_bucket_full`` (Incus).

        Raises:
            NotFound: there is no such pool.

        Example:
            >>> client.storage_buckets("default")
            ['photos']
        """
        url = self._bucket(pool)
        if recursion == 2:
            self._need("storage_bucket_full", "recursion=2")
        found: list[Any] = self._list(
            url,
            StorageBucket,
            recursion,
            all_projects=all_projects,
            extension="storage_buckets_all_projects",
            filter=filter,
        )
        return [_full(bucket) for bucket in found] if recursion else found

    def update_storage_bucket(
        self,
        pool: str,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        etag: str | None = None,
        target: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Replace all of a bucket: ``PUT /1.0/storage-pools/<pool>/buckets/<bucket>``.

        API extension ``storage_buckets``. What is not given becomes empty; to change some
        only, use `patch_storage_bucket` or `edit_storage_bucket`.

        Args:
            pool: the storage pool's name, such as ``"default"``.
            name: the bucket's, such as ``"photos"``.
            config: all keys, such as ``{"size": "20GiB"}``.
            description: for people.
            etag: of the bucket that was read; another one is refused.
            target: the cluster member that has it.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; many servers have finished it before they answer.

        Raises:
            NotFound: there is no such bucket.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.update_storage_bucket("default", "photos", config={"user.a": 1}).status
            'Success'
        """
        body = {"config": strings(config or {}), "description": description or ""}
        url = self._bucket(pool, name)
        change = put_matching(self, url, body, etag=etag, target=target)
        return self._handle_async(change, sync)

    def update_storage_bucket_key(
        self,
        pool: str,
        bucket: str,
        name: str,
        *,
        access_key: str | None = None,
        description: str | None = None,
        etag: str | None = None,
        role: Literal["admin", "read-only"] | None = None,
        secret_key: str | None = None,
        target: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Replace all of a key: ``PUT /1.0/storage-pools/<pool>/buckets/<bucket>/keys/<key>``.

        API extension ``storage_buckets``. What is not given becomes empty, or is made up
        anew by the server; to change some only, use `edit_storage_bucket_key`.

        Args:
            pool: the storage pool's name, such as ``"default"``.
            bucket: its name, such as ``"photos"``.
            name: the key's, such as ``"viewer"``.
            access_key: the public half of the credentials.
            description: for people.
            etag: of the key that was read; another one is refused.
            role: ``"admin"``, or ``"read-only"``, which it is if not given.
            secret_key: the secret half of the credentials.
            target: the cluster member that has the bucket.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; many servers have finished it before they answer.

        Raises:
            NotFound: there is no such key.
            PreconditionFailed: it has changed since.

        Example:
            >>> photos = "default", "photos"
            >>> client.update_storage_bucket_key(*photos, "viewer", role="admin").status
            'Success'
        """
        body = _credentials(access_key, description or "", role, secret_key)
        url = self._bucket(pool, bucket, "keys", name)
        change = put_matching(self, url, body, etag=etag, target=target)
        return self._handle_async(change, sync)

    def _bucket(self, pool: str, *rest: str) -> str:
        """Build the path of the buckets of a pool, of one of them, or of something in it."""
        url = path("storage-pools", pool, "buckets", *rest)
        self._need("storage_buckets", "storage buckets")
        return url


def _credentials(
    access_key: str | None, description: str | None, role: str | None, secret_key: str | None
) -> dict[str, Any]:
    """Write a key as the servers read it; Incus takes none without a role."""
    values = (access_key, description, role or "read-only", secret_key)
    return given(**dict(zip(_KEY_FIELDS, values, strict=True)))


def _full(bucket: StorageBucket) -> StorageBucket:
    """Take a bucket, and what may be in it: keys that do not show their secrets."""
    for field, kind in (("backups", StorageBucketBackup), ("keys", StorageBucketKey)):
        if field in bucket:
            bucket[field] = entries(bucket[field], kind)
    return bucket


def _with_key(operation: Operation) -> Operation:
    """Put the key that was made where it is found whichever way the server tells it."""
    metadata = fields_of(operation.get("metadata"))
    key = fields_of(metadata.get("key")) or metadata
    if "access-key" in key:
        operation["metadata"] = StorageBucketKey(key)
    return operation
