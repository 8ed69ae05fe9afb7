"""What the examples of some chapters speak of, on an embedded server."""

import re
from pathlib import Path

from hyperkit.testing._keys import key_pair

ADDRESS = "10.0.0.1:8443"
OPERATOR = {
    "entity_type": "project",
    "url": "/1.0/projects/default",
    "entitlement": "operator",
}
SPREAD = {"policy": "spread", "rigor": "permissive"}


def files(folder):
    """Write the certificates that examples name."""
    pair = key_pair("new")
    Path(folder, "new.crt").write_text(pair.certificate)
    Path(folder, "new.key").write_text(pair.key)


def cluster(client, name, example):
    """Form the cluster that an example speaks of; its only member is the one that it names."""
    if "cluster" not in name and "placement" not in name and "replicator" not in name:
        return
    if name in {"cluster", "enable_cluster"}:
        return
    if "evacuate" in name or "restore" in name:
        for instance in client.instances(recursion=1):
            if instance.status == "Running":
                client.stop_instance(instance.name, force=True)
    client.patch_server({"cluster.https_address": ADDRESS})
    members = re.findall(r"\bnode-\d\b", example) if "token" not in name else []
    client.enable_cluster(members[0] if members else "node-1")
    if name != "create_cluster_group":
        client.create_cluster_group("fast")
    if name == "restore_cluster_member":
        client.evacuate_cluster_member(members[0])


def identities(client, server, name):
    """Make the groups and identities of LXD 6 that examples speak of."""
    if not client.has_extension("access_management_tls"):
        return
    if name != "create_auth_group":
        client.create_auth_group("operators", permissions=[OPERATOR])
    for group in ("viewers", "ops", "links"):
        client.create_auth_group(group)
    if name != "create_identity_provider_group":
        client.create_identity_provider_group("sales")
    if name != "create_bearer_identity":
        client.create_bearer_identity("ci", groups=["viewers"])
    if name == "delete_bearer_token":
        client.create_bearer_token("ci")
    if "certificate" in name:
        return
    for found in client.certificates(recursion=1):
        if found.name == "laptop":
            client.delete_certificate(found.fingerprint)
    if "create_tls_identity" not in name:
        pem = key_pair("laptop of somebody").certificate
        client.create_tls_identity("laptop", certificate=pem)
    server.add_user("jane@example.net", name="Jane")


def placement(client, name):
    """Make the placement groups, links and replicators of LXD 6 that examples speak of."""
    if not client.has_extension("replicators") or not client.cluster().enabled:
        return
    if name == "create_placement_group":
        client.delete_instance("web", force=True)
    else:
        client.create_placement_group("apart", config=SPREAD)
    client.create_cluster_link_token("backup")
    if name != "create_replicator" and "cluster_link" not in name:
        client.create_replicator("nightly", config={"cluster": "backup"})


def stranger(client, server):
    """Make a client that the server does not know, and a token for it."""
    pair = key_pair("stranger")
    token = client.create_tls_identity_token("stranger")
    return {
        "stranger": server.client(client_cert=pair.certificate, client_key=pair.key),
        "text": client.certificate_token(token),
    }
