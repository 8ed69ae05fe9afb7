"""What users write; it only has to type-check."""

import io
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import assert_type

import hyperkit
from hyperkit.types import (
    ClusterMember,
    Identity,
    Image,
    Instance,
    MigrationSource,
    NetworkACL,
    NetworkForward,
    NetworkLoadBalancerPool,
    NetworkStateBridge,
    NetworkZoneRecordEntry,
    OIDCTokens,
    Operation,
    PermissionInfo,
    Profile,
    Project,
    ServerWarning,
    Snapshot,
    StorageVolume,
    StorageVolumeFull,
    StorageVolumeOffer,
    TrustToken,
)


def functions() -> None:
    """Use the functions of the module."""
    assert_type(hyperkit.create_container("web", alias="busybox"), Operation)
    assert_type(hyperkit.start_container("web").status, str)
    assert_type(hyperkit.instances(), list[str])
    assert_type(hyperkit.instances(recursion=1), list[Instance])
    assert_type(hyperkit.containers(recursion=2)[0].name, str)
    assert_type(hyperkit.default_client(), hyperkit.Client)
    hyperkit.auto_sync = False
    hyperkit.configure(auto_sync=False, timeout=5)
    hyperkit.reset()
    assert_type(hyperkit.__version__, str)


def methods(client: hyperkit.Client) -> None:
    """Use a client."""
    with client:
        assert_type(client.operation("uuid"), Operation)
        assert_type(client.operations(recursion=1), list[Operation])
        assert_type(client.exec_output(client.run_command("web", "true")).stdout, bytes)
        client.auto_sync = False
    try:
        client.wait_for_operation("uuid", timeout=0.5)
    except hyperkit.OperationFailed as error:
        assert_type(error.operation, Operation | None)


def trust(client: hyperkit.Client) -> None:
    """Become trusted."""
    pair = hyperkit.generate_key_pair(Path("keys"), overwrite=True)
    token = hyperkit.create_trust_token("laptop", expires_in=timedelta(hours=1), projects=["blue"])
    assert_type(token, str)
    stranger = hyperkit.Client(client_cert=pair.certificate, client_key=pair.key)
    assert_type(stranger.trust(token), bool)
    assert_type(hyperkit.trust(password="secret", name="laptop"), bool)
    stranger.server_cert = hyperkit.server_certificate("https://host:8443", timeout=2)
    assert_type(hyperkit.server_certificate("https://host:8443").fingerprint, str)
    assert_type(hyperkit.Client.from_remote("backup"), hyperkit.Client)
    assert_type(client.log_in(on_prompt=print), OIDCTokens)
    assert_type(client.log_in().expires_at, datetime | None)


def show(done: int, total: int | None, text: str) -> None:
    """Be told how far something has come."""
    print(text, done, total)


def files(client: hyperkit.Client) -> None:
    """Push, pull, read and write."""
    assert_type(client.pull_file("web", "/etc/hosts", "hosts"), str)
    assert_type(client.pull_file("web", "/etc/hosts", Path("hosts"), on_progress=show), Path)
    client.pull_file("web", "/etc/hosts", io.BytesIO())
    client.push_file(io.BytesIO(b"x"), "web", "/root/x", progress=True)
    client.write_file("web", PurePosixPath("/root/x"), content=io.StringIO("x"))
    client.push_directory(Path("site"), "web", PurePosixPath("/srv"), merge=True, parents=True)
    client.run("web", [PurePosixPath("/bin/ls"), "-l"], cwd=PurePosixPath("/srv"))
    assert_type(client.read_file("web", "/root/x"), bytes)
    assert_type(client.file_info("web", "/root/x").size, int | None)


def objects(client: hyperkit.Client, other: hyperkit.Client) -> None:
    """Keep, copy, move and change things."""
    assert_type(client.snapshots("web", recursion=1), list[Snapshot])
    assert_type(client.images(recursion=1), list[Image])
    assert_type(client.image_by_alias("busybox").fingerprint, str)
    assert_type(client.init_migration("web"), MigrationSource)
    assert_type(client.transfer_instance("web", to=other, mode="relay", move=True), Operation)
    with client.edit_profile("default") as profile:
        assert_type(profile, Profile)
        profile.config["limits.cpu"] = "2"
    client.patch_instance("web", config={"limits.cpu": 2}, profiles=["default"])
    with client.edit_instance("web") as instance:
        assert_type(instance, Instance)


def networks(client: hyperkit.Client) -> None:
    """Use networks and what belongs to them."""
    assert_type(client.networks(), list[str])
    assert_type(client.network_state("br0").bridge, NetworkStateBridge | None)
    assert_type(client.network_leases("br0")[0].address, str)
    assert_type(client.create_network_acl("web", ingress=[{"action": "allow"}]), Operation)
    assert_type(client.network_acls(recursion=1), list[NetworkACL])
    assert_type(client.network_acl("web").ingress[0].destination_port, str)
    assert_type(client.network_load_balancer_pools("ovn1"), list[str])
    pools = client.network_load_balancer_pools("ovn1", recursion=1)
    assert_type(pools, list[NetworkLoadBalancerPool])
    with client.edit_network_forward("br0", "192.0.2.1") as forward:
        assert_type(forward, NetworkForward)
        client.update_network_forward("br0", "192.0.2.1", ports=forward.ports)
    record = client.network_zone_record("example.net", "www")
    assert_type(record.entries, list[NetworkZoneRecordEntry] | None)
    client.create_network_address_set("admins", addresses=["10.7.0.9"])


def clusters(client: hyperkit.Client, other: hyperkit.Client) -> None:
    """Form a cluster, and keep projects in it."""
    token = client.cluster_join_token(client.create_cluster_join_token("node-2"))
    assert_type(other.join_cluster(token, server_address="10.0.0.2:8443"), Operation)
    assert_type(client.cluster_members(), list[str])
    assert_type(client.cluster_members(recursion=1), list[ClusterMember])
    with client.edit_cluster_member("node-2") as member:
        assert_type(member.roles, list[str])
    assert_type(client.projects(recursion=1), list[Project])
    assert_type(client.project_state("blue").resources["memory"].Usage, int)
    assert_type(client.delete_project("blue", force=True), Operation)


def server(client: hyperkit.Client) -> None:
    """Look after the server, and whom it trusts."""
    assert_type(client.server().environment.server_version, str)
    assert_type(client.resources().cpu.sockets[0].cores[0].threads[0].online, bool)
    assert_type(client.warnings(), list[str])
    assert_type(client.warnings(recursion=1), list[ServerWarning])
    assert_type(client.metric_samples()[0].labels, dict[str, str])
    assert_type(client.operations(recursion=2)[0].children, list[Operation] | None)
    assert_type(client.certificate_token(client.certificate_tokens()[0]), str)
    assert_type(client.tls_identities(recursion=1), list[Identity])
    assert_type(client.permissions(recursion=1), list[PermissionInfo])
    assert_type(client.create_tls_identity_token("laptop"), TrustToken)
    with client.edit_tls_identity("laptop") as identity:
        assert_type(identity.groups, list[str])


def storage(client: hyperkit.Client, other: hyperkit.Client) -> None:
    """Make room, fill it, and carry it away."""
    assert_type(client.create_storage_pool("fast", driver="dir", member_config={}), Operation)
    assert_type(client.storage_pool_resources("fast").space.used, int)
    assert_type(client.storage_volumes("fast"), list[str])
    assert_type(client.storage_volumes("fast", recursion=1), list[StorageVolume])
    assert_type(client.storage_volumes(recursion=2, type="custom"), list[StorageVolumeFull])
    assert_type(client.storage_volume("fast", "data"), StorageVolume)
    assert_type(client.storage_volume("fast", "data", recursion=1), StorageVolumeFull)
    assert_type(client.export_storage_volume("fast", "data", Path("data")), Path)
    assert_type(client.init_storage_volume_migration("fast", "data"), StorageVolumeOffer)
    client.transfer_storage_volume("fast", "data", to=other, mode="push")
    with client.edit_storage_volume("fast", "data") as volume:
        assert_type(volume, StorageVolume)
        volume.config["size"] = "2GiB"


def mistakes(client: hyperkit.Client) -> None:
    """Misspell: mypy complains where an ignored error is none."""
    client.instances(recursoin=1)  # type: ignore[call-overload]
    client.create_instance("web", alias="a", protocol="http")  # type: ignore[arg-type]
    client.create_network("br0", descripton="")  # type: ignore[call-arg]
    print(client.instance("web").statsu)  # type: ignore[attr-defined]
    print(hyperkit.instanses())  # type: ignore[attr-defined]
    client.auto_snyc = False  # type: ignore[attr-defined]
