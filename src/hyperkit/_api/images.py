"""Images: what instances are made from. Files of them are in ``image_files``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Literal, overload

from .._edit import editing
from .._nested import texts
from .._progress import check_progress
from .._request import check_names, given, path, strings, time_of
from .._source import PROTOCOLS
from ..errors import ArgumentError, ImageIdentifierRequired, InvalidProtocol
from ..types import Image, ImageAlias, Operation
from .operations import OperationsMixin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from .._progress import OnProgress
    from .._source import ImageProtocol

# What can be changed of an image.
_FIELDS = ("auto_update", "expires_at", "profiles", "properties", "public")


class ImagesMixin(OperationsMixin):
    """Chapter "images" of the API."""

    def create_image_from_container(
        self,
        name: str,
        *,
        aliases: Sequence[str] | None = None,
        compression_algorithm: str | None = None,
        description: str | None = None,
        expires_at: datetime | str | None = None,
        filename: str | None = None,
        format: Literal["split", "unified"] | None = None,
        on_progress: OnProgress | None = None,
        progress: bool = False,
        properties: Mapping[str, Any] | None = None,
        public: bool | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Make an image of an instance: ``POST /1.0/images``.

        Args:
            name: of the instance, such as ``"web"``; it must be stopped.
            aliases: names for the image.
            compression_algorithm: such as ``"zstd"`` or ``"none"``; the server's
                setting if not given.
            description: for people: the property ``description``.
            expires_at: when it is deleted: an aware ``datetime``, or the server's text.
            filename: of its export.
            format: ``"unified"``, or ``"split"`` for two files (Incus).
            on_progress: called with percent, 100 (or None), and the server's words.
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).
            properties: such as ``{"os": "debian"}``.
            public: True lets strangers see it.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; the fingerprint is ``metadata.fingerprint`` when it is done.

        Raises:
            NotFound: there is no such instance.
            OperationFailed: it is running, or an alias is taken.

        Example:
            >>> made = client.create_image_from_container("web", aliases=["web-7"]).metadata
            >>> made.fingerprint == client.image_by_alias("web-7").fingerprint
            True
        """
        check_progress(progress)
        check_names(name)
        body = _new_image(
            aliases,
            description,
            properties,
            compression_algorithm=compression_algorithm,
            expires_at=time_of(expires_at),
            filename=filename,
            format=format,
            public=public,
        )
        modern = self.has_extension("instances")
        body["source"] = {"type": "instance" if modern else "container", "name": name}
        return self._create_image(body, on_progress, progress, sync)

    def create_image_from_remote(
        self,
        server: str,
        *,
        alias: str | None = None,
        aliases: Sequence[str] | None = None,
        auto_update: bool | None = None,
        certificate: str | None = None,
        filename: str | None = None,
        fingerprint: str | None = None,
        image_type: str | None = None,
        on_progress: OnProgress | None = None,
        profiles: Sequence[str] | None = None,
        progress: bool = False,
        properties: Mapping[str, Any] | None = None,
        protocol: ImageProtocol | None = None,
        public: bool | None = None,
        secret: str | None = None,
        source_project: str | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Have the server fetch an image from another server: ``POST /1.0/images``.

        Args:
            server: its URL, such as ``"https://images.example.net"``.
            alias: of the image there, such as ``"debian/12"``.
            aliases: names for it here.
            auto_update: True keeps it up to date.
            certificate: PEM of the other server, if no authority signed it.
            filename: of its export.
            fingerprint: of the image: SHA-256 in lower-case hex.
            image_type: ``"container"`` or ``"virtual-machine"``.
            on_progress: called with percent, 100 (or None), and the server's words.
            profiles: for instances that are made from it (Incus, LXD 6).
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).
            properties: in the place of its own.
            protocol: ``"simplestreams"``, ``"lxd"``, ``"incus"`` or ``"oci"``.
            public: True lets strangers see it here.
            secret: of a private image there; see `create_image_secret`.
            source_project: that it is in there, if that is not the default one.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; the fingerprint is ``metadata.fingerprint`` when it is done.

        Raises:
            ImageIdentifierRequired: neither ``alias`` nor ``fingerprint``.
            InvalidProtocol: no server speaks this protocol.
            OperationFailed: it could not be fetched.

        Example:
            >>> images = "https://images.example.net"
            >>> client.create_image_from_remote(
            ...     images, alias="debian/12", protocol="simplestreams"
            ... ).status
            'Success'
        """
        check_progress(progress)
        if not alias and not fingerprint:
            message = "Name the image by alias or fingerprint."
            raise ImageIdentifierRequired(message)
        if alias and fingerprint:
            message = "Name the image by alias or fingerprint, not by both."
            raise ArgumentError(message)
        if protocol is not None and protocol not in PROTOCOLS:
            message = f"{protocol!r} is no protocol for images: use one of {', '.join(PROTOCOLS)}."
            raise InvalidProtocol(message)
        body = _new_image(
            aliases,
            None,
            properties,
            auto_update=auto_update,
            filename=filename,
            profiles=texts("profiles", profiles),
            public=public,
        )
        body["source"] = given(
            type="image",
            mode="pull",
            server=server,
            alias=alias,
            certificate=certificate,
            fingerprint=fingerprint,
            image_type=image_type,
            project=source_project,
            protocol=protocol,
            secret=secret,
        )
        if source_project is not None:
            self._need("image_source_project", "source_project")
        return self._create_image(body, on_progress, progress, sync)

    def create_image_from_snapshot(
        self,
        container: str,
        snapshot: str,
        *,
        aliases: Sequence[str] | None = None,
        compression_algorithm: str | None = None,
        description: str | None = None,
        expires_at: datetime | str | None = None,
        filename: str | None = None,
        format: Literal["split", "unified"] | None = None,
        on_progress: OnProgress | None = None,
        progress: bool = False,
        properties: Mapping[str, Any] | None = None,
        public: bool | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Make an image of a snapshot: ``POST /1.0/images``.

        Args:
            container: the instance's name, such as ``"web"``; it may be running.
            snapshot: the snapshot's name, such as ``"before"``.
            aliases: names for the image.
            compression_algorithm: such as ``"zstd"`` or ``"none"``; the server's
                setting if not given.
            description: for people: the property ``description``.
            expires_at: when it is deleted: an aware ``datetime``, or the server's text.
            filename: of its export.
            format: ``"unified"``, or ``"split"`` for two files (Incus).
            on_progress: called with percent, 100 (or None), and the server's words.
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).
            properties: such as ``{"os": "debian"}``.
            public: True lets strangers see it.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; the fingerprint is ``metadata.fingerprint`` when it is done.

        Raises:
            NotFound: there is no such instance or snapshot.
            OperationFailed: an alias is taken.

        Example:
            >>> len(client.create_image_from_snapshot("web", "before").metadata.fingerprint)
            64
        """
        check_progress(progress)
        check_names(container, snapshot)
        body = _new_image(
            aliases,
            description,
            properties,
            compression_algorithm=compression_algorithm,
            expires_at=time_of(expires_at),
            filename=filename,
            format=format,
            public=public,
        )
        body["source"] = {"type": "snapshot", "name": f"{container}/{snapshot}"}
        return self._create_image(body, on_progress, progress, sync)

    def create_image_from_url(
        self,
        url: str,
        *,
        aliases: Sequence[str] | None = None,
        filename: str | None = None,
        on_progress: OnProgress | None = None,
        progress: bool = False,
        properties: Mapping[str, Any] | None = None,
        public: bool | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Have the server fetch an image from a web page: ``POST /1.0/images``.

        The page answers with the headers ``LXD-Image-Hash`` and ``LXD-Image-URL``
        (``Incus-…`` for Incus). LXD 6.9 and later refuse this.

        Args:
            url: of the page.
            aliases: names for the image.
            filename: of its export.
            on_progress: called with percent, 100 (or None), and the server's words.
            progress: True draws a bar (the extra ``pyhyperkit[tqdm]``).
            properties: such as ``{"os": "debian"}``.
            public: True lets strangers see it.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; the fingerprint is ``metadata.fingerprint`` when it is done.

        Raises:
            BadRequest: this server does not fetch from web pages (any more).
            OperationFailed: there is no image at the page.

        Example:
            >>> client.create_image_from_url("https://images.example.net/busybox").status
            'Success'
        """
        check_progress(progress)
        body = _new_image(
            aliases,
            None,
            properties,
            filename=filename,
            public=public,
        )
        body["source"] = {"type": "url", "url": url}
        return self._create_image(body, on_progress, progress, sync)

    def create_image_secret(self, fingerprint: str) -> Operation:
        """Make a secret that lets a stranger fetch a private image, once.

        ``POST /1.0/images/<fingerprint>/secret``. Reading the image's description
        with it uses it up, as its export does; five seconds are left for the other
        of the two.

        Args:
            fingerprint: of the image.

        Returns:
            A running operation, which is never waited for; the secret is its
            ``metadata.secret``.

        Raises:
            NotFound: there is no such image.

        Example:
            >>> fingerprint = client.image_by_alias("busybox").fingerprint
            >>> len(client.create_image_secret(fingerprint).metadata.secret)
            64
        """
        return self._post(path("images", fingerprint, "secret"))

    def delete_image(self, fingerprint: str, *, sync: bool | None = None) -> Operation:
        """Delete an image: ``DELETE /1.0/images/<fingerprint>``.

        Args:
            fingerprint: of the image.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; finished, if it was waited for.

        Raises:
            NotFound: there is no such image.

        Example:
            >>> fingerprint = client.image_by_alias("old").fingerprint
            >>> client.delete_image(fingerprint).status
            'Success'
        """
        return self._handle_async(self._delete(path("images", fingerprint)), sync)

    def edit_image(self, fingerprint: str) -> AbstractContextManager[Image]:
        """Change an image's fields in a ``with`` block: ``PUT /1.0/images/<fingerprint>``.

        It is read first, and written back when the block ends, with its ETag: what
        somebody else has changed meanwhile is not lost. Nothing is written if the block
        raises, or changes nothing. What can be changed are ``auto_update``,
        ``expires_at``, ``profiles``, ``properties`` and ``public``.

        Args:
            fingerprint: of the image.

        Returns:
            A context manager that gives the image.

        Raises:
            ArgumentError: a field was changed that an edit does not write.
            NotFound: there is no such image.
            PreconditionFailed: somebody else was faster; read it anew.

        Example:
            >>> with client.edit_image(client.images()[0]) as image:
            ...     image.properties["release"] = "7"
        """

        def write(image: Image, etag: str | None) -> None:
            body = {key: image[key] for key in _FIELDS if key in image}
            body["properties"] = strings(image["properties"])
            self._put(url, body, etag=etag)

        url = path("images", fingerprint)
        read = partial(self.image, fingerprint)
        unwatched = ("expires_at", "profiles")
        return editing(self, read, write, _FIELDS, url=url, unwatched=unwatched)

    def image(self, fingerprint: str, *, secret: str | None = None) -> Image:
        """Read what is known of an image: ``GET /1.0/images/<fingerprint>``.

        Args:
            fingerprint: of the image; servers take a unique beginning too.
            secret: of a private image, where the server does not trust this client;
                it is used up by this.

        Raises:
            NotFound: there is no such image, or it is private.

        Example:
            >>> fingerprint = client.images()[0]
            >>> client.image(fingerprint).architecture
            'x86_64'
        """
        return self._object(path("images", fingerprint), Image, secret=secret)

    def image_by_alias(self, alias_name: str, *, secret: str | None = None) -> Image:
        """Read what is known of the image that an alias names.

        ``GET /1.0/images/aliases/<name>``, then ``GET /1.0/images/<fingerprint>``.

        Args:
            alias_name: such as ``"debian/12"``.
            secret: of a private image, where the server does not trust this client;
                it is used up by this.

        Raises:
            NotFound: there is no such alias, or the image is private.

        Example:
            >>> client.image_by_alias("busybox").properties["os"]
            'busybox'
        """
        alias = self._object(path("images", "aliases", alias_name), ImageAlias)
        return self.image(alias.target, secret=secret)

    @overload
    def images(
        self,
        *,
        all_projects: bool | None = None,
        filter: str | None = None,
        recursion: Literal[0] = 0,
    ) -> list[str]: ...

    @overload
    def images(
        self,
        *,
        all_projects: bool | None = None,
        filter: str | None = None,
        recursion: Literal[1],
    ) -> list[Image]: ...

    def images(
        self,
        *,
        all_projects: bool | None = None,
        filter: str | None = None,
        recursion: Literal[0, 1] = 0,
    ) -> list[str] | list[Image]:
        """List the images: ``GET /1.0/images``.

        Args:
            all_projects: True lists those of every project (Incus, LXD 6).
            filter: such as ``"public eq true"``; see "Filtering" in the manual.
            recursion: 0 for fingerprints, 1 for the images themselves.

        Example:
            >>> [image.properties["os"] for image in client.images(recursion=1)]
            ['busybox']
        """
        return self._list(
            path("images"),
            Image,
            recursion,
            all_projects=all_projects,
            extension="images_all_projects",
            filter=filter,
            filtering="api_filtering",
        )

    def patch_image(
        self,
        fingerprint: str,
        *,
        auto_update: bool | None = None,
        etag: str | None = None,
        properties: Mapping[str, Any] | None = None,
        public: bool | None = None,
    ) -> None:
        """Change some fields of an image: ``PATCH /1.0/images/<fingerprint>``.

        Servers change ``expires_at`` and ``profiles`` with `update_image` only: `edit_image`
        changes them, and leaves the rest as it is.

        Args:
            fingerprint: of the image.
            auto_update: True keeps it up to date.
            etag: of the image that was read; another one is refused.
            properties: to add or to change; the others stay.
            public: True lets strangers see it.

        Raises:
            NotFound: there is no such image.
            PreconditionFailed: it has changed since.

        Example:
            >>> fingerprint = client.images()[0]
            >>> client.patch_image(fingerprint, public=False)
        """
        body = _writable(auto_update, None, None, properties, public)
        self._patch(path("images", fingerprint), body, etag=etag)

    def refresh_image(self, fingerprint: str, *, sync: bool | None = None) -> Operation:
        """Fetch an image anew from where it came from: ``POST /1.0/images/<…>/refresh``.

        API extension ``image_force_refresh``.

        Args:
            fingerprint: of the image.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; ``metadata.refreshed`` tells whether there was a newer one.

        Raises:
            NotFound: there is no such image.
            BadRequest: it came from nowhere.

        Example:
            >>> fingerprint = client.image_by_alias("debian/12").fingerprint
            >>> client.refresh_image(fingerprint).metadata.refreshed
            False
        """
        url = path("images", fingerprint, "refresh")
        self._need("image_force_refresh", "refresh_image")
        return self._handle_async(self._post(url), sync)

    def update_image(
        self,
        fingerprint: str,
        *,
        auto_update: bool | None = None,
        etag: str | None = None,
        expires_at: datetime | str | None = None,
        profiles: Sequence[str] | None = None,
        properties: Mapping[str, Any] | None = None,
        public: bool | None = None,
    ) -> None:
        """Replace the fields of an image: ``PUT /1.0/images/<fingerprint>``.

        What is not given goes back to its default: the properties too; only
        ``expires_at`` stays. To change some only, use `patch_image` or `edit_image`. The
        server's ETag does not cover ``expires_at`` and ``profiles``.

        Args:
            fingerprint: of the image.
            auto_update: True keeps it up to date.
            etag: of the image that was read; another one is refused.
            expires_at: when it is deleted.
            profiles: for instances that are made from it.
            properties: all of them.
            public: True lets strangers see it.

        Raises:
            NotFound: there is no such image.
            PreconditionFailed: it has changed since.

        Example:
            >>> image = client.image_by_alias("busybox")
            >>> client.update_image(
            ...     image.fingerprint, properties={**image.properties, "release": "7"}
            ... )
        """
        body = _writable(auto_update, expires_at, profiles, properties, public)
        self._put(path("images", fingerprint), body, etag=etag)

    def _create_image(
        self,
        body: dict[str, Any],
        on_progress: OnProgress | None,
        progress: bool,
        sync: bool | None,
    ) -> Operation:
        if "aliases" in body:
            self._need("image_create_aliases", "aliases")
        if "expires_at" in body:
            self._need("images_expiry", "expires_at")
        if "format" in body:
            self._need("instance_publish_split", "format")
        if "profiles" in body:
            self._need("image_copy_profile", "profiles")
        return self._handle_async(
            self._post(path("images"), body), sync, on_progress, progress=progress
        )


def _new_image(
    aliases: Sequence[str] | None,
    description: str | None,
    properties: Mapping[str, Any] | None,
    **fields: Any,
) -> dict[str, Any]:
    """Write what all new images have in common."""
    names = texts("aliases", aliases)
    described = (strings(properties) or {}) | given(description=description)
    return given(
        aliases=None if names is None else [{"name": name} for name in names],
        properties=described or None,
        **fields,
    )


def _writable(
    auto_update: bool | None,
    expires_at: datetime | str | None,
    profiles: Sequence[str] | None,
    properties: Mapping[str, Any] | None,
    public: bool | None,
) -> dict[str, Any]:
    """Write what can be changed of an image."""
    return given(
        auto_update=auto_update,
        expires_at=time_of(expires_at),
        profiles=texts("profiles", profiles),
        properties=strings(properties),
        public=public,
    )
