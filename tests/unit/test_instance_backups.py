"""Backups of instances: what is asked for, and what is left when something breaks."""

import io
import json
import os
from urllib.parse import urlsplit

import pytest
from unit.double import about, error, operation, started
from unit.servers import envelope

import hyperkit
from hyperkit import _backup, _server

BACKUPS = "/1.0/instances/web/backups"
NAME = "hyperkit-0000000000000000"
EXPIRES = "2040-01-01T00:00:00+00:00"
BASE = ["instances", "container_backup", "backup_compression_algorithm"]


@pytest.fixture(autouse=True)
def fixed(monkeypatch):
    monkeypatch.setattr(_backup, "temporary", lambda: (NAME, EXPIRES))


@pytest.fixture
def greet(double):
    """Expect the question what the server is."""

    def greeting(*extensions, server="lxd"):
        double.expect("GET", "/1.0", about(*BASE, *extensions, server=server))

    return greeting


def temporary_backup(double, *, body=None):
    """Expect that one is made."""
    made = {"name": NAME, "expires_at": EXPIRES} | (body or {})
    double.expect("POST", BACKUPS, raw=started(), body=made)


def test_a_backup_says_all_that_it_is_told(bare, double, greet):
    greet("dependent", "backup_metadata_version")
    body = {
        "name": "monday",
        "compression_algorithm": "zstd",
        "expires_at": EXPIRES,
        "instance_only": True,
        "optimized_storage": False,
        "root_only": True,
        "version": 1,
    }
    double.expect("POST", BACKUPS, raw=started(), body=body)
    arguments = {name: value for name, value in body.items() if name != "name"}
    bare.create_instance_backup("web", "monday", **arguments, sync=False)


def test_a_backup_that_is_sent_elsewhere_has_no_name(bare, double, greet):
    greet("backup_s3_upload")
    target = {"protocol": "s3", "url": "https://s3.test", "bucket_name": "b"}
    with pytest.raises(hyperkit.ArgumentError, match="leave name or target out"):
        bare.create_instance_backup("web", "monday", target=target)
    double.expect("POST", BACKUPS, raw=started(), body={"target": target})
    bare.create_instance_backup("web", target=target, sync=False)


@pytest.mark.parametrize("name", ["", ".", "..", "a\nb"])
def test_names_in_keywords_that_lead_elsewhere_send_nothing(bare, name):
    for call in (
        lambda: bare.create_instance_backup("web", name),
        lambda: bare.import_instance(io.BytesIO(b"x"), name=name),
        lambda: bare.import_instance(io.BytesIO(b"x"), pool=name),
    ):
        with pytest.raises(hyperkit.InvalidName):
            call()


def test_a_backup_of_another_instance_is_not_named(bare):
    for call in (
        lambda: bare.create_instance_backup("web", "db/one"),
        lambda: bare.rename_instance_backup("web", "one", "db/one"),
        lambda: bare.create_storage_bucket_backup("default", "photos", "files/one"),
        lambda: bare.rename_storage_bucket_backup("default", "photos", "one", "files/one"),
    ):
        with pytest.raises(hyperkit.InvalidName):
            call()


def test_names_are_quoted_whole(bare, double, greet):
    greet()
    double.expect("DELETE", f"{BACKUPS}/a%2Fb%3Fc%23d%25e", raw=started())
    bare.delete_instance_backup("web", "a/b?c#d%e", sync=False)


@pytest.mark.parametrize(
    ("arguments", "extension"),
    [
        ({"root_only": True}, "dependent"),
        ({"target": {}}, "backup_s3_upload"),
        ({"version": 1}, "backup_metadata_version"),
    ],
)
def test_what_the_server_cannot_do_is_refused(bare, greet, arguments, extension):
    greet()
    with pytest.raises(hyperkit.MissingExtension, match=extension):
        bare.create_instance_backup("web", **arguments)


def test_a_server_without_backups_is_not_asked(client, tmp_path):
    for call in (
        lambda: client.instance_backups("web"),
        lambda: client.export_instance("web", tmp_path / "a"),
        lambda: client.import_instance(io.BytesIO(b"x")),
    ):
        with pytest.raises(hyperkit.MissingExtension, match="container_backup"):
            call()


def test_an_export_leaves_no_backup_on_the_server(bare, double, greet, tmp_path):
    greet()
    temporary_backup(double, body={"instance_only": True})
    double.expect_wait()
    double.expect("GET", f"{BACKUPS}/{NAME}/export", raw=b"tarball")
    double.expect("DELETE", f"{BACKUPS}/{NAME}")
    told = []
    place = tmp_path / "web.tar"
    done = bare.export_instance(
        "web", place, instance_only=True, on_progress=lambda *one: told.append(one)
    )
    assert (done, place.read_bytes()) == (place, b"tarball")
    assert told[-1] == (7, None, "web")


def test_an_export_of_what_cannot_be_backed_up_leaves_nothing(bare, double, greet, tmp_path):
    greet()
    temporary_backup(double)
    failed = operation(400, "Failure", err="no space")
    for _ in range(2):
        double.expect_wait(failed)
    double.expect("DELETE", f"{BACKUPS}/{NAME}", status=404, raw=error(404, "not found"))
    with pytest.raises(hyperkit.OperationFailed, match="no space"):
        bare.export_instance("web", tmp_path / "a")
    assert os.listdir(tmp_path) == []


def test_an_export_that_is_interrupted_leaves_no_backup_on_the_server(
    bare, double, greet, tmp_path, monkeypatch
):
    greet()
    temporary_backup(double)
    double.expect("DELETE", f"{BACKUPS}/{NAME}")
    waits = iter([KeyboardInterrupt()])

    def wait(one):
        for interruption in waits:
            raise interruption
        return one

    monkeypatch.setattr(bare, "wait_for_operation", wait)
    with pytest.raises(KeyboardInterrupt):
        bare.export_instance("web", tmp_path / "a")


def test_an_export_of_what_is_not_there_removes_nothing(bare, double, greet, tmp_path):
    greet()
    made = {"name": NAME, "expires_at": EXPIRES}
    double.expect("POST", BACKUPS, status=404, raw=error(404, "not found"), body=made)
    with pytest.raises(hyperkit.NotFound):
        bare.export_instance("web", tmp_path / "a")


def test_an_export_by_stream_takes_nothing_but_a_stream(bare, double, greet):
    greet("direct_backup", server="incus")
    double.expect("POST", BACKUPS, raw=b"tarball", body={"compression_algorithm": "none"})
    dest = io.BytesIO()
    with pytest.raises(hyperkit.InvalidResponse, match="application/json"):
        bare.export_instance("web", dest, compression_algorithm="none")
    assert double.headers[-1]["Accept"] == "application/octet-stream"
    assert dest.getvalue() == b""


def server(extensions, seen, *, length):
    """Make a server whose downloads promise so many bytes, and give four."""

    def answer(handler):
        place = urlsplit(handler.path).path
        seen.append((handler.command, place))
        if place == "/1.0":
            return 200, {}, envelope(about(*extensions, server="incus"))
        if place.endswith("/export") or (
            handler.command == "POST"
            and handler.headers["Accept"] != "*/*"
            and "direct_backup" in extensions
        ):
            kind = {"Content-Type": "application/octet-stream", "Content-Length": str(length)}
            return 200, kind, b"half"
        if handler.command == "POST":
            return 202, {}, json.dumps(started()).encode()
        return 200, {}, envelope(operation())

    return answer


@pytest.mark.parametrize("extensions", [BASE, [*BASE, "direct_backup"]])
@pytest.mark.parametrize("length", [4, 1_000_000])
def test_an_export_is_whole_or_nothing(asking, tmp_path, extensions, length):
    seen = []
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "web.tar").write_text("before")
    with asking(server(extensions, seen, length=length)) as (client, _):
        if length == 4:
            client.export_instance("web", folder / "web.tar")
        else:
            with pytest.raises(hyperkit.ConnectionFailed):
                client.export_instance("web", folder / "web.tar")
    assert os.listdir(folder) == ["web.tar"]
    assert (folder / "web.tar").read_text() == ("half" if length == 4 else "before")
    streamed = "direct_backup" in extensions
    assert (("DELETE", f"{BACKUPS}/{NAME}") in seen) is not streamed


def test_a_download_that_breaks_leaves_no_file(asking, tmp_path):
    with (
        asking(server(BASE, [], length=1_000_000)) as (client, _),
        pytest.raises(hyperkit.ConnectionFailed),
    ):
        client.export_instance_backup("web", "monday", tmp_path / "web.tar")
    assert os.listdir(tmp_path) == ["unix.socket"]


def test_an_import_on_lxd_says_all_in_headers(bare, double, greet):
    greet("backup_override_name", "container_backup_override_pool", "import_instance_devices")
    double.expect("POST", "/1.0/instances", raw=started(), query={"target": "m1"}, body="tarball")
    bare.import_instance(
        io.BytesIO(b"tarball"),
        devices={"root": {"path": "/a b", "size": 5}, "eth 0": {"type": "none"}},
        name="web-2",
        pool="fast",
        target="m1",
        sync=False,
    )
    sent = double.headers[-1]
    assert (sent["X-LXD-name"], sent["X-LXD-pool"]) == ("web-2", "fast")
    assert sent["X-LXD-devices"] == "root=path%3D%252Fa%2Bb%26size%3D5&eth+0=type%3Dnone"
    assert sent["Content-Type"] == "application/octet-stream"


def test_an_import_on_incus_says_all_in_headers(bare, double, greet):
    greet("backup_override_name", "backup_override_config", server="incus")
    double.expect("POST", "/1.0/instances", raw=started(), body="tarball")
    bare.import_instance(
        io.BytesIO(b"tarball"),
        config={"limits.cpu": 2, "user.a": "b=c,d"},
        devices={"eth0": {"type": "nic", "nictype": "bridged"}},
        name="web-2",
        sync=False,
    )
    sent = double.headers[-1]
    assert sent["X-Incus-config"] == "limits.cpu=2 user.a=b=c,d"
    assert sent["X-Incus-devices"] == "eth0,type=nic eth0,nictype=bridged"


def test_import_of_configuration_on_lxd_is_not_possible(bare, greet):
    greet()
    with pytest.raises(hyperkit.MissingExtension, match="backup_override_config"):
        bare.import_instance(io.BytesIO(b"x"), config={"a": "b"})


@pytest.mark.parametrize(
    "arguments",
    [
        {"config": {"user.a": "two words"}},
        {"config": {"user.a=b": "c"}},
        {"config": {"user.ä": "c"}},
        {"devices": {"eth,0": {"type": "nic"}}},
        {"devices": {"eth0": {"path": "/a b"}}},
        {"devices": {"eth0": {"a=b": "c"}}},
        {"devices": {"eth0": {"path": "/ä"}}},
    ],
)
def test_what_the_header_of_incus_cannot_hold_sends_nothing(bare, greet, arguments):
    greet("backup_override_config", server="incus")
    with pytest.raises(hyperkit.ArgumentError, match="Incus cannot take"):
        bare.import_instance(io.BytesIO(b"x"), **arguments)


def test_a_device_without_properties_needs_no_word():
    assert _server.devices_in_words({"eth0": {}}) == ""


def test_import_of_a_file_that_is_missing_sends_nothing(bare, greet, tmp_path):
    greet()
    with pytest.raises(FileNotFoundError):
        bare.import_instance(tmp_path / "nothing")


def test_temporary_names_differ(monkeypatch):
    monkeypatch.undo()
    assert _backup.temporary()[0] != _backup.temporary()[0]
