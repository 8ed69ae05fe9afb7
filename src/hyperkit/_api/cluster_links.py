"""Cluster links: trust between one cluster and another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from .._edit import described, editing
from .._nested import texts
from .._request import check_names, given, path, strings
from .._shape import fields_of
from .._token import token_text
from .._trust import certificate_text
from ..errors import ArgumentError
from ..types import ClusterLink, ClusterLinkCertificate, ClusterLinkState
from .operations import OperationsMixin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager


class ClusterLinksMixin(OperationsMixin):
    """Chapter "cluster links" of the API: LXD 6 only."""

    def cluster_link(self, name: str) -> ClusterLink:
        """Read a link to another cluster: ``GET /1.0/cluster/links/<name>`` (LXD 6).

        API extension ``cluster_links``.

        Args:
            name: such as ``"backup"``.

        Raises:
            NotFound: there is no such link.
            MissingExtension: the server links no clusters.

        Example:
            >>> client.cluster_link("backup").type
            'bidirectional'
        """
        return self._object(self._cluster_link(name), ClusterLink)

    def cluster_link_state(self, name: str, *, target: str | None = None) -> ClusterLinkState:
        """Read who answers at the other end: ``GET /1.0/cluster/links/<name>/state`` (LXD 6).

        API extension ``cluster_links``.

        Args:
            name: such as ``"backup"``.
            target: the member of this cluster that is to look, such as ``"node-2"``.

        Raises:
            NotFound: there is no such link.
            MissingExtension: the server links no clusters.

        Example:
            >>> state = client.cluster_link_state("backup")
            >>> all(member.status == "Active" for member in state.cluster_link_members)
            True
        """
        return self._object(self._cluster_link(name, "state"), ClusterLinkState, target=target)

    @overload
    def cluster_links(self, *, recursion: Literal[0] = 0) -> list[str]: ...

    @overload
    def cluster_links(self, *, recursion: Literal[1]) -> list[ClusterLink]: ...

    def cluster_links(self, *, recursion: Literal[0, 1] = 0) -> list[str] | list[ClusterLink]:
        """List the links to other clusters: ``GET /1.0/cluster/links`` (LXD 6).

        API extension ``cluster_links``.

        Args:
            recursion: 0 for names, 1 for the links themselves.

        Raises:
            MissingExtension: the server links no clusters.

        Example:
            >>> client.cluster_links()
            ['backup']
        """
        return self._list(self._cluster_link(), ClusterLink, recursion)

    def create_cluster_link(
        self,
        name: str,
        *,
        auth_groups: Sequence[str] | None = None,
        cluster_certificate: str | None = None,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        remote_address: str | None = None,
        trust_token: str | None = None,
        type: str | None = None,
    ) -> ClusterLinkCertificate | None:
        """Link this cluster to another one: ``POST /1.0/cluster/links`` (LXD 6).

        A link in both directions takes a token of the other cluster
        (`create_cluster_link_token`). A public link is made in two steps: the first
        answers with the certificate that the other cluster shows; once somebody has
        compared its fingerprint, the second gives it back as ``cluster_certificate``.
        API extension ``cluster_links``.

        Args:
            name: of the link here, such as ``"backup"``.
            auth_groups: whose permissions the other cluster gets here, such as
                ``["links"]``.
            cluster_certificate: PEM text or a path: the certificate that is trusted, for
                the second step of a public link.
            config: such as ``{"user.site": "west"}``.
            description: for people.
            remote_address: of the other cluster, for a public link, such as
                ``"10.0.0.1:8443"`` (API extension ``cluster_links_public``).
            trust_token: what the other cluster has issued.
            type: ``"bidirectional"``, or ``"public"``.

        Returns:
            The certificate to compare, of the first step of a public link; else None.

        Raises:
            ArgumentError: neither a token nor an address was given.
            MissingExtension: the server links no clusters, or has no public links.
            Forbidden: the token is wrong, or has been used.

        Example:
            >>> token = other.create_cluster_link_token("primary", auth_groups=["links"])
            >>> client.create_cluster_link("backup", trust_token=token, auth_groups=["links"])
        """
        check_names(name)
        if trust_token is None and remote_address is None:
            message = (
                "A cluster link needs a trust_token of the other cluster, or the remote_address "
                "of a public one; create_cluster_link_token issues a token."
            )
            raise ArgumentError(message)
        if remote_address is not None:
            self._need("cluster_links_public", "remote_address")
        certificate = None
        if cluster_certificate is not None:
            certificate = certificate_text(cluster_certificate)
        body = given(
            name=name,
            auth_groups=texts("auth_groups", auth_groups),
            cluster_certificate=certificate,
            config=strings(config),
            description=description,
            remote_address=remote_address,
            trust_token=trust_token,
            type=type,
        )
        found = fields_of(self._post(self._cluster_link(), body).get("metadata"))
        return ClusterLinkCertificate(found) if "certificate" in found else None

    def create_cluster_link_token(
        self,
        name: str,
        *,
        auth_groups: Sequence[str] | None = None,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        type: str | None = None,
    ) -> str:
        """Issue a token that links another cluster: ``POST /1.0/cluster/links`` (LXD 6).

        The link waits until the other cluster has redeemed it, with `create_cluster_link`.
        API extension ``cluster_links``.

        Args:
            name: of the link here, such as ``"primary"``.
            auth_groups: whose permissions the other cluster gets here, such as
                ``["links"]``.
            config: such as ``{"user.site": "east"}``.
            description: for people.
            type: such as ``"bidirectional"``, which it is if not given.

        Returns:
            The token's text: a secret.

        Raises:
            MissingExtension: the server links no clusters.
            APIError: there is a link of that name.

        Example:
            >>> token = client.create_cluster_link_token("primary", auth_groups=["links"])
        """
        check_names(name)
        body = given(
            name=name,
            auth_groups=texts("auth_groups", auth_groups),
            config=strings(config),
            description=description,
            type=type,
        )
        return token_text(fields_of(self._post(self._cluster_link(), body).get("metadata")))

    def delete_cluster_link(self, name: str) -> None:
        """Delete a link to another cluster: ``DELETE /1.0/cluster/links/<name>`` (LXD 6).

        API extension ``cluster_links``.

        Args:
            name: such as ``"backup"``; nothing may use it.

        Raises:
            NotFound: there is no such link.
            MissingExtension: the server links no clusters.

        Example:
            >>> client.delete_cluster_link("backup")
        """
        self._delete(self._cluster_link(name))

    def edit_cluster_link(self, name: str) -> AbstractContextManager[ClusterLink]:
        """Change a link in a ``with`` block: ``GET``, then ``PUT /1.0/cluster/links/<name>``.

        It is written back when the block ends, with its ETag: what somebody else has
        changed meanwhile is not lost. Nothing is written if the block raises, or
        changes nothing. LXD 6; API extension ``cluster_links``.

        Args:
            name: such as ``"backup"``.

        Returns:
            A context manager that gives the link.

        Raises:
            ArgumentError: a field was changed that an edit does not write.
            NotFound: there is no such link.
            PreconditionFailed: somebody else was faster; read it anew.

        Example:
            >>> with client.edit_cluster_link("backup") as link:
            ...     link.config["user.site"] = "west"
        """
        return editing(
            self,
            lambda: self.cluster_link(name),
            lambda found, etag: self._put(self._cluster_link(name), described(found), etag=etag),
        )

    def patch_cluster_link(
        self,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        etag: str | None = None,
    ) -> None:
        """Change some fields of a link: ``PATCH /1.0/cluster/links/<name>`` (LXD 6).

        API extension ``cluster_links``.

        Args:
            name: such as ``"backup"``.
            config: the keys to add or to change; the others stay.
            description: for people.
            etag: of the link that was read; another one is refused.

        Raises:
            NotFound: there is no such link.
            MissingExtension: the server links no clusters.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.patch_cluster_link("backup", description="The other building")
        """
        body = given(config=strings(config), description=description)
        self._patch(self._cluster_link(name), body, etag=etag)

    def rename_cluster_link(self, old_name: str, new_name: str) -> None:
        """Rename a link to another cluster: ``POST /1.0/cluster/links/<name>`` (LXD 6).

        API extension ``cluster_links``.

        Args:
            old_name: such as ``"backup"``.
            new_name: such as ``"west"``.

        Raises:
            NotFound: there is no such link.
            MissingExtension: the server links no clusters.

        Example:
            >>> client.rename_cluster_link("backup", "west")
        """
        check_names(new_name)
        self._post(self._cluster_link(old_name), {"name": new_name})

    def update_cluster_link(
        self,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        etag: str | None = None,
    ) -> None:
        """Replace all of a link: ``PUT /1.0/cluster/links/<name>`` (LXD 6).

        What is not given becomes empty; to change some only, use `patch_cluster_link` or
        `edit_cluster_link`. API extension ``cluster_links``.

        Args:
            name: such as ``"backup"``.
            config: all keys; values of any type.
            description: for people.
            etag: of the link that was read; another one is refused.

        Raises:
            NotFound: there is no such link.
            MissingExtension: the server links no clusters.
            PreconditionFailed: it has changed since.

        Example:
            >>> link = client.cluster_link("backup")
            >>> client.update_cluster_link("backup", config=link.config, description="West")
        """
        body = {"config": strings(config or {}), "description": description or ""}
        self._put(self._cluster_link(name), body, etag=etag)

    def _cluster_link(self, *segments: str) -> str:
        """Build the path of the links, or of one, where the server has them."""
        url = path("cluster", "links", *segments)
        self._need("cluster_links", "cluster links")
        return url
