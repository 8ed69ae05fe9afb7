"""Instances and images on their way between two real servers."""

import contextlib
import hashlib
import io

import pytest
from conformance.archives import UNIFIED

import hyperkit

pytestmark = pytest.mark.live_only
MODES = pytest.mark.parametrize("way", ["pull", "push", "relay"])


@pytest.fixture
def source(client, name):
    """A container with a profile, a snapshot, and an own key."""
    client.create_profile("hk-moved", config={"user.p": 1})
    client.create_container(
        name, alias="busybox", config={"user.a": 1}, profiles=["default", "hk-moved"]
    )
    client.create_snapshot(name, "then")
    client.write_file(name, "/root/a", content="here")
    yield name
    client.delete_instance(name) if name in client.instances() else None
    client.delete_profile("hk-moved")


@pytest.fixture
def ready(other):
    """The second server, which has the profile."""
    other.create_profile("hk-moved")
    yield other
    for left in other.instances():
        other.delete_instance(left)
    other.delete_profile("hk-moved")


def running_operations(client):
    found = client.operations(recursion=1)
    return [one for one in found if one.status_code == 103 and one.class_ != "token"]


def test_what_is_offered_is_fetched(client, source, ready):
    offer = client.init_migration(source)
    assert (offer.profiles, offer.ephemeral, offer.snapshot) == (
        ["default", "hk-moved"],
        False,
        False,
    )
    ready.migrate(offer, source, ephemeral=True)
    made, original = ready.instance(source), client.instance(source)
    assert (made.config["user.a"], made.ephemeral) == ("1", True)
    assert made.config["volatile.base_image"] == original.config["volatile.base_image"]
    assert made.config["volatile.uuid"] != original.config["volatile.uuid"]
    assert ready.read_file(source, "/root/a") == b"here"
    assert ready.snapshots(source) == ["then"]


def test_a_snapshot_is_offered_and_fetched(client, source, ready):
    client.patch_instance(source, {"config": {"user.a": "later"}})
    offer = client.init_migration(source, "then")
    assert offer.snapshot is True
    ready.migrate(offer, source)
    assert ready.instance(source).config["user.a"] == "1"


@MODES
def test_an_instance_goes_with_all_that_it_has(client, source, ready, way):
    done = client.transfer_instance(source, to=ready, mode=way, new_name=f"{source}-2")
    assert done.status == "Success"
    made = ready.instance(f"{source}-2")
    assert (made.config["user.a"], made.profiles) == ("1", ["default", "hk-moved"])
    assert ready.read_file(f"{source}-2", "/root/a") == b"here"
    assert ready.snapshots(f"{source}-2") == ["then"]
    assert source in client.instances()


@MODES
def test_a_snapshot_goes_as_an_instance(client, source, ready, way):
    client.transfer_instance(source, to=ready, mode=way, snapshot="then", profiles=["default"])
    assert ready.instance(source).profiles == ["default"]


@MODES
def test_what_is_moved_is_gone_and_keeps_its_identity(client, source, ready, way):
    before = client.instance(source).config["volatile.uuid"]
    client.transfer_instance(source, to=ready, mode=way, move=True)
    assert source not in client.instances()
    assert ready.instance(source).config["volatile.uuid"] == before


@MODES
def test_a_name_that_is_taken_moves_nothing(client, source, ready, way):
    ready.create_container(source, empty=True, profiles=["default"])
    with pytest.raises(hyperkit.Error, match="instances"):
        client.transfer_instance(source, to=ready, mode=way, move=True)
    assert client.read_file(source, "/root/a") == b"here"
    assert running_operations(ready) == []


@MODES
def test_missing_profiles_are_named_and_nothing_begins(client, source, other, way):
    with pytest.raises(hyperkit.MissingProfiles, match="hk-moved"):
        client.transfer_instance(source, to=other, mode=way)
    assert running_operations(client) == running_operations(other) == []


@MODES
def test_an_image_goes_with_aliases_and_properties(client, name, other, way):
    client.create_container(name, alias="busybox")
    made = client.create_image_from_container(
        name, aliases=["hk/made"], properties={"os": "made"}, compression_algorithm="gzip"
    )
    fingerprint = made.metadata.fingerprint
    other.create_profile("hk-copied")
    try:
        able = client.has_extension("image_copy_profile")
        extra = {"profiles": ["hk-copied"]} if able else {}
        done = client.copy_image(fingerprint, to=other, mode=way, **extra)
        assert done.status == "Success"
        copy = other.image_by_alias("hk/made")
        # Incus 7 adds the default one to those that come with an upload.
        assert copy.profiles[-1:] == extra.get("profiles", ["default"])
        assert (copy.fingerprint, copy.properties["os"]) == (fingerprint, "made")
        tokens = [one for one in client.operations(recursion=1) if one.class_ == "token"]
        secrets = [one for one in tokens if fingerprint in str(one.metadata)]
        assert secrets == []
    finally:
        for one in (client, other):
            with contextlib.suppress(hyperkit.NotFound):
                one.delete_image(fingerprint)
        other.delete_profile("hk-copied")


@MODES
def test_an_image_goes_from_project_to_project(client, other, way):
    fingerprint = hashlib.sha256(UNIFIED).hexdigest()
    config = {"features.images": "true"}
    for one, name in ((client, "hk-from"), (other, "hk-to")):
        one.post("/1.0/projects", {"name": name, "config": config})
    here, there = client.using(project="hk-from"), other.using(project="hk-to")
    try:
        here.create_image_from_file(io.BytesIO(UNIFIED), aliases=["hk/one"])
        here.copy_image(fingerprint, to=there, mode=way)
        assert there.image_by_alias("hk/one").fingerprint == fingerprint
        assert fingerprint not in other.images()
    finally:
        for one, name in ((here, "hk-from"), (there, "hk-to")):
            with contextlib.suppress(hyperkit.NotFound):
                one.delete_image(fingerprint)
            one.delete(f"/1.0/projects/{name}")
