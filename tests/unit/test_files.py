"""Files of instances: what no honest server does, and what is refused before it is sent."""

import io
import os
from urllib.parse import parse_qs, urlsplit

import pytest
from unit.double import about
from unit.servers import envelope

import hyperkit

LISTED = {"X-LXD-type": "directory", "X-LXD-mode": "0755", "Content-Type": "application/json"}
FILE = {"X-LXD-type": "file", "X-LXD-mode": "0640"}


def server(files):
    """Answer for a tree: a dict of paths to (headers, content)."""

    def answer(handler):
        parts = urlsplit(handler.path)
        if parts.path == "/1.0":
            return 200, {}, envelope(about("directory_manipulation", "file_delete"))
        place = parse_qs(parts.query).get("path", [""])[0]
        headers, content = files[place]
        return 200, dict(headers), content

    return answer


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "..", ".", "", "a/b", "nul\0"])
def test_a_listed_name_cannot_leave_the_folder(asking, tmp_path, name):
    files = {
        "/srv": (LISTED, envelope([name, "good"])),
        "/srv/good": (FILE, b"good"),
    }
    with (
        asking(server(files)) as (client, _),
        pytest.raises(ExceptionGroup) as caught,
    ):
        client.pull_directory("web", "/srv", tmp_path / "copy")
    [fault] = caught.value.exceptions
    assert isinstance(fault, hyperkit.InvalidResponse)
    assert sorted(os.listdir(tmp_path)) == ["copy", "unix.socket"]
    assert (tmp_path / "copy" / "good").read_bytes() == b"good"


def test_a_listed_link_is_never_written_through(asking, tmp_path):
    (tmp_path / "victim").write_text("untouched")
    turns = iter(
        [({"X-LXD-type": "symlink"}, os.fsencode(tmp_path / "victim")), (FILE, b"overwritten")]
    )
    files = {"/srv": (LISTED, envelope(["a", "a"]))}

    class Lying(dict):
        def __getitem__(self, place):
            return next(turns) if place == "/srv/a" else super().__getitem__(place)

    with (
        asking(server(Lying(files))) as (client, _),
        pytest.raises(ExceptionGroup),
    ):
        client.pull_directory("web", "/srv", tmp_path / "copy")
    assert (tmp_path / "victim").read_text() == "untouched"


def test_a_pull_that_breaks_leaves_nothing(asking, tmp_path):
    files = {
        "/large": ({**FILE, "Content-Length": "1000000"}, b"half"),
        "/srv": (LISTED, envelope(["large", "good"])),
        "/srv/large": ({**FILE, "Content-Length": "1000000"}, b"half"),
        "/srv/good": (FILE, b"good"),
    }
    dest = tmp_path / "dest"
    dest.write_text("before")
    with asking(server(files)) as (client, _):
        with pytest.raises(hyperkit.ConnectionFailed):
            client.pull_file("web", "/large", dest)
        with pytest.raises(hyperkit.ConnectionFailed):
            client.read_file("web", "/large")
        assert dest.read_text() == "before"
        with pytest.raises(ExceptionGroup):
            client.pull_directory("web", "/srv", tmp_path / "copy")
    assert os.listdir(tmp_path / "copy") == ["good"]
    assert sorted(os.listdir(tmp_path)) == ["copy", "dest", "unix.socket"]


def test_a_full_disk_leaves_nothing(asking):
    with (
        asking(server({"/a": (FILE, b"x" * 100_000)})) as (client, _),
        open("/dev/full", "wb", buffering=0) as full,
    ):
        with pytest.raises(OSError, match="No space left"):
            client.pull_file("web", "/a", full)
        assert client.read_file("web", "/a") == b"x" * 100_000


def test_bad_input_is_refused_before_any_request(asking, tmp_path):
    locked = io.StringIO()
    locked.close()
    with asking(server({})) as (client, listener):
        for call in (
            lambda: client.push_file(tmp_path / "missing", "web", "/a"),
            lambda: client.push_file(tmp_path, "web", "/a"),
            lambda: client.push_directory(tmp_path / "missing", "web", "/a"),
            lambda: client.write_file("web", "a", content=b""),
            lambda: client.write_file("web", "/a\0", content=b""),
            lambda: client.write_file("web", "/a", content=b"", mode=0o4755),
            lambda: client.write_file("web", "/a", content=b"", uid=-1),
            lambda: client.write_file("", "/a", content=b""),
            lambda: client.write_file("..", "/a", content=b""),
            lambda: client.write_file("web", "/a", content=7),
            lambda: client.read_file("web", "etc/motd"),
            lambda: client.export_image("abc", tmp_path / "missing"),
            lambda: client.export_image("abc", tmp_path, filename="../a"),
            lambda: client.create_image_from_file(tmp_path / "missing"),
            lambda: client.create_image_from_file(tmp_path),
        ):
            with pytest.raises((hyperkit.ArgumentError, OSError)):
                call()
        assert [one.path for one in listener.requests] == []


def test_a_source_that_fails_is_not_taken_for_the_server(asking):
    class Failing(io.BytesIO):
        def read(self, count=-1):
            raise OSError(5, "Input/output error")

    with (
        asking(server({})) as (client, _),
        pytest.raises(OSError, match="Input/output error") as caught,
    ):
        client.write_file("web", "/a", content=Failing(b"x"))
    assert not isinstance(caught.value, hyperkit.Error)


def test_an_unknown_length_is_sent_in_chunks(double, client):
    class Pipe:
        def __init__(self):
            self.blocks = [b"ab", "ü", b""]

        def read(self, count):
            return self.blocks.pop(0)

    double.expect("POST", "/1.0/instances/web/files", query={"path": "/a"}, body="abü")
    client.write_file("web", "/a", content=Pipe(), mode=0o600)
    [headers] = double.headers[1:]
    assert (headers["Transfer-Encoding"], headers["X-LXD-mode"]) == ("chunked", "0600")
    assert "Content-Length" not in headers
