"""Images, their aliases and their files."""

import contextlib
import datetime as dt
import hashlib
import io
import os
from pathlib import Path

import pytest
from conformance.archives import SPLIT, UNIFIED
from conformance.image_server import serving_image

import hyperkit

MOMENT = dt.datetime(2040, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
def kept(client):
    """A list of fingerprints, of images that are gone afterwards."""
    fingerprints = []
    yield fingerprints
    for fingerprint in fingerprints:
        with contextlib.suppress(hyperkit.NotFound):
            client.delete_image(fingerprint)


@pytest.fixture
def image(client, kept):
    """The fingerprint of a small image."""
    kept.append(hashlib.sha256(UNIFIED).hexdigest())
    client.create_image_from_file(io.BytesIO(UNIFIED))
    return kept[0]


def test_an_image_that_goes_up_comes_back_the_same(client, kept, tmp_path):
    (tmp_path / "tiny.tar.gz").write_bytes(UNIFIED)
    fingerprint = hashlib.sha256(UNIFIED).hexdigest()
    kept.append(fingerprint)
    done = client.create_image_from_file(
        tmp_path / "tiny.tar.gz",
        fingerprint=fingerprint,
        properties={"release": 7, "text": "a b&c=d"},
        public=True,
        aliases=["tiny/one", "tiny-two"],
    )
    assert done.metadata.fingerprint == fingerprint
    found = client.image_by_alias("tiny/one")
    assert (found.fingerprint, found.public, found.size) == (fingerprint, True, len(UNIFIED))
    assert found.properties["text"] == "a b&c=d"
    assert {"tiny/one", "tiny-two"} <= set(client.image_aliases())
    assert fingerprint in client.images()
    told = []
    place = client.export_image(
        fingerprint, tmp_path, filename="back", on_progress=lambda *told_: told.append(told_)
    )
    assert told[-1][0] == len(UNIFIED)
    assert place == str(tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == UNIFIED
    with pytest.raises(FileExistsError):
        client.export_image(fingerprint, tmp_path, filename="back")


def test_an_image_of_two_files_comes_back_the_same(client, kept, tmp_path):
    metadata, rootfs = SPLIT
    fingerprint = hashlib.sha256(metadata + rootfs).hexdigest()
    kept.append(fingerprint)
    client.create_image_from_file(io.BytesIO(metadata), rootfs=io.BytesIO(rootfs))
    place = client.export_image(fingerprint, tmp_path)
    with open(place, "rb") as first, open(f"{place}.root", "rb") as second:
        assert (first.read(), second.read()) == SPLIT
    assert len(os.listdir(tmp_path)) == 2


def test_what_is_no_image_is_refused(client):
    with pytest.raises(hyperkit.OperationFailed):
        client.create_image_from_file(io.BytesIO(b"no image" * 10))


def test_an_image_of_another_fingerprint_is_refused(client):
    with pytest.raises(hyperkit.OperationFailed, match="fingerprint"):
        client.create_image_from_file(io.BytesIO(UNIFIED), fingerprint="a" * 64)
    assert "a" * 64 not in client.images()


def test_an_image_that_is_there_already_is_refused(client, image):
    with pytest.raises(hyperkit.OperationFailed, match="already exists"):
        client.create_image_from_file(io.BytesIO(UNIFIED))
    assert image in client.images()


def test_a_patch_keeps_fields_and_an_update_does_not(client, image):
    client.patch_image(image, properties={"a": 1}, public=True)
    found = client.image(image)
    assert (found.public, found.properties["a"], found.properties["os"]) == (True, "1", "tiny")
    etag = client.last_response.headers["ETag"]
    client.update_image(image, properties={"b": 2})
    assert client.image(image).properties == {"b": "2"}
    with pytest.raises(hyperkit.PreconditionFailed):
        client.patch_image(image, public=False, etag=etag)
    [entry] = client.images(recursion=1, filter="properties.b eq 2")
    assert entry.fingerprint == image


def test_an_edit_keeps_fields_and_minds_other_writers(client, image):
    with client.edit_image(image) as found:
        found["public"] = True
        found.properties["a"] = 1
    found = client.image(image)
    assert (found.public, found.properties["a"], found.properties["os"]) == (True, "1", "tiny")
    with pytest.raises(hyperkit.PreconditionFailed), client.edit_image(image) as found:
        client.patch_image(image, properties={"theirs": 1})
        found["public"] = False
    assert client.image(image).properties["theirs"] == "1"
    with client.edit_image(image) as found, client.edit_image(image) as theirs:
        theirs["expires_at"] = "2040-01-01T00:00:00Z"
        found["profiles"] = []
    found = client.image(image)
    assert (found.expires_at, found.profiles) == (MOMENT, [])
    assert (found.public, found.properties["theirs"]) == (True, "1")
    client.update_image(image, profiles=["default"])
    found = client.image(image)
    assert (found.expires_at, found.profiles, found.properties) == (MOMENT, ["default"], {})


def test_images_of_every_project_are_one_list(client, image, kind):
    if kind == "lxd":
        with pytest.raises(hyperkit.MissingExtension, match="images_all_projects"):
            client.images(all_projects=True)
        return
    assert image in client.images(all_projects=True)


def test_profiles_go_with_an_upload(client, kept, kind):
    fingerprint = hashlib.sha256(UNIFIED).hexdigest()
    kept.append(fingerprint)
    if kind == "lxd":
        with pytest.raises(hyperkit.MissingExtension, match="image_copy_profile"):
            client.create_image_from_file(io.BytesIO(UNIFIED), profiles=[])
        return
    client.create_profile("hk-made")
    try:
        client.create_image_from_file(
            io.BytesIO(UNIFIED), profiles=["hk-made"], properties={"a": "b"}, public=True
        )
        found = client.image(fingerprint)
        client.delete_image(fingerprint)
    finally:
        client.delete_profile("hk-made")
    # Incus 7 adds the default one.
    assert found.profiles[-1] == "hk-made"
    assert (found.properties["a"], found.public) == ("b", True)


def test_an_edit_of_an_alias_minds_other_writers(client, image, kind):
    client.create_image_alias(image, "hk/a", type="container")
    with client.edit_image_alias("hk/a") as alias:
        alias["description"] = "Mine"
    with pytest.raises(hyperkit.PreconditionFailed), client.edit_image_alias("hk/a") as alias:
        client.update_image_alias("hk/a", description="Theirs")
        alias["description"] = "Other"
    assert client.image_alias("hk/a").description == "Theirs"
    if kind == "incus":
        client.patch_image_alias("hk/a", description="Patched")
        found = client.image_alias("hk/a")
        assert (found.description, found.target) == ("Patched", image)


@pytest.mark.live_only
def test_lxd_5_cannot_patch_an_alias(client, image, kind):
    if kind != "lxd":
        pytest.skip("Incus can")
    client.create_image_alias(image, "hk/a")
    with pytest.raises(hyperkit.InternalServerError, match="deadline"):
        client.patch_image_alias("hk/a", description="Patched")
    assert client.image_alias("hk/a").description == ""


def test_an_alias_lives_from_its_creation_to_its_end(client, image):
    client.create_image_alias(image, "tiny/a", description="First")
    with pytest.raises(hyperkit.Conflict):
        client.create_image_alias(image, "tiny/a")
    client.update_image_alias("tiny/a", description="Second")
    alias = client.image_alias("tiny/a")
    assert (alias.target, alias.description) == (image, "Second")
    client.rename_image_alias("tiny/a", "tiny/b")
    assert "tiny/b" in [one.name for one in client.image_aliases(recursion=1)]
    client.delete_image_alias("tiny/b")
    with pytest.raises(hyperkit.NotFound):
        client.image_by_alias("tiny/b")


def test_a_secret_is_a_token_that_is_not_waited_for(client, image):
    operation = client.create_image_secret(image)
    assert operation.status == "Running"
    assert operation.metadata.secret
    client.cancel_operation(operation)


@pytest.mark.live_only
def test_a_secret_opens_a_private_image_to_a_stranger_once(
    client, image, stranger, later, tmp_path
):
    secret = client.create_image_secret(image).metadata.secret
    stranger.export_image(image, tmp_path, filename="a", secret=secret)
    assert (tmp_path / "a").read_bytes() == UNIFIED
    later(6)
    for used in (secret, None):
        with pytest.raises(hyperkit.NotFound):
            stranger.export_image(image, tmp_path, filename="b", secret=used)
    assert os.listdir(tmp_path) == ["a"]


def test_from_a_container_and_a_snapshot(client, name, kept):
    client.create_container(name, alias="busybox")
    client.create_snapshot(name, "then")
    done = client.create_image_from_container(
        name,
        aliases=["made/one"],
        description="Made",
        expires_at=MOMENT,
        properties={"os": "x"},
    )
    kept.append(done.metadata.fingerprint)
    made = client.image_by_alias("made/one")
    assert (made.properties["description"], made.properties["os"]) == ("Made", "x")
    assert made.expires_at == MOMENT
    client.delete_image(done.metadata.fingerprint)
    done = client.create_image_from_snapshot(name, "then", properties={"os": "y"})
    kept.append(done.metadata.fingerprint)
    assert client.image(done.metadata.fingerprint).properties["os"] == "y"


@pytest.mark.live_only
def test_packing_tells_how_far_it_has_come(client, name, kept):
    client.create_container(name, alias="busybox")
    client.write_file(name, "/root/noise", content=os.urandom(96 << 20))
    told = []
    done = client.create_image_from_container(
        name, compression_algorithm="gzip", on_progress=lambda *one: told.append(one)
    )
    kept.append(done.metadata.fingerprint)
    assert told, "two seconds of work, and not a word"
    assert all(total in {None, 100} and text for _, total, text in told)


@pytest.mark.live_only
def test_an_image_comes_from_a_page(client, kept):
    kept.append(hashlib.sha256(UNIFIED).hexdigest())
    with serving_image(UNIFIED, "tiny") as url:
        done = client.create_image_from_url(f"{url}/page", aliases=["from/page"])
    assert done.metadata.fingerprint == kept[0]
    assert client.image_by_alias("from/page").fingerprint == kept[0]


@pytest.mark.live_only
def test_an_image_comes_by_simplestreams(client, kept):
    kept.append(hashlib.sha256(UNIFIED).hexdigest())
    with serving_image(UNIFIED, "tiny") as url:
        profiles = ["default"] if client.has_extension("image_copy_profile") else None
        client.create_image_from_remote(
            url,
            alias="tiny",
            aliases=["from/streams"],
            auto_update=True,
            filename="tiny.tar.gz",
            profiles=profiles,
            protocol="simplestreams",
        )
        with pytest.raises((hyperkit.OperationFailed, hyperkit.NotFound)):
            client.create_image_from_remote(url, alias="huge", protocol="simplestreams")
        client.image_by_alias("from/streams")
        assert client.refresh_image(kept[0]).metadata.refreshed is False
    found = client.image_by_alias("from/streams")
    assert (found.fingerprint, found.update_source["protocol"]) == (kept[0], "simplestreams")


@pytest.mark.live_only
@pytest.mark.parametrize("public", [True, False])
def test_an_image_comes_from_another_server(client, kept, other, second_lab, kind, public):
    fingerprint = hashlib.sha256(UNIFIED).hexdigest()
    kept.append(fingerprint)
    other.create_image_from_file(io.BytesIO(UNIFIED), aliases=["there"], public=public)
    how = {
        "fingerprint": fingerprint,
        "secret": other.create_image_secret(fingerprint).metadata.secret,
    }
    try:
        client.create_image_from_remote(
            second_lab["https_url"],
            protocol=kind,
            certificate=Path(second_lab["server_certificate"]).read_text(),
            aliases=["here"],
            **({"alias": "there"} if public else how),
        )
        assert client.image_by_alias("here").fingerprint == fingerprint
    finally:
        other.delete_image(fingerprint)


def test_an_image_does_not_come_from_a_page_that_is_not_there(client):
    with pytest.raises((hyperkit.OperationFailed, hyperkit.BadRequest)):
        client.create_image_from_url("http://127.0.0.1:1/image")


def test_what_came_from_nowhere_is_not_refreshed(client, image):
    with pytest.raises((hyperkit.OperationFailed, hyperkit.APIError)):
        client.refresh_image(image)
