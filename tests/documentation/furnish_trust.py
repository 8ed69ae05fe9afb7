"""What the examples on trust, clusters and what only LXD 6 has speak of."""

import re

from hyperkit.testing._keys import key_pair

CLUSTER = {"cluster.https_address": "10.0.0.1:8443"}
OPERATOR = {
    "entity_type": "project",
    "url": "/1.0/projects/default",
    "entitlement": "operator",
}
SPREAD = {"policy": "spread", "rigor": "permissive"}
JANE = "jane@example.net"


def furnish_trust(client, server, text, unless_there):
    """Make what a text speaks of, but for what it makes itself and what is there."""

    def says(pattern):
        return re.search(pattern, text)

    clusters = [
        # what makes it, how it is spoken of, and how it is made here
        (
            r"enable_cluster|client\.join_cluster",
            r"cluster_|disable_cluster|replicator|placement|node-\d",
            lambda: form_cluster(client, text),
        ),
        (
            "create_cluster_group",
            'cluster_group.*"fast"|cluster_groups|@fast',
            lambda: client.create_cluster_group("fast"),
        ),
        (
            "evacuate_cluster_member",
            "restore_cluster_member",
            lambda: client.evacuate_cluster_member("node-2"),
        ),
    ]
    identities = [
        (
            "create_auth_group",
            "auth_group|operators|bearer|identit|oidc",
            lambda: client.create_auth_group("operators", permissions=[OPERATOR]),
        ),
        (
            "create_auth_group",
            "viewers|provider_group",
            lambda: client.create_auth_group("viewers"),
        ),
        ("create_auth_group", '"ops"', lambda: client.create_auth_group("ops")),
        ("create_auth_group", '"links"', lambda: client.create_auth_group("links")),
        (
            "create_identity_provider_group",
            "identity_provider_group|sales",
            lambda: client.create_identity_provider_group("sales", groups=["viewers"]),
        ),
        (
            "create_bearer_identity",
            "bearer_",
            lambda: client.create_bearer_identity("ci", groups=["operators"]),
        ),
        (
            "create_bearer_token",
            "delete_bearer_token",
            lambda: client.create_bearer_token("ci"),
        ),
        (
            r"create_tls_identity\w*|current_identity",
            "tls_identit|identities",
            lambda: client.create_tls_identity(
                "laptop",
                certificate=key_pair("laptop of somebody").certificate,
                groups=["operators"],
            ),
        ),
        (
            "add_user",
            "oidc|jane",
            lambda: [
                server.add_user(JANE, name="Jane"),
                client.update_oidc_identity(JANE, groups=["operators"]),
            ],
        ),
    ]
    links = [
        (
            "create_placement_group",
            "placement_group",
            lambda: client.create_placement_group("apart", config=SPREAD),
        ),
        (
            "create_cluster_link_token|create_cluster_link",
            "cluster_link|replicator",
            lambda: client.create_cluster_link_token("backup"),
        ),
        (
            "create_replicator",
            "replicator",
            lambda: client.create_replicator("nightly", config={"cluster": "backup"}),
        ),
    ]
    made = clusters
    made += identities if client.has_extension("access_management_tls") else []
    made += links if client.has_extension("replicators") else []
    for maker, pattern, make in made:
        if says(pattern) and not says(rf"\b({maker})\b"):
            unless_there(make)


def form_cluster(client, text):
    """Form the cluster that a text speaks of; its only member is the one that it names first."""
    client.patch_server(CLUSTER)
    members = re.findall(r"\bnode-\d\b", text) if "token" not in text else []
    client.enable_cluster(members[0] if members else "node-1")
