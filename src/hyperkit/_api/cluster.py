"""Clusters: forming one, joining one, leaving it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from .. import _wait
from .._join import check_certificate, find_cluster
from .._request import check_names, given, path, strings
from .._token import decode_token, encode_token
from .._trust import certificate_text, key_text
from .._wait import born_finished
from ..errors import (
    ArgumentError,
    ClientError,
    ConnectionFailed,
    Error,
    Forbidden,
    OperationGone,
    OperationTimeout,
    TLSError,
)
from ..types import Cluster
from .operations import OperationsMixin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..types import Operation


class ClusterMixin(OperationsMixin):
    """Chapter "cluster" of the API."""

    def cluster(self) -> Cluster:
        """Read whether the server is part of a cluster: ``GET /1.0/cluster``.

        API extension ``clustering``.

        Returns:
            ``enabled`` is True on a member, ``server_name`` is its name; ``member_config``
            lists what a server that joins this cluster may have to say of itself.

        Example:
            >>> client.cluster().enabled
            False
        """
        return self._object(self._cluster(), Cluster)

    def cluster_join_token(self, operation: Mapping[str, Any]) -> str:
        """Write a join token as text: what `join_cluster`, and ``lxd init``, take.

        Nothing is sent.

        Args:
            operation: the one that `create_cluster_join_token` returned.

        Returns:
            The token's text: a secret, which one server can use once.

        Raises:
            ArgumentError: the operation has issued no join token.

        Example:
            >>> issued = client.create_cluster_join_token("node-4")
            >>> token = client.cluster_join_token(issued)
        """
        return encode_token(operation.get("metadata") or {})

    def disable_cluster(self, *, force: bool | None = None, sync: bool | None = None) -> Operation:
        """Make a member forget its cluster: ``PUT /1.0/cluster``.

        The server starts anew with an empty database: its instances, pools, networks,
        profiles and projects are unknown to it from then on, and so is whom it trusted.
        A member is better removed by another one, with `delete_cluster_member`. API
        extension ``clustering``.

        Args:
            force: True does it though there are other members, for which it will be
                offline.
            sync: whether to wait until the server is back; None means ``auto_sync``.

        Returns:
            The operation, finished. Over HTTPS, the server may show another certificate
            from then on, and does not know the client.

        Raises:
            ArgumentError: the server is not part of a cluster (it would lose its database
                all the same), there are other members, or the client has a ``target``,
                which the server would not look at.
            ConnectionFailed: it broke, and the server is part of the cluster still, or gone.
            OperationTimeout: the server has not come back in time.

        Example:
            >>> client.disable_cluster().status
            'Success'
            >>> client.cluster().enabled
            False
        """
        if self.target is not None:
            message = "disable_cluster is about the server itself: connect to it, without target."
            raise ArgumentError(message)
        url = self._cluster()
        here = self.cluster()
        if not here.get("enabled"):
            message = "The server is not part of a cluster; disabling it would empty its database."
            raise ArgumentError(message)
        others = set(self._names(path("cluster", "members"))) - {here.get("server_name")}
        if others and not force:
            message = (
                f"The cluster has other members ({', '.join(sorted(others))}): let one of them "
                "call delete_cluster_member, or give force=True."
            )
            raise ArgumentError(message)
        try:
            operation = self._put(url, {"enabled": False})
        except ConnectionFailed as cut:
            # Incus 7 may be gone before its answer is out: only the server itself knows.
            operation = self._done()
            try:
                self._until_back(operation)
            except OperationTimeout:
                raise cut from None
            return operation
        if self._waits(sync) and born_finished(operation):
            self._until_back(operation)
        return self._handle_async(operation, sync)

    def enable_cluster(self, name: str, *, sync: bool | None = None) -> Operation:
        """Make the server the first member of a cluster: ``PUT /1.0/cluster``.

        It needs an address that other members can reach: ``cluster.https_address`` or
        ``core.https_address`` of its configuration, no wildcard. API extension
        ``clustering``.

        Args:
            name: of the server in the cluster, such as ``"node-1"``.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation.

        Raises:
            InternalServerError: the server has no address that others can reach.
            OperationFailed: it is part of a cluster.

        Example:
            >>> client.patch_server({"cluster.https_address": "10.0.0.1:8443"})
            >>> client.enable_cluster("node-1").status
            'Success'
        """
        check_names(name)
        body = {"server_name": name, "enabled": True}
        return self._handle_async(self._put(self._cluster(), body), sync)

    def join_cluster(
        self,
        token: str,
        *,
        cluster_address: str | None = None,
        cluster_certificate: str | None = None,
        member_config: Sequence[Mapping[str, Any]] | None = None,
        server_address: str,
        sync: bool | None = None,
    ) -> Operation:
        """Make the server a further member of a cluster: ``PUT /1.0/cluster``.

        The cluster is asked for its certificate first, and nothing is sent to anybody if
        it is not the one that the token was issued with. The server may have no pools and
        no networks; what else it has is lost. API extension ``clustering_join``.

        Args:
            token: a join token's text, from `cluster_join_token`. It holds the name that
                the server gets.
            cluster_address: of the member to join by, such as ``"10.0.0.1:8443"``; None
                means the first one in the token that answers.
            cluster_certificate: PEM text or a path; it is compared with the token as well.
                To be given where only the server can reach the cluster.
            member_config: what is the server's own, one entry a key, such as
                ``{"entity": "storage-pool", "name": "default", "key": "source", "value":
                "/dev/sdb"}``; the cluster's `cluster` lists the keys.
            server_address: at which other members reach the server, such as
                ``"10.0.0.4:8443"``; where its ``cluster.https_address`` is set, the same.
            sync: whether to wait until it is done; None means ``auto_sync``.

        Returns:
            The operation. Over HTTPS, the server shows the cluster's certificate from then
            on, and trusts whom the cluster trusts.

        Raises:
            ArgumentError: the text is no join token.
            UntrustedServer: the cluster shows another certificate than the token names.
            ConnectionFailed: no member can be reached from here.
            BadRequest: the server is part of a cluster, or has pools or networks.
            OperationFailed: the cluster does not take it: the token is used up, or the
                cluster has another version.
            OperationGone: a long wait over HTTPS cannot go on, since the server does not
                know this client any more; the cluster's `cluster_members` tells the outcome.

        Example:
            >>> token = member.cluster_join_token(member.create_cluster_join_token("node-4"))
            >>> client.join_cluster(token, server_address="10.0.0.4:8443").status
            'Success'
        """
        read = decode_token(token)
        if not read.get("server_name"):
            message = (
                "This is no join token of a cluster, but one that makes a client trusted: "
                "create_cluster_join_token issues one."
            )
            raise ArgumentError(message)
        addresses = read.addresses if cluster_address is None else [cluster_address]
        if cluster_certificate is None:
            url = self._cluster()
            address, certificate = find_cluster(self, read, addresses)
        else:
            address, certificate = addresses[0], certificate_text(cluster_certificate)
            check_certificate(read, certificate, "cluster_certificate")
            url = self._cluster()
        keys = None if member_config is None else [strings(key) for key in member_config]
        body = given(
            cluster_address=address,
            cluster_certificate=certificate,
            enabled=True,
            member_config=keys,
            server_address=server_address,
            server_name=read.server_name,
        )
        body[self._capabilities().join_token_field] = "".join(token.split())
        joining = self._put(url, body)
        try:
            return self._handle_async(joining, sync)
        except (Forbidden, TLSError) as error:
            message = (
                "the server has taken over the cluster's certificate, and trusts whom the "
                "cluster trusts: it tells this client nothing more. Ask the cluster for its "
                "members."
            )
            raise OperationGone(message, joining) from error

    def update_cluster_certificate(self, *, certificate: str, key: str) -> None:
        """Replace the certificate of all members: ``PUT /1.0/cluster/certificate``.

        Clients that pin the old one refuse the cluster from then on; this one too, if it
        does: set ``client.server_cert``. API extension ``clustering_update_cert``.

        Args:
            certificate: PEM text or a path.
            key: of the certificate; PEM text or a path.

        Raises:
            BadRequest: they do not belong together, or the server is not part of a cluster.
            CertificateError: a path cannot be read.

        Example:
            >>> client.update_cluster_certificate(certificate="new.crt", key="new.key")
            >>> client.server_cert = "new.crt"
        """
        body = {
            "cluster_certificate": certificate_text(certificate),
            "cluster_certificate_key": key_text(key),
        }
        self._need("clustering_update_cert", "update_cluster_certificate")
        self._put(path("cluster", "certificate"), body)

    def _cluster(self) -> str:
        """Build the path of the cluster, where the server can be in one."""
        self._need("clustering", "clusters")
        return path("cluster")

    def _until_back(self, operation: Operation) -> None:
        """Wait until a server that starts anew answers again, whatever it says."""
        patience = _wait.AWAY if self.operation_timeout is None else self.operation_timeout
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            time.sleep(_wait.PAUSE)
            try:
                if not self.cluster().get("enabled"):
                    return
            except (ClientError, TLSError):
                # It is there, and knows this client no more.
                return
            except Error:
                # It goes down, is away, or is not ready yet.
                continue
        message = f"the server has not come back within {patience:g} seconds."
        raise OperationTimeout(message, operation)
