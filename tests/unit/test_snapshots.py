"""Snapshots of instances: what is sent, and what is refused before it is."""

import datetime as dt

import pytest
from unit.double import greet, started

import hyperkit

NAIVE = dt.datetime(2040, 1, 1)
AWARE = dt.datetime(2040, 1, 1, tzinfo=dt.UTC)
SNAPSHOTS = "/1.0/instances/web/snapshots"


def test_a_slash_in_a_name_sends_nothing(bare):
    with pytest.raises(hyperkit.InvalidName):
        bare.create_snapshot("web", "a/b")
    with pytest.raises(hyperkit.InvalidName):
        bare.rename_snapshot("web", "one", "a/b")
    with pytest.raises(hyperkit.InvalidName):
        bare.restore_snapshot("web", "a/b")


def test_a_moment_without_a_time_zone_sends_nothing(bare):
    with pytest.raises(hyperkit.ArgumentError, match="time zone"):
        bare.create_snapshot("web", "one", expires_at=NAIVE)
    with pytest.raises(hyperkit.ArgumentError, match="time zone"):
        bare.update_snapshot("web", "one", expires_at=NAIVE)


@pytest.mark.parametrize("text", ["7d", "2040-01-01", "2040-13-01T00:00:00Z", "2040-01-01T00:00"])
def test_text_that_is_no_moment_sends_nothing(bare, text):
    with pytest.raises(hyperkit.ArgumentError, match="2040-01-01T00:00:00Z', not '"):
        bare.create_snapshot("web", "one", expires_at=text)


@pytest.mark.parametrize("text", ["2040-01-01T00:00:00.123456789Z", "2040-01-01T00:00:00+02:00"])
def test_text_is_sent_as_it_is(bare, double, text):
    greet(double, "snapshot_expiry")
    double.expect("PUT", f"{SNAPSHOTS}/one", body={"expires_at": text})
    bare.update_snapshot("web", "one", expires_at=text)


def test_a_snapshot_says_all_that_it_is_told(bare, double):
    greet(double, "snapshot_expiry_creation")
    double.expect(
        "POST",
        SNAPSHOTS,
        raw=started(),
        body={"name": "one", "expires_at": "2040-01-01T00:00:00+00:00", "stateful": False},
    )
    double.expect_wait()
    done = bare.create_snapshot("web", "one", expires_at=AWARE, stateful=False)
    assert done.status == "Success"


def test_a_server_that_cannot_expire_them_is_not_asked_to(client):
    with pytest.raises(hyperkit.MissingExtension, match="snapshot_expiry_creation"):
        client.create_snapshot("web", "one", expires_at=AWARE)
    with pytest.raises(hyperkit.MissingExtension, match="snapshot_expiry"):
        client.update_snapshot("web", "one", expires_at=AWARE)


def test_never_is_written_out(bare, double):
    greet(double, "snapshot_expiry")
    body = {"expires_at": "0001-01-01T00:00:00Z"}
    double.expect("PUT", f"{SNAPSHOTS}/one", raw=started(), body=body)
    bare.update_snapshot("web", "one", expires_at=None, etag='"x"', sync=False)
    assert double.headers[-1]["If-Match"] == '"x"'


def test_an_old_server_has_containers_only(bare, double):
    double.expect("GET", "/1.0", {"auth": "trusted", "environment": {}})
    double.expect("GET", "/1.0/containers/web/snapshots", ["/1.0/containers/web/snapshots/a%20b"])
    assert bare.instance_snapshots("web") == ["a b"]


def test_names_are_quoted_whole(client, double):
    double.expect("DELETE", f"{SNAPSHOTS}/a%3Fb%23c", raw=started())
    client.delete_snapshot("web", "a?b#c", sync=False)


def test_volumes_that_are_attached_come_along_if_asked(bare, double):
    greet(double, "instance_snapshots_multi_volume")
    mode = "all-exclusive"
    body = {"name": "one", "disk_volumes_mode": mode}
    double.expect("POST", SNAPSHOTS, raw=started(), body=body)
    bare.create_snapshot("web", "one", disk_volumes_mode=mode, sync=False)
    body = {"restore": "one", "restore_disk_volumes_mode": mode}
    double.expect("PUT", "/1.0/instances/web", raw=started(), body=body)
    bare.restore_snapshot("web", "one", disk_volumes_mode=mode, sync=False)
    double.expect("DELETE", f"{SNAPSHOTS}/one", raw=started(), query={"disk-volumes": mode})
    bare.delete_snapshot("web", "one", disk_volumes=mode, sync=False)


def test_the_files_alone_are_restored_if_asked(bare, double):
    greet(double, "instance_snapshot_disk_only_restore")
    body = {"restore": "one", "disk_only": True}
    double.expect("PUT", "/1.0/instances/web", raw=started(), body=body)
    bare.restore_snapshot("web", "one", disk_only=True, sync=False)


def test_a_server_that_knows_one_disk_is_not_asked_for_others(client):
    for call, arguments in (
        (client.create_snapshot, {"disk_volumes_mode": "root"}),
        (client.delete_snapshot, {"disk_volumes": "root"}),
        (client.restore_snapshot, {"disk_volumes_mode": "root"}),
        (client.restore_snapshot, {"disk_only": True}),
        (client.patch_snapshot, {"expires_at": AWARE}),
    ):
        with pytest.raises(hyperkit.MissingExtension):
            call("web", "one", **arguments)


def test_an_edit_writes_the_expiry(bare, double):
    greet(double, "snapshot_expiry")
    double.expect("GET", f"{SNAPSHOTS}/one", {"expires_at": "0001-01-01T00:00:00Z"})
    body = {"expires_at": "2040-01-01T00:00:00+00:00"}
    double.expect("PUT", f"{SNAPSHOTS}/one", body=body)
    with bare.edit_snapshot("web", "one") as snapshot:
        assert snapshot.expires_at is None
        snapshot["expires_at"] = AWARE
