"""Storage volumes that are copied and moved: on a server, in a cluster, to another server."""

import pytest
from unit.double import about, error, greet, operation, started

import hyperkit

POOLS = "/1.0/storage-pools"
VOLUMES = f"{POOLS}/default/volumes"
DATA = f"{VOLUMES}/custom/data"


@pytest.fixture
def copying(met):
    """A client of a server that copies and moves whatever it is told to."""
    return met(
        "cluster_internal_custom_volume_copy",
        "custom_volume_refresh",
        "custom_volume_refresh_exclude_older_snapshots",
        "storage_api_local_volume_handling",
        "storage_api_project",
        "storage_api_volume_rename",
        "storage_volume_project_move",
    )


def test_a_copy_says_all_that_it_is_told(copying, double):
    found = {"config": {"a": "1", "volatile.b": "2"}, "content_type": "block"}
    double.expect("GET", f"{DATA}/snapshots/then", found, query={"target": "one"})
    source = {
        "type": "copy",
        "name": "data/then",
        "pool": "default",
        "location": "one",
        "project": "default",
        "refresh": True,
        "refresh_exclude_older": False,
        "volume_only": True,
    }
    double.expect(
        "POST",
        f"{POOLS}/fast/volumes/custom",
        {},
        body={
            "name": "b",
            "type": "custom",
            "config": {"a": "1", "c": "3"},
            "content_type": "block",
            "description": "Copy",
            "source": source,
        },
        query={"project": "blue", "target": "two"},
    )
    copying.copy_storage_volume(
        "default",
        "data/then",
        "b",
        config={"c": 3},
        description="Copy",
        new_pool="fast",
        project="blue",
        refresh=True,
        refresh_exclude_older=False,
        source_location="one",
        target="two",
        volume_only=True,
    )


def test_a_move_says_where_to(copying, double):
    double.expect("POST", DATA, {}, body={"name": "b"})
    copying.move_storage_volume("default", "data", new_name="b")
    double.expect("POST", DATA, {}, body={"name": "data", "pool": "default", "project": "blue"})
    copying.move_storage_volume("default", "data", project="blue")
    body = {"name": "b", "pool": "fast"}
    double.expect("POST", DATA, {}, body=body, query={"target": "two"})
    copying.move_storage_volume("default", "data", new_name="b", new_pool="fast", target="two")


def test_a_move_to_another_member_loses_nothing(copying, double):
    found = {"config": {"a": "1"}, "content_type": "filesystem", "description": "Data"}
    double.expect("GET", DATA, found, query={"target": "one"})
    source = {"type": "copy", "name": "data", "pool": "default", "location": "one"}
    body = {"name": "data", "type": "custom", **found, "source": source}
    double.expect("POST", f"{VOLUMES}/custom", {}, body=body, query={"target": "two"})
    double.expect("DELETE", DATA, {}, query={"target": "one"})
    copying.relocate_storage_volume("default", "data", source_location="one", target="two")


def test_a_volume_that_cannot_move_stays(copying, double):
    double.expect("GET", DATA, {"config": {}}, query={"target": "one"})
    source = {"type": "copy", "name": "data", "pool": "default", "location": "one"}
    body = {"name": "data", "type": "custom", "config": {}, "description": "", "source": source}
    double.expect(
        "POST",
        f"{VOLUMES}/custom",
        raw=error(409, "taken"),
        status=409,
        body=body,
        query={"target": "two"},
    )
    with pytest.raises(hyperkit.Conflict):
        copying.relocate_storage_volume("default", "data", source_location="one", target="two")
    with pytest.raises(hyperkit.ArgumentError):
        copying.relocate_storage_volume("default", "data", source_location="a", target="a")


def test_a_server_that_nobody_can_reach_offers_nothing(bare, double):
    greet(double, "storage_api_remote_volume_handling")
    double.expect("GET", "/1.0", about("storage_api_remote_volume_handling"))
    with pytest.raises(hyperkit.ArgumentError, match="core.https_address"):
        bare.init_storage_volume_migration("default", "data")


def test_all_addresses_of_the_source_are_tried(bare, double):
    greet(double, "storage_api_remote_volume_handling")
    offer = hyperkit.types.StorageVolumeOffer(
        certificate="PEM",
        config={"volatile.a": "1", "b": "2"},
        content_type="filesystem",
        description="Data",
        websocket=hyperkit.Resource(urls=["https://a", "https://b"], secrets={"fs": "s"}),
    )
    for address, fault in (("https://a", "Failed to connect"), ("https://b", "")):
        source = {
            "type": "migration",
            "mode": "pull",
            "certificate": "PEM",
            "secrets": {"fs": "s"},
            "operation": address,
        }
        body = {
            "name": "data",
            "type": "custom",
            "config": {"b": "2"},
            "content_type": "filesystem",
            "description": "Data",
            "source": source,
        }
        double.expect("POST", f"{VOLUMES}/custom", raw=started(), body=body)
        code = 400 if fault else 200
        done = operation(code, "Failure" if fault else "Success", err=fault)
        double.expect_wait(done)
    assert bare.migrate_storage_volume(offer, "default", "data").status == "Success"
