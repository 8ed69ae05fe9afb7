"""Creating over a cluster: defined on each member, then created."""

import pytest
from unit.double import error, greet, operation, started

import hyperkit
from hyperkit._everywhere import create_everywhere

POOLS = "/1.0/storage-pools"
MEMBERS = [f"/1.0/cluster/members/{name}" for name in ("one", "two", "three")]
BODY = {"name": "fast", "driver": "zfs", "config": {"zfs.clone_copy": "false"}}


@pytest.fixture
def client(bare, double):
    """A client of a member of a cluster."""
    greet(double, "clustering")
    double.expect("GET", "/1.0/cluster", {"enabled": True, "server_name": "one"})
    double.expect("GET", "/1.0/cluster/members", MEMBERS)
    return bare


def define(double, member, config=None, **answer):
    double.expect(
        "POST",
        POOLS,
        body={**BODY, "config": config or {}},
        query={"target": member},
        **answer,
    )


def refused(code=500, text="no such disk"):
    return {"raw": error(code, text), "status": code}


def test_it_is_defined_on_every_member_and_then_created(client, double):
    define(double, "one", {"source": "/dev/sdb", "size": "5"})
    define(double, "two")
    define(double, "three", {"source": "/dev/sdc"})
    double.expect("POST", POOLS, body=BODY)
    own = {"three": {"source": "/dev/sdc"}, "one": {"source": "/dev/sdb", "size": 5}}
    assert create_everywhere(client, "storage-pools", BODY, own).status == "Success"
    assert BODY["config"] == {"zfs.clone_copy": "false"}


def test_the_description_is_not_a_members_own(client, double):
    for member in ("one", "two", "three"):
        define(double, member)
    body = {**BODY, "description": "Fast"}
    double.expect("POST", POOLS, body=body)
    double.expect("GET", f"{POOLS}/fast", {"description": "Fast"})
    assert create_everywhere(client, "storage-pools", body, {}).status == "Success"
    assert body["description"] == "Fast"


def test_a_description_that_is_lost_is_written_afterwards(client, double):
    for member in ("one", "two", "three"):
        define(double, member)
    body = {**BODY, "description": "Fast"}
    double.expect("POST", POOLS, body=body)
    double.expect("GET", f"{POOLS}/fast", {"description": ""})
    double.expect("PATCH", f"{POOLS}/fast", body={"config": {}, "description": "Fast"})
    assert create_everywhere(client, "storage-pools", body, {}).status == "Success"


def test_a_member_that_refuses_in_the_middle_leaves_nothing(client, double):
    define(double, "one")
    define(double, "two", **refused())
    double.expect("DELETE", f"{POOLS}/fast")
    with pytest.raises(hyperkit.InternalServerError, match="no such disk"):
        create_everywhere(client, "storage-pools", BODY, {})


def test_a_first_member_that_refuses_deletes_nothing(client, double):
    # It may be there already, and somebody else's: nothing is deleted.
    define(double, "one", **refused(409, "The storage pool already exists"))
    with pytest.raises(hyperkit.Conflict):
        create_everywhere(client, "storage-pools", BODY, {})


def test_a_cluster_that_refuses_in_the_end_leaves_nothing(client, double):
    for member in ("one", "two", "three"):
        define(double, member)
    double.expect("POST", POOLS, body=BODY, **refused())
    double.expect("DELETE", f"{POOLS}/fast")
    with pytest.raises(hyperkit.InternalServerError, match="no such disk"):
        create_everywhere(client, "storage-pools", BODY, {})


def test_what_cannot_be_deleted_hides_no_error(client, double):
    define(double, "one")
    define(double, "two", **refused())
    double.expect("DELETE", f"{POOLS}/fast", **refused(503, "a member is offline"))
    with pytest.raises(hyperkit.InternalServerError, match="no such disk"):
        create_everywhere(client, "storage-pools", BODY, {})


def test_a_member_that_is_lost_in_the_middle_leaves_nothing(client, double):
    define(double, "one")
    define(double, "two", raw=ConnectionResetError("reset"))
    double.expect("DELETE", f"{POOLS}/fast")
    with pytest.raises(hyperkit.ConnectionFailed):
        create_everywhere(client, "storage-pools", BODY, {})


def test_an_interrupt_leaves_nothing(client, double):
    define(double, "one")
    define(double, "two", raw=KeyboardInterrupt())
    double.expect("DELETE", f"{POOLS}/fast")
    with pytest.raises(KeyboardInterrupt):
        create_everywhere(client, "storage-pools", BODY, {})


def test_steps_in_the_background_are_waited_for(client, double):
    client.auto_sync = False
    for member in ("one", "two", "three"):
        define(double, member, raw=started())
        double.expect_wait()
    double.expect("POST", POOLS, body=BODY, raw=started())
    double.expect_wait()
    assert create_everywhere(client, "storage-pools", BODY, {}).status == "Success"


def test_a_failure_in_the_background_leaves_nothing(client, double):
    client.auto_sync = False
    failed = operation(400, "Failure", err="no such disk")
    for member in ("one", "two", "three"):
        define(double, member)
    double.expect("POST", POOLS, body=BODY, raw=started())
    double.expect_wait(failed)
    double.expect("DELETE", f"{POOLS}/fast", raw=started())
    double.expect_wait()
    with pytest.raises(hyperkit.OperationFailed, match="no such disk"):
        create_everywhere(client, "storage-pools", BODY, {})


def test_a_stranger_is_named(client):
    with pytest.raises(hyperkit.ArgumentError, match="'four': its members are one, two, three"):
        create_everywhere(client, "storage-pools", BODY, {"one": {}, "four": {}})


def test_a_server_that_is_alone_has_no_members(bare, double):
    greet(double, "clustering")
    double.expect("GET", "/1.0/cluster", {"enabled": False, "server_name": ""})
    with pytest.raises(hyperkit.ArgumentError, match="leave member_config out"):
        create_everywhere(bare, "storage-pools", BODY, {"one": {}})


def test_a_server_without_clusters_is_not_asked(bare, double):
    greet(double, lacks={"clustering"})
    with pytest.raises(hyperkit.MissingExtension, match="clustering"):
        create_everywhere(bare, "storage-pools", BODY, {})


def test_a_name_that_none_has_sends_nothing(bare):
    with pytest.raises(hyperkit.InvalidName):
        create_everywhere(bare, "storage-pools", {**BODY, "name": ".."}, {})


def test_the_project_stays_and_the_target_goes(bare, double):
    greet(double, "clustering")
    assert bare.has_extension("clustering")
    narrow = bare.using(project="blue", target="two")
    here = {"query": {"project": "blue"}}
    body = {"name": "br0", "config": {}}
    double.expect("GET", "/1.0/cluster", {"enabled": True}, **here)
    double.expect("GET", "/1.0/cluster/members", MEMBERS[:1], **here)
    there = {"query": {"project": "blue", "target": "one"}}
    double.expect("POST", "/1.0/networks", body=body, **there)
    double.expect("POST", "/1.0/networks", body=body, **here)
    assert create_everywhere(narrow, "networks", body, {}).status == "Success"
    assert narrow.target == "two"
