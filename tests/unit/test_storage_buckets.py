"""Buckets: credentials that arrive in two ways and show in none."""

import io
import pickle
import pprint
from unittest.mock import ANY

import pytest
from unit.double import operation, started

import hyperkit

BUCKETS = "/1.0/storage-pools/default/buckets"
PHOTOS = f"{BUCKETS}/photos"
KEY = {"name": "admin", "role": "admin", "access-key": "public", "secret-key": "hidden"}


@pytest.fixture
def buckets(met):
    """Make a client of a server that has buckets, and some extensions besides."""
    return lambda *extensions, server="incus": met("storage_buckets", *extensions, server=server)


def test_credentials_come_from_a_server_that_answers_at_once(buckets, double):
    client = buckets()
    body = {"name": "photos", "config": {"size": "5"}, "description": "Ours"}
    double.expect("POST", BUCKETS, KEY, body=body)
    made = client.create_storage_bucket(
        "default", "photos", config={"size": 5}, description="Ours"
    )
    assert (made.status_code, made.metadata["secret-key"]) == (200, "hidden")
    assert "hidden" not in repr(made)


def test_credentials_come_from_a_server_that_takes_its_time(buckets, double):
    client = buckets(server="lxd")
    body = {"name": "k", "role": "read-only", "access-key": "a", "secret-key": "s"}
    double.expect("POST", f"{PHOTOS}/keys", raw=started(), body=body)
    done = operation(metadata={"key": KEY, "entity_url": PHOTOS})
    double.expect_wait(done)
    made = client.create_storage_bucket_key(
        "default", "photos", "k", access_key="a", role="read-only", secret_key="s"
    )
    assert (made.metadata.role, made.metadata["access-key"]) == ("admin", "public")


def test_a_key_may_read_if_nothing_else_is_said(buckets, double):
    client = buckets()
    double.expect("POST", f"{PHOTOS}/keys", KEY, body={"name": "k", "role": "read-only"})
    client.create_storage_bucket_key("default", "photos", "k")
    body = {"description": "", "role": "read-only"}
    double.expect("PUT", f"{PHOTOS}/keys/k", body=body)
    client.update_storage_bucket_key("default", "photos", "k")


def test_a_server_may_tell_no_credentials(buckets, double):
    client = buckets()
    double.expect("POST", BUCKETS, body={"name": "photos"})
    assert client.create_storage_bucket("default", "photos").metadata is None


def test_secrets_are_kept_and_not_shown(buckets, double):
    client = buckets("storage_bucket_full")
    double.expect("GET", PHOTOS, {"name": "photos", "keys": [KEY]}, query={"recursion": "1"})
    bucket = client.storage_bucket("default", "photos", recursion=1)
    [key] = bucket["keys"]
    assert key["secret-key"] == "hidden"
    assert pickle.loads(pickle.dumps(key)) == KEY
    for shown in (repr(bucket), str(key), f"{key}", pprint.pformat(bucket)):
        assert "hidden" not in shown
        assert "public" in shown
    assert repr(hyperkit.StorageBucketKey(name="k")) == "{'name': 'k'}"


def test_an_edit_writes_the_credentials_back(buckets, double):
    client = buckets()
    double.expect("GET", f"{PHOTOS}/keys/admin", KEY)
    body = {"role": "read-only", "access-key": "public", "secret-key": "hidden"}
    double.expect("PUT", f"{PHOTOS}/keys/admin", body=body)
    with client.edit_storage_bucket_key("default", "photos", "admin") as key:
        key["role"] = "read-only"


def test_an_edit_on_a_member_stays_there(buckets, double):
    client = buckets()
    found = {"config": {}, "description": "", "name": "photos", "location": "m1"}
    double.expect("GET", PHOTOS, found, query={"target": "m1"})
    body = {"config": {"size": "5"}, "description": ""}
    double.expect("PUT", PHOTOS, body=body, query={"target": "m1"})
    with client.edit_storage_bucket("default", "photos", target="m1") as bucket:
        bucket.config["size"] = 5


def test_a_patch_keeps_the_description(buckets, double):
    client = buckets()
    double.expect("GET", PHOTOS, {"config": {"size": "1"}, "description": "Ours"})
    body = {"config": {"user.a": "true"}, "description": "Ours"}
    double.expect("PATCH", PHOTOS, body=body)
    client.patch_storage_bucket("default", "photos", config={"user.a": True})


@pytest.mark.parametrize(
    ("call", "names", "url"),
    [
        ("patch_storage_bucket", ("photos",), PHOTOS),
        ("update_storage_bucket", ("photos",), PHOTOS),
        ("update_storage_bucket_key", ("photos", "admin"), f"{PHOTOS}/keys/admin"),
    ],
)
def test_an_etag_counts_though_no_server_looks_at_it(
    buckets, double, monkeypatch, call, names, url
):
    client = buckets()
    monkeypatch.setattr("hyperkit._edit.etag_of", lambda client: '"theirs"')
    double.expect("GET", url, {}, query={"target": "m1"})
    with pytest.raises(hyperkit.PreconditionFailed, match="theirs"):
        getattr(client, call)("default", *names, etag='"mine"', target="m1")
    double.expect("GET", url, {}, query={"target": "m1"})
    method = "PATCH" if "patch" in call else "PUT"
    double.expect(method, url, body=ANY, query={"target": "m1"})
    getattr(client, call)("default", *names, etag="theirs", target="m1")


def test_backups_are_listed_whole_since_incus_7_hangs_up_otherwise(buckets, double):
    client = buckets("storage_bucket_backup")
    for _ in range(2):
        double.expect("GET", f"{PHOTOS}/backups", [{"name": "a"}], query={"recursion": "1"})
    assert client.storage_bucket_backups("default", "photos") == ["a"]
    [backup] = client.storage_bucket_backups("default", "photos", recursion=1)
    assert backup.name == "a"


def test_a_bucket_in_the_place_of_its_backups_is_refused(buckets, double):
    client = buckets("storage_bucket_backup")
    double.expect("GET", f"{PHOTOS}/backups", {"name": "photos"}, query={"recursion": "1"})
    with pytest.raises(hyperkit.InvalidResponse, match="does not list"):
        client.storage_bucket_backups("default", "photos")


def test_an_import_says_its_name_in_a_header(buckets, double):
    client = buckets("storage_bucket_backup")
    double.expect("POST", BUCKETS, raw=started(), body="tarball")
    client.import_storage_bucket("default", io.BytesIO(b"tarball"), name="again", sync=False)
    assert double.headers[-1]["X-Incus-name"] == "again"


@pytest.mark.parametrize("name", ["", ".", "..", "a\nb"])
def test_an_import_by_a_name_that_no_bucket_has_sends_nothing(bare, name):
    with pytest.raises(hyperkit.InvalidName):
        bare.import_storage_bucket("default", io.BytesIO(b"x"), name=name)


def test_names_are_quoted_whole(buckets, double):
    client = buckets()
    double.expect("DELETE", f"{BUCKETS}/a%2Fb%3Fc%23d%25e", raw=started())
    client.delete_storage_bucket("default", "a/b?c#d%e", sync=False)


@pytest.mark.parametrize(
    ("call", "extension"),
    [
        (lambda one: one.storage_buckets("default", recursion=2), "storage_bucket_full"),
        (lambda one: one.storage_bucket("default", "b", recursion=1), "storage_bucket_full"),
        (lambda one: one.storage_buckets("default", all_projects=True), "_all_projects"),
        (lambda one: one.storage_bucket_backups("default", "b"), "storage_bucket_backup"),
        (lambda one: one.export_storage_bucket("default", "b", "a"), "storage_bucket_backup"),
        (
            lambda one: one.import_storage_bucket("default", io.BytesIO(b"")),
            "storage_bucket_backup",
        ),
    ],
)
def test_what_the_server_cannot_do_is_refused(buckets, call, extension):
    with pytest.raises(hyperkit.MissingExtension, match=extension):
        call(buckets())


def test_a_server_without_buckets_is_not_asked(client):
    with pytest.raises(hyperkit.MissingExtension, match="storage_buckets"):
        client.storage_buckets("default")
