"""Images: exports that lie, forms that break off, identifiers that are missing."""

import hashlib
import io
import os

import pytest
from unit.double import greet, started

import hyperkit
from hyperkit._multipart import Form, form
from hyperkit._payload import Payload

CONTENT = b"image"
FINGERPRINT = hashlib.sha256(CONTENT).hexdigest()


def export(asking, folder, headers, content, **options):
    answer = 200, {"Content-Type": "application/octet-stream"} | headers, content
    with asking(lambda handler: answer) as (client, _):
        return client.export_image(FINGERPRINT, folder, **options)


@pytest.mark.parametrize(
    ("offered", "name"),
    [
        ("inline;filename=a.tar", "a.tar"),
        ("inline;filename=../../a.tar", "a.tar"),
        ("inline;filename=/etc/passwd", "passwd"),
        ('inline; filename="..\\\\x.tar"', "x.tar"),
        ("inline;filename=..", FINGERPRINT),
        ("inline;filename=", FINGERPRINT),
    ],
)
def test_the_servers_name_cannot_leave_the_folder(asking, tmp_path, offered, name):
    folder = tmp_path / "out"
    folder.mkdir()
    place = export(asking, folder, {"Content-Disposition": offered}, CONTENT)
    assert place == str(folder / name)
    assert os.listdir(folder) == [name]


@pytest.mark.parametrize(
    ("headers", "content", "kind"),
    [
        ({}, b"another image", hyperkit.InvalidResponse),
        ({"Content-Length": "1000"}, CONTENT, hyperkit.ConnectionFailed),
        ({"Content-Type": "multipart/form-data"}, CONTENT, hyperkit.InvalidResponse),
        ({"Content-Type": "multipart/form-data; boundary=b"}, CONTENT, hyperkit.InvalidResponse),
        (
            {"Content-Type": "multipart/form-data; boundary=b"},
            b'--b\r\nContent-Disposition: form-data; name="metadata"\r\n\r\nimage',
            hyperkit.InvalidResponse,
        ),
    ],
)
def test_what_is_not_the_image_is_not_kept(asking, tmp_path, headers, content, kind):
    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(kind):
        export(asking, folder, headers, content, filename="a")
    assert os.listdir(folder) == []


def test_a_file_that_is_there_stays(asking, tmp_path):
    (tmp_path / "a").write_text("mine")
    with pytest.raises(FileExistsError):
        export(asking, tmp_path, {}, CONTENT, filename="a")
    assert (tmp_path / "a").read_text() == "mine"


class Slow(io.BytesIO):
    """Gives a few bytes at a time, so that every boundary is cut somewhere."""

    def __init__(self, content, step):
        super().__init__(content)
        self.step = step

    def read(self, count=-1):
        return super().read(self.step)


@pytest.mark.parametrize("step", [1, 2, 3, 7, 50, 10_000])
def test_forms_are_read_as_they_were_written(step):
    contents = [b"\r\n--not\r\n" * 20, bytes(range(256)) * 4]
    files = {
        "metadata": ("m.tar", io.BytesIO(contents[0])),
        "rootfs": ('r"\r\n.tar', io.BytesIO(contents[1])),
    }
    content_type, parts = form(files)
    body = b"".join(Payload(*parts).blocks())
    read = [
        (field, name, b"".join(blocks))
        for field, name, blocks in Form(content_type, Slow(body, step)).parts()
    ]
    assert read == [("metadata", "m.tar", contents[0]), ("rootfs", "r___.tar", contents[1])]


def test_the_length_of_a_form_is_known():
    _, parts = form({"metadata": ("m", io.BytesIO(b"abc")), "rootfs": ("r", io.BytesIO(b"de"))})
    payload = Payload(*parts)
    assert payload.length == len(b"".join(payload.blocks()))


def test_an_image_without_what_identifies_it_is_refused(client):
    with pytest.raises(hyperkit.ImageIdentifierRequired):
        client.create_image_from_remote("https://images.test")
    with pytest.raises(hyperkit.InvalidProtocol):
        client.create_image_from_remote("https://images.test", alias="a", protocol="ftp")
    with pytest.raises(hyperkit.AliasAttributesRequired):
        client.update_image_alias("a")
    with pytest.raises(hyperkit.ArgumentError, match="fingerprint"):
        client.create_image_from_file(io.BytesIO(b""), fingerprint="no hex")


def test_aliases_on_a_server_that_has_no_header_for_them_need_a_wait(client):
    with pytest.raises(hyperkit.ArgumentError, match="sync"):
        client.create_image_from_file(io.BytesIO(b"x"), aliases=["a"], sync=False)


@pytest.mark.parametrize(
    ("arguments", "extension"),
    [
        ({"expires_at": "2040-01-01T00:00:00Z"}, "images_expiry"),
        ({"format": "split"}, "instance_publish_split"),
    ],
)
def test_what_a_server_would_leave_out_is_refused(client, arguments, extension):
    with pytest.raises(hyperkit.MissingExtension, match=extension):
        client.create_image_from_container("web", **arguments)


def test_profiles_that_a_server_would_leave_out_are_refused(client):
    with pytest.raises(hyperkit.MissingExtension, match="image_copy_profile"):
        client.create_image_from_file(io.BytesIO(b"x"), profiles=["a"])
    with pytest.raises(hyperkit.MissingExtension, match="image_copy_profile"):
        client.create_image_from_remote("https://images.test", alias="a", profiles=["a"])


def test_profiles_go_with_an_upload(bare, double):
    greet(double, "image_copy_profile")
    double.expect("POST", "/1.0/images", raw=started(), body="x")
    bare.create_image_from_file(io.BytesIO(b"x"), profiles=["a b", "c"], sync=False)
    assert double.headers[-1]["X-LXD-profiles"] == "profile=a+b&profile=c"


def test_properties_are_written_as_configuration_is(bare, double):
    greet(double)
    double.expect("POST", "/1.0/images", raw=started(), body="x")
    properties = {"requirements.secureboot": False, "serial": 7}
    bare.create_image_from_file(io.BytesIO(b"x"), properties=properties, sync=False)
    written = "requirements.secureboot=false&serial=7"
    assert double.headers[-1]["X-LXD-properties"] == written
    source = {"type": "snapshot", "name": "web/before"}
    body = {"properties": {"requirements.secureboot": "false", "serial": "7"}, "source": source}
    double.expect("POST", "/1.0/images", raw=started(), body=body)
    bare.create_image_from_snapshot("web", "before", properties=properties, sync=False)


def test_an_edit_of_an_image_writes_what_can_be_written(client, double):
    url = f"/1.0/images/{FINGERPRINT}"
    found = {"auto_update": False, "properties": {}, "public": True, "size": 1}
    double.expect("GET", url, found)
    double.expect("GET", url, found)
    double.expect(
        "PUT", url, body={"auto_update": False, "properties": {"a": "1"}, "public": True}
    )
    with client.edit_image(FINGERPRINT) as image:
        image.properties["a"] = 1


def test_an_edit_of_an_alias_writes_what_can_be_written(client, double):
    url = "/1.0/images/aliases/a%2Fb"
    double.expect(
        "GET", url, {"name": "a/b", "description": "", "target": "f", "type": "container"}
    )
    double.expect("PUT", url, body={"description": "c", "target": "f"})
    with client.edit_image_alias("a/b") as alias:
        alias["description"] = "c"
