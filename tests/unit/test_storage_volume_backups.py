"""Backups of storage volumes: what is asked for, and what is left when something breaks."""

import datetime as dt
import io
import json
import os

import pytest
from unit.double import about, greet, started
from unit.servers import envelope, refused

import hyperkit

VOLUMES = "/1.0/storage-pools/default/volumes"
DATA = f"{VOLUMES}/custom/data"
LATER = dt.datetime(2040, 1, 1, tzinfo=dt.UTC)


def test_a_backup_says_all_that_it_is_told(bare, double):
    greet(double, "custom_volume_backup", "backup_metadata_version")
    double.expect(
        "POST",
        f"{DATA}/backups",
        raw=started(),
        body={
            "name": "monday",
            "compression_algorithm": "none",
            "expires_at": "2040-01-01T00:00:00+00:00",
            "optimized_storage": False,
            "version": 1,
            "volume_only": True,
        },
        query={"target": "one"},
    )
    bare.create_storage_volume_backup(
        "default",
        "data",
        "monday",
        compression_algorithm="none",
        expires_at=LATER,
        optimized_storage=False,
        target="one",
        version=1,
        volume_only=True,
        sync=False,
    )


def test_a_backup_that_is_sent_elsewhere_has_no_name(bare, double):
    greet(double, "custom_volume_backup", "backup_s3_upload")
    with pytest.raises(hyperkit.ArgumentError, match="leave name or upload_to out"):
        bare.create_storage_volume_backup("default", "data", "monday", upload_to={})
    body = {"target": {"protocol": "s3"}}
    double.expect("POST", f"{DATA}/backups", raw=started(), body=body)
    bare.create_storage_volume_backup("default", "data", upload_to=body["target"], sync=False)


@pytest.mark.parametrize("server", ["lxd", "incus"])
@pytest.mark.parametrize(
    ("kind", "headers"),
    [
        ("backup", {"name": "b"}),
        ("iso", {"name": "b", "type": "iso"}),
        ("tar", {"name": "b", "type": "tar"}),
    ],
)
def test_an_import_says_name_and_kind_in_headers(bare, double, server, kind, headers):
    greet(
        double,
        "custom_volume_backup",
        "custom_volume_iso",
        "import_custom_volume_tar",
        "backup_override_name",
        server=server,
    )
    double.expect(
        "POST", f"{VOLUMES}/custom", raw=started(), body="bytes", query={"target": "one"}
    )
    bare.import_storage_volume(
        "default", io.BytesIO(b"bytes"), kind=kind, name="b", target="one", sync=False
    )
    prefix = {"lxd": "X-LXD-", "incus": "X-Incus-"}[server]
    sent = {key: one for key, one in double.headers[-1].items() if key.startswith("X-")}
    assert sent == {prefix + key: one for key, one in headers.items()}
    assert double.headers[-1]["Content-Type"] == "application/octet-stream"


def storing(*extensions, length=None, code=200):
    """Answer as a server that has a volume; ``length`` is what it promises to send."""
    asked = []

    def answer(handler):
        asked.append((handler.command, handler.path, handler.body))
        if handler.path == "/1.0":
            return 200, {}, envelope(about(*extensions))
        bytes_come = handler.path.endswith("/export") or (
            handler.command == "POST" and handler.headers["Accept"] == "application/octet-stream"
        )
        if bytes_come and code != 200:
            return code, {}, refused(code, "no such thing")
        if bytes_come:
            headers = {} if length is None else {"Content-Length": str(length)}
            return 200, {"Content-Type": "application/octet-stream", **headers}, b"backup"
        return 200, {}, envelope({})

    answer.asked = asked
    return answer


def asked(server):
    """What was asked, but for what the server is."""
    found = [(method, url.rpartition("/")[2][:9]) for method, url, _ in server.answer.asked]
    return [" ".join(one) for one in found if one != ("GET", "1.0")]


def test_an_export_is_made_fetched_and_removed(asking, tmp_path):
    with asking(storing("custom_volume_backup")) as (client, server):
        dest = client.export_storage_volume("default", "data", tmp_path / "b", volume_only=True)
        assert dest.read_bytes() == b"backup"
        assert asked(server) == ["POST backups", "GET export", "DELETE hyperkit-"]
        body = json.loads(server.answer.asked[1][2])
        left = dt.datetime.fromisoformat(body.pop("expires_at")) - dt.datetime.now(dt.UTC)
        assert dt.timedelta(hours=23) < left < dt.timedelta(hours=25)
        assert body == {"name": body["name"], "volume_only": True}


def test_an_export_comes_straight_where_the_server_can(asking):
    told = []
    with asking(storing("custom_volume_backup", "direct_backup")) as (client, server):
        memory = io.BytesIO()
        client.export_storage_volume(
            "default", "data", memory, on_progress=lambda *step: told.append(step)
        )
        assert memory.getvalue() == b"backup"
        assert told == [(6, 6, "data")]
        assert asked(server) == ["POST backups"]
        assert json.loads(server.answer.asked[1][2]) == {}


@pytest.mark.parametrize("direct", [[], ["direct_backup"]])
def test_an_export_that_breaks_leaves_no_file(asking, tmp_path, direct):
    answer = storing("custom_volume_backup", *direct, length=1_000_000)
    (tmp_path / "b").write_text("before")
    with asking(answer) as (client, server):
        with pytest.raises(hyperkit.ConnectionFailed):
            client.export_storage_volume("default", "data", tmp_path / "b")
        assert (tmp_path / "b").read_text() == "before"
        with pytest.raises(hyperkit.ConnectionFailed):
            client.export_storage_volume_backup("default", "data", "monday", tmp_path / "c")
        assert sorted(os.listdir(tmp_path)) == ["b", "unix.socket"]
        # What was made for the download does not stay on the server.
        assert ("DELETE hyperkit-" in asked(server)) is not bool(direct)


@pytest.mark.parametrize("direct", [[], ["direct_backup"]])
def test_an_export_that_is_refused_leaves_no_file(asking, tmp_path, direct):
    answer = storing("custom_volume_backup", *direct, code=404)
    with (
        asking(answer) as (client, _),
        pytest.raises(hyperkit.NotFound, match="no such thing"),
    ):
        client.export_storage_volume("default", "data", tmp_path / "b")
    assert os.listdir(tmp_path) == [] or os.listdir(tmp_path) == ["unix.socket"]
