"""A container's life."""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import hyperkit

QUICKSTART = Path(__file__).parent.parent.parent / "examples" / "quickstart.py"


def test_life_with_auto_sync(client, name):
    created = client.create_container(name, alias="busybox", config={"user.answer": 42})
    assert created.status == "Success"
    assert client.container(name).config["user.answer"] == "42"
    client.start_container(name)
    done = client.execute_command(name, ["sh", "-c", "echo out; echo err >&2"], record_output=True)
    assert client.exec_output(done) == (b"out\n", b"err\n")
    assert client.container_state(name).status == "Running"
    client.stop_container(name, force=True)
    client.delete_container(name)
    assert name not in client.containers()


def test_life_without_auto_sync(connect, name):
    client = connect(auto_sync=False)
    started = client.create_container(name, alias="busybox")
    assert started.id
    assert client.wait_for_operation(started).status_code == 200
    client.wait_for_operation(client.start_container(name).id, timeout=60)
    done = client.wait_for_operation(
        client.execute_command(name, "echo 'two words'", record_output=True)
    )
    assert client.exec_output(done).stdout == b"two words\n"
    client.wait_for_operation(client.stop_container(name, force=True))
    client.wait_for_operation(client.delete_container(name))
    assert name not in client.containers()


@pytest.mark.live_only
def test_the_quickstart_runs_unchanged(mode, lab):
    where, pair = ["--server", f"unix://{lab['socket']}"], {}
    if mode[1] == "https":
        where = ["--server", lab["https_url"], "--server-cert", lab["server_certificate"]]
        pair = {
            "HYPERKIT_CLIENT_CERT": lab["client_certificate"],
            "HYPERKIT_CLIENT_KEY": lab["client_key"],
        }
    done = subprocess.run(
        [sys.executable, QUICKSTART, *where],
        env=os.environ | pair,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert done.stdout.count("it says it is hyperkit-quickstart") == 2


@pytest.mark.live_only
def test_init_hears_of_a_stop_and_of_a_restart(client, running):
    time.sleep(0.3)  # until init listens
    assert client.restart_instance(running, timeout=30).status == "Success"
    time.sleep(0.3)
    assert client.stop_instance(running, timeout=30).status == "Success"
    assert client.instance(running).status == "Stopped"


def test_freeze_and_unfreeze(client, running):
    client.freeze_instance(running)
    assert client.instance_state(running).status == "Frozen"
    client.unfreeze_instance(running)
    assert client.instance_state(running).status == "Running"


def test_create_by_fingerprint(client, name):
    image = client.get("/1.0/images/aliases/busybox").metadata.target
    client.create_instance(name, fingerprint=image, profiles=["default"])
    assert client.instance(name).type == "container"


def test_create_by_properties(client, name):
    client.create_instance(name, properties={"os": "busybox"})
    assert client.instance(name).config["image.os"] == "busybox"


def test_create_empty_rename_update_delete(client, name):
    client.create_instance(name, empty=True)
    client.rename_instance(name, f"{name}-2")
    found = client.instance(f"{name}-2")
    etag = client.last_response.headers["ETag"]
    changed = {**found, "config": {**found.config, "user.key": True}}
    client.update_instance(f"{name}-2", changed, etag=etag)
    assert client.instance(f"{name}-2").config["user.key"] == "true"
    with pytest.raises(hyperkit.PreconditionFailed):
        client.patch_instance(f"{name}-2", {"config": {"user.key": 2}}, etag=etag)
    client.patch_instance(f"{name}-2", {"description": "A test"})
    client.patch_instance(f"{name}-2", {"config": {"user.other": 1}})
    found = client.instance(f"{name}-2")
    assert (found.description, found.config["user.other"]) == ("A test", "1")
    client.delete_instance(f"{name}-2")
    with pytest.raises(hyperkit.NotFound):
        client.instance(f"{name}-2")


def test_stop_of_an_ephemeral_one(client, name):
    client.create_container(name, alias="busybox", ephemeral=True)
    client.start_container(name)
    assert client.stop_container(name, force=True).status == "Success"


def test_start_in_one_call(client, name):
    client.create_container(name, alias="busybox", start=True)
    assert client.container_state(name).status == "Running"


def test_create_from_an_unknown_alias(client, name, kind):
    expected = {"lxd": hyperkit.NotFound, "incus": hyperkit.OperationFailed}[kind]
    with pytest.raises(expected, match="alias 'no-such-image' on this server"):
        client.create_container(name, alias="no-such-image")


def test_create_what_is_there(client, name):
    client.create_container(name, empty=True)
    # By the operation, and Incus 7 at once.
    with pytest.raises(hyperkit.Conflict, match="(?i)instance"):
        client.create_container(name, empty=True)


def test_virtual_machine_refused_in_the_servers_words(client, name):
    with pytest.raises(hyperkit.OperationFailed, match="virtual-machine"):
        client.create_instance(name, empty=True, type="virtual-machine")


def test_delete_of_a_running_one(client, running):
    with pytest.raises(hyperkit.BadRequest, match="running"):
        client.delete_container(running)


def test_lists(client, running):
    assert running in client.instances()
    [entry] = [one for one in client.instances(recursion=1) if one.name == running]
    assert entry.created_at.tzinfo is not None
    [full] = client.containers(recursion=2, filter=f"name eq {running}")
    assert full.state.status == "Running"
    assert client.instances(type="virtual-machine") == []


def test_hostile_names_reach_nothing_else(client):
    before = client.instances()
    for hostile in ("a/b?c#d%e", "x/state", "%2e%2e"):
        for call in (client.instance, client.delete_instance, client.start_instance):
            with pytest.raises((hyperkit.NotFound, hyperkit.BadRequest)):
                call(hostile)
    assert client.instances() == before


def test_one_with_its_state(client, running):
    full = client.instance(running, recursion=1)
    assert (full.state.status, full.snapshots, full.backups) == ("Running", None, None)
    with pytest.raises(hyperkit.MissingExtension):
        client.instance(running, recursion=1, fields=["state.disk"])


@pytest.mark.live_only
def test_a_running_one_is_deleted_by_force(client, running):
    client.delete_instance(running, force=True)
    assert running not in client.instances()


@pytest.mark.live_only
def test_an_ephemeral_one_is_deleted_by_force(client, name):
    client.create_container(name, alias="busybox", ephemeral=True, start=True)
    client.delete_instance(name, force=True)
    assert name not in client.instances()


def test_rebuild(client, name, kind):
    client.create_container(name, alias="busybox", config={"user.a": "1"})
    client.write_file(name, "/root/a", content="a")
    if kind == "lxd":
        with pytest.raises(hyperkit.MissingExtension, match="instances_rebuild"):
            client.rebuild_instance(name, alias="busybox")
        return
    client.rebuild_instance(name, alias="busybox")
    assert client.instance(name).config["user.a"] == "1"
    with pytest.raises(hyperkit.NotFound):
        client.read_file(name, "/root/a")
    client.rebuild_instance(name, empty=True)
    with pytest.raises(hyperkit.NotFound):
        client.read_file(name, "/etc/hosts")
    with pytest.raises(hyperkit.Error, match="alias 'no-such-image' on this server"):
        client.rebuild_instance(name, alias="no-such-image")


@pytest.fixture
def apart(client, name):
    """A client of a project of its own, where changing all instances changes nobody else's."""
    project = f"hk-{name}"
    config = {"features.images": "false", "features.profiles": "false"}
    client.post("/1.0/projects", {"name": project, "config": config})
    narrow = client.using(project=project)
    yield narrow
    for one in narrow.instances():
        with contextlib.suppress(hyperkit.Error):
            narrow.stop_instance(one, force=True)
        narrow.delete_instance(one)
    client.delete(f"/1.0/projects/{project}")


def test_all_at_once(apart, client, running):
    for one in ("hk-a", "hk-b"):
        apart.create_container(one, alias="busybox", devices={"eth0": {"type": "none"}})
    assert apart.update_instances_state("start").status == "Success"
    assert {one.status for one in apart.instances(recursion=1)} == {"Running"}
    apart.stop_instance("hk-a", force=True)
    apart.update_instances_state("start", timeout=30)
    assert {one.status for one in apart.instances(recursion=1)} == {"Running"}
    apart.update_instances_state("freeze")
    assert {one.status for one in apart.instances(recursion=1)} == {"Frozen"}
    apart.update_instances_state("unfreeze")
    apart.update_instances_state("stop", force=True)
    assert {one.status for one in apart.instances(recursion=1)} == {"Stopped"}
    assert client.instance(running).status == "Running"
    everywhere = client.instances(all_projects=True, recursion=1, type="container")
    assert {"hk-a", "hk-b", running} <= {one.name for one in everywhere}
