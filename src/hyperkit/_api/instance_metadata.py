"""Metadata and templates of instances: what their image said of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._edit import editing, put_matching
from .._payload import Payload, content_of
from .._request import check_names, given, strings
from .._shape import listed
from ..types import InstanceMetadata
from .instances import InstancesMixin

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from .._payload import Content


class InstanceMetadataMixin(InstancesMixin):
    """Chapter "instances" of the API, as far as their metadata and templates go."""

    def delete_instance_template(self, instance: str, template: str) -> None:
        """Delete a template: ``DELETE /1.0/instances/<name>/metadata/templates``.

        API extension ``container_edit_metadata``.

        Args:
            instance: its name, such as ``"web"``.
            template: the file's name, such as ``"hosts.tpl"``.

        Raises:
            NotFound: there is no such instance, or no such template.

        Example:
            >>> client.delete_instance_template("web", "hosts.tpl")
        """
        check_names(template)
        self._delete(self._metadata(instance, "templates"), path=template)

    def edit_instance_metadata(self, instance: str) -> AbstractContextManager[InstanceMetadata]:
        """Change metadata in a block: ``GET``, then ``PUT /1.0/instances/<name>/metadata``.

        API extension ``container_edit_metadata``. They are written back when the block
        ends, with their ETag: what somebody else has changed meanwhile is not lost.
        Nothing is written if the block raises, or changes nothing.

        Args:
            instance: its name, such as ``"web"``.

        Returns:
            A context manager that gives the metadata.

        Raises:
            NotFound: there is no such instance.
            PreconditionFailed: somebody else was faster; read them anew.

        Example:
            >>> with client.edit_instance_metadata("web") as metadata:
            ...     metadata.properties["release"] = "12"
        """

        def write(metadata: InstanceMetadata, etag: str | None) -> None:
            url = self._metadata(instance)
            put_matching(self, url, metadata, etag=etag)

        return editing(self, lambda: self.instance_metadata(instance), write, None)

    def instance_metadata(self, instance: str) -> InstanceMetadata:
        """Read the metadata of an instance: ``GET /1.0/instances/<name>/metadata``.

        API extension ``container_edit_metadata``.

        Args:
            instance: its name, such as ``"web"``.

        Raises:
            NotFound: there is no such instance, or it has none.

        Example:
            >>> client.instance_metadata("web").properties["os"]
            'busybox'
        """
        return self._object(self._metadata(instance), InstanceMetadata)

    def instance_template(self, instance: str, template: str) -> bytes:
        """Read a template: ``GET /1.0/instances/<name>/metadata/templates``.

        API extension ``container_edit_metadata``.

        Args:
            instance: its name, such as ``"web"``.
            template: the file's name, such as ``"hostname.tpl"``.

        Raises:
            NotFound: there is no such instance, or no such template.

        Example:
            >>> client.instance_template("web", "hostname.tpl").strip()
            b'{{ container.name }}'
        """
        check_names(template)
        return self._raw(self._metadata(instance, "templates"), path=template)

    def instance_templates(self, instance: str) -> list[str]:
        """List the templates of an instance: ``GET /1.0/instances/<name>/metadata/templates``.

        API extension ``container_edit_metadata``.

        Args:
            instance: its name, such as ``"web"``.

        Returns:
            The names of the files.

        Raises:
            NotFound: there is no such instance.

        Example:
            >>> client.instance_templates("web")
            ['hostname.tpl', 'hosts.tpl']
        """
        return listed(self._get(self._metadata(instance, "templates")))

    def patch_instance_metadata(
        self,
        instance: str,
        *,
        architecture: str | None = None,
        creation_date: int | None = None,
        etag: str | None = None,
        expiry_date: int | None = None,
        properties: Mapping[str, Any] | None = None,
        templates: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        """Change some metadata of an instance: ``PATCH /1.0/instances/<name>/metadata``.

        API extension ``container_edit_metadata``.

        Args:
            instance: its name, such as ``"web"``.
            architecture: such as ``"x86_64"``.
            creation_date: of the image, in seconds since 1970.
            etag: of the metadata that were read; others are refused.
            expiry_date: of the image, in seconds since 1970; 0 for never.
            properties: those to add or to change, such as ``{"os": "debian"}``; the
                others stay.
            templates: those to add or to change, such as ``{"/etc/hosts":
                {"template": "hosts.tpl", "when": ["start"]}}``; the others stay.

        Raises:
            NotFound: there is no such instance.
            PreconditionFailed: they have changed since.

        Example:
            >>> client.patch_instance_metadata("web", properties={"release": 12})
        """
        body = _fields(architecture, creation_date, expiry_date, properties, templates)
        self._patch(self._metadata(instance), body, etag=etag)

    def update_instance_metadata(
        self,
        instance: str,
        *,
        architecture: str | None = None,
        creation_date: int | None = None,
        etag: str | None = None,
        expiry_date: int | None = None,
        properties: Mapping[str, Any] | None = None,
        templates: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        """Replace all metadata of an instance: ``PUT /1.0/instances/<name>/metadata``.

        API extension ``container_edit_metadata``. What is not given becomes empty; to
        change some only, use `patch_instance_metadata` or `edit_instance_metadata`.

        Args:
            instance: its name, such as ``"web"``.
            architecture: such as ``"x86_64"``.
            creation_date: of the image, in seconds since 1970.
            etag: of the metadata that were read; others are refused.
            expiry_date: of the image, in seconds since 1970; 0 for never.
            properties: all of them, such as ``{"os": "debian"}``.
            templates: all of them, by the paths of the files that are written from
                them.

        Raises:
            NotFound: there is no such instance.
            PreconditionFailed: they have changed since.

        Example:
            >>> client.update_instance_metadata("web", architecture="x86_64")
        """
        body = _fields(
            architecture or "",
            creation_date or 0,
            expiry_date or 0,
            properties or {},
            templates or {},
        )
        url = self._metadata(instance)
        put_matching(self, url, body, etag=etag)

    def write_instance_template(self, instance: str, template: str, *, content: Content) -> None:
        """Create or replace a template: ``POST /1.0/instances/<name>/metadata/templates``.

        API extension ``container_edit_metadata``. It is used once the metadata name it
        in ``templates``.

        Args:
            instance: its name, such as ``"web"``.
            template: the file's name, such as ``"hosts.tpl"``.
            content: text, bytes, or a readable file, in the language of pongo2.

        Raises:
            NotFound: there is no such instance.

        Example:
            >>> client.write_instance_template("web", "motd.tpl", content="{{ container.name }}")
        """
        check_names(template)
        payload = Payload(content_of(content))
        self._upload(self._metadata(instance, "templates"), payload, path=template)

    def _metadata(self, instance: str, *rest: str) -> str:
        """Build the path of an instance's metadata."""
        url = self._path(instance, "metadata", *rest)
        self._need("container_edit_metadata", "metadata of instances")
        return url


def _fields(
    architecture: str | None,
    creation_date: int | None,
    expiry_date: int | None,
    properties: Mapping[str, Any] | None,
    templates: Mapping[str, Mapping[str, Any]] | None,
) -> dict[str, Any]:
    return given(
        architecture=architecture,
        creation_date=creation_date,
        expiry_date=expiry_date,
        properties=strings(properties),
        templates=None
        if templates is None
        else {name: dict(template) for name, template in templates.items()},
    )
