"""Files of instances: what no honest server does, and what is refused before it is sent."""

import io
import os
from pathlib import Path, PurePosixPath, PureWindowsPath
from urllib.parse import parse_qs, urlsplit

import pytest
from unit.double import about, error
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


@pytest.mark.parametrize("listing", [5, "abc", {"a": 1}, [["a"]]])
def test_what_is_no_list_of_names_is_refused(asking, listing):
    files = {"/srv": (LISTED, envelope(listing))}
    with asking(server(files)) as (client, _), pytest.raises(hyperkit.InvalidResponse):
        client.list_directory("web", "/srv")


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
            lambda: client.write_file("web", "/a", content=b"", mode="0644"),
            lambda: client.write_file("web", "/a", content=b"", mode=True),
            lambda: client.write_file("web", "/a", content=b"", uid=-1),
            lambda: client.write_file("web", "/a", content=b"", uid="root"),
            lambda: client.write_file("web", "/a", content=b"", gid=1.5),
            lambda: client.push_file(b"/etc/hosts", "web", "/a"),
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


@pytest.mark.parametrize(
    ("arguments", "said"),
    [({"mode": "0644"}, "0o644, not '0644'"), ({"uid": "root"}, "uid must be .*id -u root")],
)
def test_text_in_the_place_of_a_number_is_told(bare, arguments, said):
    with pytest.raises(hyperkit.ArgumentError, match=said):
        bare.make_directory("web", "/srv", **arguments)


def test_a_path_in_an_instance_may_be_an_object(met, double):
    client = met("file_symlinks")
    double.expect("GET", "/1.0/instances/web/files", raw=b"x", query={"path": "/etc/motd"})
    assert client.read_file("web", PurePosixPath("/etc/motd")) == b"x"
    double.expect("POST", "/1.0/instances/web/files", query={"path": "/b"}, body="../a")
    client.make_symlink("web", PurePosixPath("../a"), PurePosixPath("/b"))
    with pytest.raises(hyperkit.ArgumentError, match="not an absolute path"):
        client.read_file("web", PureWindowsPath("/etc/motd"))


@pytest.mark.parametrize(
    ("arguments", "missing"),
    [({}, "folder /srv in instance web"), ({"append": True}, "/srv/a in")],
)
def test_a_write_says_what_is_missing(met, double, arguments, missing):
    client = met("file_append")
    double.expect(
        "POST",
        "/1.0/instances/web/files",
        query={"path": "/srv/a"},
        body="x",
        status=404,
        raw=error(404, "Not Found"),
    )
    with pytest.raises(hyperkit.NotFound, match=f"there is no {missing}") as caught:
        client.write_file("web", "/srv/a", content="x", **arguments)
    assert caught.value.method == "POST"


def test_a_write_leaves_the_servers_words_where_they_say_more(client, double):
    answer = {"status": 404, "raw": error(404, "Instance not found")}
    double.expect("POST", "/1.0/instances/web/files", query={"path": "/a"}, body="x", **answer)
    with pytest.raises(hyperkit.NotFound, match="Instance not found"):
        client.write_file("web", "/a", content="x")


@pytest.mark.parametrize("name", ["..", "a/b", ""])
def test_nothing_is_deleted_that_a_server_makes_up(met, double, name):
    client = met("file_delete", "directory_manipulation")
    full = {"status": 500, "raw": error(500, "directory not empty")}
    double.expect("DELETE", "/1.0/instances/web/files", query={"path": "/srv"}, **full)
    for _ in range(2):  # what it is, and what is in it
        double.expect("GET", "/1.0/instances/web/files", [name], query={"path": "/srv"})
    double.kind = "directory"
    with pytest.raises(hyperkit.InvalidResponse, match="lead out of the folder"):
        client.delete_file("web", "/srv", force=True)


def test_a_file_that_cannot_be_deleted_is_no_folder(met, double):
    client = met("file_delete")
    refused = {"status": 500, "raw": error(500, "operation not permitted")}
    double.expect("DELETE", "/1.0/instances/web/files", query={"path": "/a"}, **refused)
    double.expect("GET", "/1.0/instances/web/files", raw=b"x", query={"path": "/a"})
    with pytest.raises(hyperkit.InternalServerError, match="not permitted"):
        client.delete_file("web", "/a", force=True)


def test_a_tree_without_end_is_not_deleted(met, double):
    client = met("file_delete", "directory_manipulation")
    double.kind = "directory"
    full = {"status": 500, "raw": error(500, "directory not empty")}
    path = "/srv"
    for depth in range(202):
        double.expect("DELETE", "/1.0/instances/web/files", query={"path": path}, **full)
        for _ in range(1 if depth == 201 else 2):
            double.expect("GET", "/1.0/instances/web/files", ["a"], query={"path": path})
        path += "/a"
    with pytest.raises(hyperkit.InvalidResponse, match="folders deep"):
        client.delete_file("web", "/srv", force=True)


def test_who_may_not_delete_a_full_folder_learns_how(met, double):
    client = met("file_delete")
    full = {"status": 500, "raw": error(500, "directory not empty")}
    double.expect("DELETE", "/1.0/instances/web/files", query={"path": "/srv"}, **full)
    with pytest.raises(hyperkit.InternalServerError) as caught:
        client.delete_file("web", "/srv")
    assert caught.value.__notes__ == ["force=True deletes a folder with all that is in it."]


def test_a_listed_link_is_never_merged_through(asking, tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "victim").write_text("untouched")
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "folder").symlink_to(tmp_path / "outside")
    (copy / "file").symlink_to(tmp_path / "victim")
    files = {
        "/srv": (LISTED, envelope(["file", "folder"])),
        "/srv/file": (FILE, b"new"),
        "/srv/folder": (LISTED, envelope(["evil"])),
    }
    with asking(server(files)) as (client, _), pytest.raises(ExceptionGroup) as caught:
        client.pull_directory("web", "/srv", copy, merge=True)
    [fault] = caught.value.exceptions
    assert isinstance(fault, FileExistsError)
    assert (copy / "file").read_text() == "new"
    assert not (copy / "file").is_symlink()
    assert (tmp_path / "victim").read_text() == "untouched"
    assert os.listdir(tmp_path / "outside") == []


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


@pytest.fixture
def web(server):
    """A client of an embedded server, which has a container "web"."""
    with server.client(timeout=5) as client:
        client.create_container("web", alias="busybox")
        server.requests.clear()
        yield client


def test_what_a_file_grows_by_is_no_request(server, web):
    class Growing(io.BytesIO):
        def read(self, count=-1):
            block = super().read(count)
            here = self.tell()
            self.seek(0, os.SEEK_END)
            self.write(b"DELETE /1.0/profiles/precious HTTP/1.1\r\n\r\n")
            self.seek(here)
            return block

    web.write_file("web", "/log", content=Growing(b"log\n"))
    assert web.profiles() == ["default"]
    assert [one.method for one in server.requests] == ["POST", "GET"]


def test_a_file_that_ends_too_early_is_to_blame(web):
    class Short(io.BytesIO):
        def seek(self, place, whence=0):
            return super().seek(place, whence) + (10 if whence == os.SEEK_END else 0)

    with pytest.raises(hyperkit.ArgumentError, match="10 bytes too early"):
        web.write_file("web", "/log", content=Short(b"log\n"))
    assert web.profiles() == ["default"]


@pytest.mark.parametrize("source", ["/proc/version", "/proc/sys/kernel/ostype"])
@pytest.mark.skipif(not os.path.exists("/proc/version"), reason="Linux has such files")
def test_a_file_without_a_size_is_sent_whole(web, source):
    web.push_file(source, "web", "/copy", mode=0o600)
    with open(source, "rb") as file:
        assert web.read_file("web", "/copy") == file.read()


def test_text_that_is_none_in_utf_8_is_not_taken_for_the_server(web):
    with pytest.raises(UnicodeEncodeError):
        web.write_file("web", "/log", content=io.StringIO("a\ud800b"))


def test_a_file_is_no_more_readable_while_it_comes(web, tmp_path):
    web.write_file("web", "/secret", content=b"secret", mode=0o640)
    modes = set()

    def look(*_):
        modes.update(one.stat().st_mode & 0o777 for one in tmp_path.iterdir())

    web.pull_file("web", "/secret", tmp_path / "secret", on_progress=look)
    assert modes == {0o600}
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o640


def test_a_file_may_have_the_longest_of_names(web, tmp_path):
    web.write_file("web", "/file", content=b"new")
    dest = tmp_path / ("\N{CYRILLIC SMALL LETTER ZHE}" * 127)
    web.pull_file("web", "/file", dest)
    assert dest.read_bytes() == b"new"


def test_a_folder_that_cannot_be_listed_does_not_keep_the_rest(web, tmp_path, monkeypatch):
    (tmp_path / "locked").mkdir()
    (tmp_path / "open").mkdir()
    (tmp_path / "open" / "file").write_bytes(b"content")
    listed = Path.iterdir

    def iterdir(folder):
        if folder.name == "locked":
            raise PermissionError(13, "Permission denied", str(folder))
        return listed(folder)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    with pytest.raises(ExceptionGroup) as caught:
        web.push_directory(tmp_path, "web", "/copy")
    [fault] = caught.value.exceptions
    assert isinstance(fault, PermissionError)
    assert web.list_directory("web", "/copy") == ["locked", "open"]
    assert web.read_file("web", "/copy/open/file") == b"content"
