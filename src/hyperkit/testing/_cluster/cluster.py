"""A cluster of one: forming it, ending it, its certificate."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .._engine.answers import Json, Refused, text_in
from .._engine.state import Certificate, Cluster
from .._keys import KeyPair, belong_together, fingerprint_of

if TYPE_CHECKING:
    from aiohttp import web

    from .._engine.call import Call
    from .._engine.operations import Operation

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?")
_WILDCARDS = ("[::]", "0.0.0.0", ":", "[::]:")  # noqa: S104 - they are refused


def refuse_unclustered(call: Call) -> None:
    """Refuse what only clusters have.

    Raises:
        Refused: the server is in none.
    """
    if call.state.cluster is None:
        raise Refused(400, "This server is not clustered")


def check_name(kind: str, name: str) -> None:
    """Refuse what cannot be the name of a member or a group.

    Args:
        kind: such as ``"cluster member"``.
        name: that was given.

    Raises:
        Refused: it cannot.
    """
    if "/" in name:
        raise Refused(400, f'Invalid {kind} name: Name contains invalid character "/"')
    if not _NAME.fullmatch(name):
        text = "Names must start and end with an alphanumeric character"
        raise Refused(400, f"Invalid {kind} name: {text}")


async def get_cluster(call: Call) -> web.StreamResponse:
    """``GET /1.0/cluster``."""
    cluster = call.state.cluster
    keys = [
        {
            "entity": "storage-pool",
            "name": pool,
            "key": "source",
            "value": "",
            "description": f'"source" property for storage pool "{pool}"',
        }
        for pool in call.state.pools
    ]
    found: Json = {
        "server_name": cluster.name if cluster else "",
        "enabled": cluster is not None,
        "member_config": keys,
    }
    return call.sync(found, etag=(found,))


async def update_cluster(call: Call) -> web.StreamResponse:
    """``PUT /1.0/cluster``: form one, or end it."""
    asked = await call.json()
    if not asked.get("enabled"):
        return await _end(call)
    name = text_in(asked, "server_name")
    if not name:
        raise Refused(400, "ServerName is required when enabling clustering")
    if asked.get("cluster_address"):
        raise Refused(501, "The embedded server cannot join a cluster")
    config = call.state.config
    address = config.get("cluster.https_address") or next(iter(call.daemon.addresses), "")
    if not address or address.startswith(_WILDCARDS):
        text = (
            f'Cannot use wildcard core.https_address "{address}" for cluster.https_address. '
            "Please specify a new cluster.https_address or core.https_address"
        )
        raise Refused(500, text)

    async def work(_operation: Operation) -> None:
        if call.state.cluster is not None:
            raise Refused(500, "The member is already part of a cluster")
        check_name("cluster member", name)
        config["cluster.https_address"] = address
        call.state.cluster = Cluster(name)
        pem = call.daemon.pair.certificate
        fingerprint = fingerprint_of(pem)
        call.state.certificates[fingerprint] = Certificate(fingerprint, pem, name, "server")
        call.state.families["cluster/groups"] = {
            ("", "default"): {
                "name": "default",
                "project": "",
                "description": "Default cluster group",
                "members": [name],
                "config": {},
            }
        }
        call.daemon.events.lifecycle("cluster-enabled", "/1.0/cluster", "", name=name)

    return call.start("Creating bootstrap node", work, resources={"cluster": None})


async def _end(call: Call) -> web.StreamResponse:
    """Begin anew with nothing, as real servers do, whether there was a cluster or not."""
    answer = call.sync({})
    call.daemon.empty()
    await answer.prepare(call.request)
    await answer.write_eof()
    call.daemon.hang_up()
    return answer


async def update_certificate(call: Call) -> web.StreamResponse:
    """``PUT /1.0/cluster/certificate``."""
    asked = await call.json()
    pem = text_in(asked, "cluster_certificate")
    key = text_in(asked, "cluster_certificate_key")
    try:
        fingerprint_of(pem)
    except ValueError:
        text = "Certificate must be base64 encoded PEM certificate: %!w(<nil>)"
        raise Refused(400, text) from None
    if not belong_together(pem, key):
        raise Refused(400, "tls: private key does not match public key")
    refuse_unclustered(call)
    call.daemon.pair = KeyPair(pem, key)
    call.daemon.show_certificate()
    call.daemon.events.lifecycle("cluster-certificate-updated", "/1.0/cluster/certificate", "")
    return call.sync({})


ROUTES = {
    "GET /1.0/cluster": get_cluster,
    "PUT /1.0/cluster": update_cluster,
    "PUT /1.0/cluster/certificate": update_certificate,
}
