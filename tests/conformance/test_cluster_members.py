"""A real cluster of three, and those who join and leave it."""

import contextlib
import os
import signal
import subprocess
import time

import pytest

import hyperkit
from hyperkit import where

pytestmark = pytest.mark.live_only


@pytest.fixture
def joiner(first, alone):
    """A client of a server that has nothing that a cluster has, and may join one."""
    with hyperkit.Client(api_endpoint=f"unix://{alone['socket']}") as client:
        client.update_profile("default")
        client.delete_image(alone["image_fingerprint"])
        client.delete(f"/1.0/storage-pools/{alone['storage_pool']}")
        if alone["network"]:
            delete_network(client, alone["network"])
        yield client
    if "hk-joiner" in first.cluster_members():
        first.delete_cluster_member("hk-joiner", force=True)


def delete_network(client, name):
    """Delete a bridge. Incus fails where another server's card goes at that moment."""
    for _ in range(20):
        with contextlib.suppress(hyperkit.InternalServerError):
            client.delete_network(name)
            return
        time.sleep(0.1)


def eventually(ask):
    """Wait until something is as it should be."""
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        with contextlib.suppress(hyperkit.Error):
            if ask():
                return
        time.sleep(0.1)
    raise AssertionError("it has not come to that in 40 seconds")


def join(first, joiner, alone, name="hk-joiner", **options):
    token = first.cluster_join_token(first.create_cluster_join_token(name))
    return joiner.join_cluster(token, server_address=alone["https_url"][8:], **options)


def test_members_are_listed_and_described(first, cluster):
    names = [member["name"] for member in cluster]
    assert first.cluster_members() == names
    found = first.cluster_members(recursion=1)
    assert [member.server_name for member in found] == names
    assert {member.status for member in found} == {"Online"}
    assert first.cluster_member(names[0]).url == cluster[0]["https_url"]
    here = first.cluster()
    assert (here.enabled, here.server_name) == (True, names[0])
    assert [(key.entity, key.key) for key in here.member_config] == [("storage-pool", "source")]
    with pytest.raises(hyperkit.NotFound):
        first.cluster_member("nowhere")


def test_a_change_of_a_member_keeps_what_was_not_given(first, cluster):
    name = cluster[2]["name"]
    before = first.cluster_member(name)
    try:
        first.patch_cluster_member(name, config={"user.a": 1}, description="Third")
        first.patch_cluster_member(name, config={"user.b": True}, failure_domain="rack-3")
        found = first.cluster_member(name)
        assert found.config == {"user.a": "1", "user.b": "true"}
        assert (found.description, found.failure_domain) == ("Third", "rack-3")
        assert (found.roles, found.groups) == (before.roles, before.groups)
        with first.edit_cluster_member(name) as member:
            member.config["user.c"] = "3"
            member["roles"] = [*member.roles, "event-hub"]
        assert "event-hub" in first.cluster_member(name).roles
        etag = first.last_response.headers["ETag"]
        with pytest.raises(hyperkit.PreconditionFailed), first.edit_cluster_member(name) as member:
            first.patch_cluster_member(name, description="Somebody else's")
            member["description"] = "Mine"
        with pytest.raises(hyperkit.PreconditionFailed):
            first.update_cluster_member(name, etag=etag, roles=before.roles)
        with pytest.raises(hyperkit.BadRequest, match="database"):
            first.update_cluster_member(name)
    finally:
        first.update_cluster_member(name, roles=before.roles)
    found = first.cluster_member(name)
    assert (found.config, found.description, found.failure_domain) == ({}, "", "default")


def test_a_member_is_renamed(first, cluster):
    name = cluster[2]["name"]
    first.rename_cluster_member(name, "hk-renamed")
    try:
        assert "hk-renamed" in first.cluster_members()
        with pytest.raises(hyperkit.APIError):
            first.rename_cluster_member("hk-renamed", cluster[0]["name"])
    finally:
        first.rename_cluster_member("hk-renamed", name)
    assert first.cluster_member(name).status == "Online"


def test_a_member_tells_its_state(first, cluster):
    name = cluster[1]["name"]
    if not first.has_extension("cluster_member_state"):
        with pytest.raises(hyperkit.MissingExtension, match="cluster_member_state"):
            first.cluster_member_state(name)
        return
    found = first.cluster_member_state(name)
    assert found.sysinfo.total_ram > found.sysinfo.free_ram > 0
    assert len(found.sysinfo.load_averages) == 3
    assert found.storage_pools["default"].space.total > 0


def test_members_are_filtered_where_servers_can(first, cluster):
    by_name = where("server_name", cluster[1]["name"])
    if not first.has_extension("api_filtering_extended"):
        with pytest.raises(hyperkit.MissingExtension, match=r"LXD 5\.0\.2"):
            first.cluster_members(filter=by_name)
        return
    if not first._capabilities().filters_members:
        with pytest.raises(hyperkit.ArgumentError, match=r"Incus 6\.0\.4 does not filter"):
            first.cluster_members(filter=by_name)
        return
    name = cluster[1]["name"]
    assert first.cluster_members(filter=by_name) == [name]
    [found] = first.cluster_members(filter=by_name.and_("status", "Online"), recursion=1)
    assert found.server_name == name
    assert first.cluster_members(filter=where("status", "Evacuated")) == []


def test_life_of_a_group(first, cluster):
    names = [member["name"] for member in cluster]
    first.create_cluster_group("hk-fast", description="First", members=names[:2])
    group = "hk-fast"
    try:
        assert set(first.cluster_groups()) == {"default", "hk-fast"}
        assert first.cluster_group("hk-fast").members == names[:2]
        first.create_container("hk-placed", alias="busybox", target="@hk-fast")
        assert first.instance("hk-placed").location in names[:2]
        # Incus 7 keeps a group that an instance was placed by.
        first.delete_instance("hk-placed")
        with first.edit_cluster_group("hk-fast") as found:
            found.members.append(names[2])
        assert first.cluster_group("hk-fast").members == names
        # Incus 6.0 changes groups of several members by PUT only.
        first.update_cluster_group("hk-fast", members=names[:1])
        first.patch_cluster_group("hk-fast", description="Second")
        found = first.cluster_group("hk-fast")
        assert (found.description, found.members) == ("Second", names[:1])
        assert "hk-fast" in first.cluster_member(names[0]).groups
        with pytest.raises(hyperkit.APIError):
            first.create_cluster_group("hk-fast")
        first.rename_cluster_group("hk-fast", "hk-quick")
        group = "hk-quick"
        assert "hk-quick" in [one.name for one in first.cluster_groups(recursion=1)]
        if not first.has_extension("clustering_groups_config"):
            with pytest.raises(hyperkit.MissingExtension, match="clustering_groups_config"):
                first.patch_cluster_group("hk-quick", config={"user.a": 1})
        else:
            first.patch_cluster_group("hk-quick", config={"user.a": 1})
            found = first.cluster_group("hk-quick")
            assert (found.config, found.description) == ({"user.a": "1"}, "Second")
    finally:
        first.update_cluster_group(group)
        assert first.cluster_group(group).members == []
        first.delete_cluster_group(group)
    with pytest.raises(hyperkit.NotFound):
        first.cluster_group(group)


def test_instances_leave_a_member_and_come_back(first, cluster):
    name = cluster[1]["name"]
    first.create_container("hk-moves", alias="busybox", target=name)
    first.start_container("hk-moves")
    assert first.evacuate_cluster_member(name).status == "Success"
    try:
        assert first.cluster_member(name).status == "Evacuated"
        found = first.instance("hk-moves")
        assert (found.location != name, found.status) == (True, "Running")
        if not first.has_extension("clustering_evacuation_mode"):
            with pytest.raises(hyperkit.MissingExtension, match="clustering_evacuation_mode"):
                first.evacuate_cluster_member(cluster[2]["name"], mode="stop")
        with pytest.raises(hyperkit.MissingExtension, match="clustering_evacuation_force"):
            first.evacuate_cluster_member(cluster[2]["name"], force=True)
        if not first._capabilities().restores_in_place:
            with pytest.raises(hyperkit.MissingExtension, match="clustering_restore_skip_mode"):
                first.restore_cluster_member(name, mode="skip")
    finally:
        assert first.restore_cluster_member(name).status == "Success"
    assert first.cluster_member(name).status == "Online"
    assert first.instance("hk-moves").location == name


def test_a_member_is_restored_without_its_instances(first, cluster):
    if not first._capabilities().restores_in_place:
        pytest.skip("this came later")
    name = cluster[1]["name"]
    first.create_container("hk-left", alias="busybox", target=name)
    first.start_container("hk-left")
    first.evacuate_cluster_member(name)
    first.restore_cluster_member(name, mode="skip")
    assert first.cluster_member(name).status == "Online"
    found = first.instance("hk-left")
    assert (found.location != name, found.status) == (True, "Running")


def test_instances_of_a_member_are_stopped_and_started(first, cluster):
    if not first.has_extension("clustering_evacuation_mode"):
        pytest.skip("modes came later")
    name = cluster[1]["name"]
    first.create_container("hk-stays", alias="busybox", target=name)
    first.start_container("hk-stays")
    first.evacuate_cluster_member(name, mode="stop")
    try:
        found = first.instance("hk-stays")
        assert (found.location, found.status) == (name, "Stopped")
    finally:
        first.restore_cluster_member(name)
    assert first.instance("hk-stays").status == "Running"


def test_a_server_joins_and_leaves(first, joiner, alone, cluster):
    assert join(first, joiner, alone).status == "Success"
    assert (joiner.cluster().enabled, joiner.cluster().server_name) == (True, "hk-joiner")
    assert joiner.cluster_members() == first.cluster_members()
    assert first.cluster_member("hk-joiner").status == "Online"
    first.create_container("hk-guest", alias="busybox", target="hk-joiner")
    with pytest.raises(hyperkit.ArgumentError, match="has joined"):
        first.delete_cluster_member("hk-joiner", pending=True)
    with pytest.raises(hyperkit.APIError):
        first.delete_cluster_member("hk-joiner")
    assert "hk-guest" in first.instances()
    with pytest.raises(hyperkit.ArgumentError, match="other members"):
        joiner.disable_cluster()
    first.delete_instance("hk-guest")
    first.delete_cluster_member("hk-joiner")
    assert first.cluster_members() == [member["name"] for member in cluster]
    eventually(lambda: not joiner.cluster().enabled)
    with pytest.raises(hyperkit.NotFound):
        first.delete_cluster_member("hk-joiner", pending=True)


def test_a_server_joins_over_https_and_is_forgotten(first, alone, joiner, cluster):
    old = alone["server_certificate"]
    with hyperkit.Client(
        api_endpoint=alone["https_url"],
        client_cert=alone["client_certificate"],
        client_key=alone["client_key"],
        server_cert=old,
    ) as far:
        key = {"entity": "storage-pool", "name": "default", "key": "source", "value": ""}
        done = join(first, far, alone, member_config=[key])
        assert done.status == "Success"
    try:
        # The joiner trusts whom the cluster trusts, and shows its certificate. LXD hears of
        # the clients with the next heartbeat, ten seconds later.
        with hyperkit.Client(
            api_endpoint=alone["https_url"],
            client_cert=cluster[0]["client_certificate"],
            client_key=cluster[0]["client_key"],
            server_cert=cluster[0]["server_certificate"],
        ) as far:
            eventually(lambda: far.cluster().server_name == "hk-joiner")
        with hyperkit.Client(api_endpoint=alone["https_url"], server_cert=old) as far:
            with pytest.raises(hyperkit.UntrustedServer):
                far.cluster()
    finally:
        # It goes without a word, and has to be forgotten.
        os.kill(alone["pid"], signal.SIGKILL)
        first.delete_cluster_member("hk-joiner", force=True)
    assert "hk-joiner" not in first.cluster_members()


def test_the_token_of_another_cluster_is_not_sent(first, joiner, alone, cluster):
    issued = first.create_cluster_join_token("hk-joiner")
    with pytest.raises(hyperkit.UntrustedServer, match="Nothing was sent"):
        joiner.join_cluster(
            first.cluster_join_token(issued),
            cluster_address=alone["https_url"][8:],
            server_address=alone["https_url"][8:],
        )
    assert not joiner.cluster().enabled
    assert issued["id"] in first.operations()
    first.cancel_operation(issued)
    with pytest.raises(hyperkit.OperationFailed):
        joiner.join_cluster(
            first.cluster_join_token(issued),
            cluster_certificate=cluster[0]["server_certificate"],
            server_address=alone["https_url"][8:],
        )
    assert not joiner.cluster().enabled


def test_a_cluster_is_formed_and_ended(alone):
    with hyperkit.Client(
        api_endpoint=alone["https_url"],
        client_cert=alone["client_certificate"],
        client_key=alone["client_key"],
        server_cert=alone["server_certificate"],
    ) as client:
        assert client.enable_cluster("hk-one").status == "Success"
        assert (client.cluster().enabled, client.cluster_members()) == (True, ["hk-one"])
        assert client.disable_cluster().status == "Success"
        with pytest.raises(hyperkit.Forbidden):
            client.cluster()
    with hyperkit.Client(api_endpoint=f"unix://{alone['socket']}") as client:
        assert not client.cluster().enabled
        assert client.images() == []
        with pytest.raises(hyperkit.ArgumentError, match="not part of a cluster"):
            client.disable_cluster()
        forming = client.enable_cluster("hk-again", sync=False)
        assert client.wait_for_operation(forming).status == "Success"
        assert client.disable_cluster().status == "Success"
        assert not client.cluster().enabled


def test_the_certificate_of_a_cluster_is_replaced(first, cluster, tmp_path):
    files = {"out": tmp_path / "new.crt", "keyout": tmp_path / "new.key"}
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes"]
    names = ["-subj", "/CN=hk-cluster", "-addext", "subjectAltName=DNS:hk-cluster,IP:127.0.0.1"]
    places = [word for flag, place in files.items() for word in (f"-{flag}", str(place))]
    subprocess.run(
        ["openssl", "req", "-x509", "-days", "30", *curve, *names, *places],
        check=True,
        capture_output=True,
    )
    before = [client_of(member) for member in cluster]
    assert all(client.cluster().enabled for client in before)
    first.update_cluster_certificate(
        certificate=str(files["out"]), key=files["keyout"].read_text()
    )
    for member, client in zip(cluster, before, strict=True):
        client.close()
        with pytest.raises(hyperkit.UntrustedServer):
            client.cluster()
        client.server_cert = str(files["out"])
        assert client.cluster().server_name == member["name"]
        client.close()
    assert first.cluster_members() == [member["name"] for member in cluster]
    with pytest.raises(hyperkit.APIError):
        first.update_cluster_certificate(
            certificate=str(files["out"]), key=cluster[0]["client_key"]
        )


def client_of(member):
    """A client over HTTPS that pins what the cluster shows now, wherever that file may go."""
    with open(member["server_certificate"]) as file:
        pinned = file.read()
    return hyperkit.Client(
        api_endpoint=member["https_url"],
        client_cert=member["client_certificate"],
        client_key=member["client_key"],
        server_cert=pinned,
    )
