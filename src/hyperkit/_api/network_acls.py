"""Network ACLs: rules for what may come into networks and go out of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from .._edit import patched
from .._nested import nested
from .._request import check_names, given, path, strings
from ..types import NetworkACL
from .network_parts import NetworkPartsMixin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from contextlib import AbstractContextManager

    from ..types import Operation

_RULE: dict[str, type] = {
    "action": str,
    "description": str,
    "destination": str,
    "destination_port": str,
    "icmp_code": str,
    "icmp_type": str,
    "protocol": str,
    "source": str,
    "source_port": str,
    "state": str,
}


class NetworkACLsMixin(NetworkPartsMixin):
    """Chapter "network-acls" of the API."""

    def create_network_acl(
        self,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        egress: Iterable[Mapping[str, Any]] | None = None,
        ingress: Iterable[Mapping[str, Any]] | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Create a network ACL: ``POST /1.0/network-acls``.

        API extension ``network_acl``. A network obeys it when its ``security.acls``
        names it.

        Args:
            name: such as ``"web"``.
            config: such as ``{"user.owner": "ann"}``; values of any type.
            description: for people.
            egress: rules for what goes out; as those of ``ingress``.
            ingress: rules for what comes in, such as ``[{"action": "allow", "protocol":
                "tcp", "destination_port": 80, "state": "enabled"}]``; ``action`` and
                ``state`` have to be there.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            ArgumentError: a rule has a key that rules do not have.
            APIError: the server takes no such rule, or there is an ACL of that name.

        Example:
            >>> rule = {"action": "allow", "source": "10.7.0.0/24", "state": "enabled"}
            >>> client.create_network_acl("web", ingress=[rule]).status
            'Success'
        """
        body = {"name": name, **_fields(config, description, egress, ingress)}
        check_names(name)
        return self._handle_async(self._post(self._acl(), body), sync)

    def delete_network_acl(self, name: str, *, sync: bool | None = None) -> Operation:
        """Delete a network ACL: ``DELETE /1.0/network-acls/<name>``.

        API extension ``network_acl``.

        Args:
            name: such as ``"web"``; nothing may use it.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            NotFound: there is no such ACL.
            APIError: it is in use.

        Example:
            >>> client.delete_network_acl("web").status
            'Success'
        """
        return self._handle_async(self._delete(self._acl(name)), sync)

    def edit_network_acl(self, name: str) -> AbstractContextManager[NetworkACL]:
        """Change an ACL in a ``with`` block: ``GET``, then ``PUT /1.0/network-acls/<name>``.

        API extension ``network_acl``. It is written back when the block ends, with its
        ETag: what somebody else has changed meanwhile is not lost. Nothing is written if
        the block raises, or changes nothing.

        Args:
            name: such as ``"web"``.

        Returns:
            A context manager that gives the ACL.

        Raises:
            ArgumentError: a field was changed that an edit does not write.
            NotFound: there is no such ACL.
            PreconditionFailed: somebody else was faster; read it anew.

        Example:
            >>> with client.edit_network_acl("web") as acl:
            ...     acl.ingress[0]["state"] = "disabled"
        """
        return self._edit_part(self._acl(name), lambda: self.network_acl(name), _writable)

    def network_acl(self, name: str) -> NetworkACL:
        """Read a network ACL: ``GET /1.0/network-acls/<name>``.

        API extension ``network_acl``.

        Args:
            name: such as ``"web"``.

        Raises:
            NotFound: there is no such ACL.

        Example:
            >>> client.network_acl("web").ingress[0].action
            'allow'
        """
        return self._object(self._acl(name), NetworkACL)

    def network_acl_log(self, name: str) -> bytes:
        """Read what an ACL has logged: ``GET /1.0/network-acls/<name>/log``.

        API extension ``network_acl_log``. Only OVN networks log, and only what rules
        match whose ``state`` is ``"logged"``.

        Args:
            name: such as ``"web"``.

        Returns:
            Lines of JSON, one for each packet.

        Raises:
            NotFound: there is no such ACL.
            InternalServerError: there is no OVN that could have logged.

        Example:
            >>> client.network_acl_log("web").splitlines()[-1:]
            []
        """
        check_names(name)
        self._need("network_acl_log", "network_acl_log")
        return self._raw(self._acl(name, "log"))

    @overload
    def network_acls(
        self,
        *,
        all_projects: bool | None = None,
        filter: str | None = None,
        recursion: Literal[0] = 0,
    ) -> list[str]: ...

    @overload
    def network_acls(
        self,
        *,
        all_projects: bool | None = None,
        filter: str | None = None,
        recursion: Literal[1],
    ) -> list[NetworkACL]: ...

    def network_acls(
        self,
        *,
        all_projects: bool | None = None,
        filter: str | None = None,
        recursion: Literal[0, 1] = 0,
    ) -> list[str] | list[NetworkACL]:
        """List the network ACLs: ``GET /1.0/network-acls``.

        API extension ``network_acl``.

        Args:
            all_projects: True lists those of every project (API extension
                ``network_acls_all_projects``).
            filter: such as ``"name eq web"`` (Incus); see "Filtering" in the manual.
            recursion: 0 for names, 1 for the ACLs themselves.

        Example:
            >>> client.network_acls()
            ['web']
        """
        return self._list(
            self._acl(),
            NetworkACL,
            recursion,
            all_projects=all_projects,
            extension="network_acls_all_projects",
            filter=filter,
        )

    def patch_network_acl(
        self,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        egress: Iterable[Mapping[str, Any]] | None = None,
        etag: str | None = None,
        ingress: Iterable[Mapping[str, Any]] | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Change some fields of a network ACL: ``PATCH /1.0/network-acls/<name>``.

        API extension ``network_acl``. What is not given stays: servers would clear the
        rules and the description, so the ACL is read first, and these are sent along.

        Args:
            name: such as ``"web"``.
            config: the keys to add or to change; the others stay.
            description: for people.
            egress: all rules for what goes out; see `create_network_acl`.
            etag: of the ACL that was read; another one is refused.
            ingress: all rules for what comes in.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            ArgumentError: a rule has a key that rules do not have.
            NotFound: there is no such ACL.
            PreconditionFailed: it has changed since.

        Example:
            >>> client.patch_network_acl("web", description="Web servers").status
            'Success'
        """
        body = _fields(config, description, egress, ingress)
        url = self._acl(name)
        operation = patched(self, url, body, "description", "egress", "ingress", etag=etag)
        return self._handle_async(operation, sync)

    def rename_network_acl(
        self, old_name: str, new_name: str, *, sync: bool | None = None
    ) -> Operation:
        """Rename a network ACL: ``POST /1.0/network-acls/<name>``.

        API extension ``network_acl``.

        Args:
            old_name: such as ``"web"``; nothing may use it.
            new_name: such as ``"front"``.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            NotFound: there is no such ACL.
            APIError: it is in use, or there is one of the new name.

        Example:
            >>> client.rename_network_acl("web", "front").status
            'Success'
        """
        check_names(new_name)
        operation = self._post(self._acl(old_name), {"name": new_name})
        return self._handle_async(operation, sync)

    def update_network_acl(
        self,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        description: str | None = None,
        egress: Iterable[Mapping[str, Any]] | None = None,
        etag: str | None = None,
        ingress: Iterable[Mapping[str, Any]] | None = None,
        sync: bool | None = None,
    ) -> Operation:
        """Replace all of a network ACL: ``PUT /1.0/network-acls/<name>``.

        API extension ``network_acl``. What is not given becomes empty; to change some
        only, use `patch_network_acl` or `edit_network_acl`.

        Args:
            name: such as ``"web"``.
            config: all keys; values of any type.
            description: for people.
            egress: all rules for what goes out; see `create_network_acl`.
            etag: of the ACL that was read; another one is refused.
            ingress: all rules for what comes in.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation; most servers have finished it before they answer.

        Raises:
            ArgumentError: a rule has a key that rules do not have.
            NotFound: there is no such ACL.
            PreconditionFailed: it has changed since.

        Example:
            >>> rule = {"action": "drop", "state": "enabled"}
            >>> client.update_network_acl("web", ingress=[rule]).status
            'Success'
        """
        body = _fields(config or {}, description or "", egress or (), ingress or ())
        return self._handle_async(self._put(self._acl(name), body, etag=etag), sync)

    def _acl(self, *segments: str) -> str:
        """Build the path of the ACLs, or of one, on a server that has them."""
        url = path("network-acls", *segments)
        self._need("network_acl", "network ACLs")
        return url


def _fields(
    config: Mapping[str, Any] | None,
    description: str | None,
    egress: Iterable[Mapping[str, Any]] | None,
    ingress: Iterable[Mapping[str, Any]] | None,
) -> dict[str, Any]:
    return given(
        config=strings(config),
        description=description,
        egress=nested("egress", egress, _RULE),
        ingress=nested("ingress", ingress, _RULE),
    )


def _writable(acl: NetworkACL) -> dict[str, Any]:
    return _fields(
        acl.get("config"), acl.get("description"), acl.get("egress"), acl.get("ingress")
    )
