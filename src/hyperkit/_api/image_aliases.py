"""Aliases: names of images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

from .._edit import editing, etag_of
from .._request import check_names, given, path
from ..errors import AliasAttributesRequired
from ..types import ImageAlias
from .operations import OperationsMixin

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from ..types import Operation


class ImageAliasesMixin(OperationsMixin):
    """Chapter "images" of the API, as far as their names go; these may hold slashes."""

    def create_image_alias(
        self,
        fingerprint: str,
        alias_name: str,
        *,
        description: str | None = None,
        type: Literal["container", "virtual-machine"] | None = None,
    ) -> Operation:
        """Name an image: ``POST /1.0/images/aliases``.

        Args:
            fingerprint: of the image.
            alias_name: such as ``"debian/12"``.
            description: for people.
            type: of the image; servers go by the image itself, whatever is said here.

        Returns:
            A finished operation.

        Raises:
            NotFound: there is no such image.
            Conflict: the name is taken.

        Example:
            >>> fingerprint = client.images()[0]
            >>> client.create_image_alias(fingerprint, "test/latest").status
            'Success'
        """
        check_names(alias_name)
        body = given(name=alias_name, target=fingerprint, description=description, type=type)
        return self._post(path("images", "aliases"), body)

    def delete_image_alias(self, alias_name: str) -> None:
        """Take a name away; the image stays: ``DELETE /1.0/images/aliases/<name>``.

        Args:
            alias_name: such as ``"debian/12"``.

        Raises:
            NotFound: there is no such alias.

        Example:
            >>> client.delete_image_alias("test/latest")
        """
        self._delete(path("images", "aliases", alias_name))

    def edit_image_alias(self, alias_name: str) -> AbstractContextManager[ImageAlias]:
        """Change an alias in a ``with`` block: ``GET``, then ``PUT /1.0/images/aliases/<name>``.

        It is written back when the block ends, with its ETag: what somebody else has
        changed meanwhile is not lost. Nothing is written if the block raises, or
        changes nothing.

        Args:
            alias_name: such as ``"debian/12"``.

        Returns:
            A context manager that gives the alias.

        Raises:
            ArgumentError: a field was changed that an edit does not write.
            NotFound: there is no such alias, or no such image.
            PreconditionFailed: somebody else was faster; read it anew.

        Example:
            >>> with client.edit_image_alias("busybox") as alias:
            ...     alias["description"] = "Small"
        """

        def write(alias: ImageAlias, etag: str | None) -> None:
            body = {"description": alias["description"], "target": alias["target"]}
            self._put(path("images", "aliases", alias_name), body, etag=etag)

        return editing(
            self, lambda: self.image_alias(alias_name), write, ("description", "target")
        )

    def image_alias(self, alias_name: str) -> ImageAlias:
        """Read which image a name means: ``GET /1.0/images/aliases/<name>``.

        Args:
            alias_name: such as ``"debian/12"``.

        Raises:
            NotFound: there is no such alias.

        Example:
            >>> client.image_alias("busybox").type
            'container'
        """
        return self._object(path("images", "aliases", alias_name), ImageAlias)

    @overload
    def image_aliases(self, *, recursion: Literal[0] = 0) -> list[str]: ...

    @overload
    def image_aliases(self, *, recursion: Literal[1]) -> list[ImageAlias]: ...

    def image_aliases(self, *, recursion: Literal[0, 1] = 0) -> list[str] | list[ImageAlias]:
        """List the names of images: ``GET /1.0/images/aliases``.

        Args:
            recursion: 0 for the names, 1 for the aliases themselves.

        Example:
            >>> client.image_aliases()
            ['busybox']
        """
        # LXD 5.0 quotes a slash in URLs twice, Incus not at all.
        return self._list(path("images", "aliases"), ImageAlias, recursion, legible=False)

    def patch_image_alias(
        self,
        alias_name: str,
        *,
        description: str | None = None,
        etag: str | None = None,
        target: str | None = None,
    ) -> None:
        """Change some of an alias: ``PATCH /1.0/images/aliases/<name>``.

        LXD 5.0 fails to: `update_image_alias` does it there.

        Args:
            alias_name: such as ``"debian/12"``.
            description: for people.
            etag: of the alias that was read; another one is refused.
            target: fingerprint of the image that it is to mean.

        Raises:
            AliasAttributesRequired: neither ``target`` nor ``description``.
            InternalServerError: it is LXD 5.0, which gives up after ten seconds.
            NotFound: there is no such alias or image.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.patch_image_alias("busybox", description="Small")
        """
        body = _changed(description, target)
        self._patch(path("images", "aliases", alias_name), body, etag=etag)

    def rename_image_alias(self, old_alias: str, new_alias: str) -> Operation:
        """Rename an alias: ``POST /1.0/images/aliases/<name>``.

        LXD 5.0 takes ten seconds for it.

        Args:
            old_alias: such as ``"debian/12"``.
            new_alias: such as ``"debian/bookworm"``.

        Returns:
            A finished operation.

        Raises:
            NotFound: there is no such alias.
            Conflict: the new name is taken.

        Example:
            >>> client.rename_image_alias("test/latest", "test/7").status
            'Success'
        """
        check_names(new_alias)
        return self._post(path("images", "aliases", old_alias), {"name": new_alias})

    def update_image_alias(
        self,
        alias_name: str,
        *,
        description: str | None = None,
        etag: str | None = None,
        target: str | None = None,
    ) -> None:
        """Change an alias: ``PUT /1.0/images/aliases/<name>``.

        What is not given is read first, and kept.

        Args:
            alias_name: such as ``"debian/12"``.
            description: for people.
            etag: of the alias that was read; another one is refused.
            target: fingerprint of the image that it is to mean.

        Raises:
            AliasAttributesRequired: neither ``target`` nor ``description``.
            NotFound: there is no such alias or image.
            PreconditionFailed: it has changed since, or meanwhile.

        Example:
            >>> client.update_image_alias("busybox", description="Small")
        """
        body = _changed(description, target)
        if len(body) == 1:
            kept = self.image_alias(alias_name)
            etag = etag or etag_of(self)
            body = {"description": kept.description, "target": kept.target, **body}
        self._put(path("images", "aliases", alias_name), body, etag=etag)


def _changed(description: str | None, target: str | None) -> dict[str, str]:
    body: dict[str, str] = given(description=description, target=target)
    if not body:
        message = "Say what to change of the alias: target or description."
        raise AliasAttributesRequired(message)
    return body
