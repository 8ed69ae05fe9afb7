"""The embedded server, as far as the conformance suite does not show it."""

import datetime as dt
import gc
import io
import logging
import os
import socket
import subprocess
import sys
import threading
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import requests
from unit.servers import key_pair

import hyperkit
from hyperkit._websocket import Websocket
from hyperkit.testing import FLAVOURS, Server
from hyperkit.testing._clock import Clock, later


@pytest.fixture(params=FLAVOURS)
def server(request):
    with Server(request.param) as server:
        yield server


@pytest.fixture
def client(server):
    return server.client()


def warned(caplog):
    """List what was logged and is more than somebody's noticing."""
    return [one for one in caplog.records if one.levelno >= logging.WARNING]


def test_what_flavours_are(server, client):
    found = client.server()
    kind, _, version = server.flavour.partition("-")
    assert found.environment.server_version.startswith(version)
    if version == "2.0":
        assert "api_extensions" not in found
        assert client.get("/1.0/containers").metadata == []
        with pytest.raises(hyperkit.NotFound):
            client.get("/1.0/instances")
    else:
        assert found.environment.server == kind
        assert len(found.api_extensions) > 300


def test_there_is_no_such_flavour():
    with pytest.raises(hyperkit.ArgumentError, match=r"lxd-5\.0"):
        Server("lxd-7")


@pytest.mark.parametrize("dialect", ["operation", "status", "body", "streamed", None])
def test_every_dialect_of_wait_ends_in_the_same(server, dialect):
    with Server(server.flavour, dialect=dialect) as own:
        client = own.client()
        client.create_container("web", empty=True)
        with pytest.raises(hyperkit.OperationFailed, match="instances") as caught:
            client.create_container("web", empty=True)
        assert caught.value.operation.status_code == 400


def test_what_it_cannot_do_it_says(client, server):
    if server.flavour == "lxd-2.0":
        return
    with pytest.raises(hyperkit.NotImplementedByServer, match="pool of the driver ceph"):
        client.create_storage_pool("far", driver="ceph")
    assert client.storage_pools() == ["default"]
    with pytest.raises(hyperkit.NotFound):
        client.get("/1.0/no-such-thing")
    with pytest.raises(hyperkit.NotImplementedByServer):
        client.post("/1.0/resources", {})


def test_the_clock_makes_it_forget(server, client):
    done = client.create_container("web", empty=True)
    assert client.operation(done).status == "Success"
    server.clock.advance(6)
    with pytest.raises(hyperkit.NotFound):
        client.operation(done)


def test_the_clock_ends_snapshots():
    with Server() as server, server.client() as client:
        client.create_container("web", empty=True)
        moment = server.clock.moment().replace(year=2050)
        client.create_snapshot("web", "one", expires_at=moment)
        assert client.snapshots("web") == ["one"]
        server.clock.advance(40 * 366 * 86400)
        assert client.snapshots("web") == []


@pytest.mark.parametrize(
    ("flavour", "key"),
    [("lxd-5.0", "snapshots.expiry"), ("incus-7", "snapshots.expiry.manual")],
)
def test_snapshots_end_when_the_configuration_says(flavour, key):
    with Server(flavour) as server, server.client() as client:
        client.create_profile("brief", config={key: "7d"})
        client.create_container("web", empty=True, profiles=["default", "brief"])
        client.create_storage_volume("default", "data", config={key: "1m 12H"})
        client.create_snapshot("web", "one")
        client.create_storage_volume_snapshot("default", "data", "one")
        server.clock.advance(6 * 86400)
        assert client.snapshots("web") == ["one"]
        server.clock.advance(2 * 86400)
        assert client.snapshots("web") == []
        assert client.storage_volume_snapshots("default", "data") == ["one"]
        server.clock.advance(24 * 86400)
        assert client.storage_volume_snapshots("default", "data") == []


def test_a_month_of_the_clock_is_one_of_the_calendar():
    clock = Clock()
    clock.advance(dt.datetime(2027, 12, 31, tzinfo=dt.UTC).timestamp() - clock.now())
    assert later(clock, "2m 1H").startswith("2028-03-02T01:00:00")


def test_what_was_asked(server, client):
    server.requests.clear()
    client.create_profile("new", config={"user.a": 1})
    [request] = [one for one in server.requests if one.method == "POST"]
    assert request.path == "/1.0/profiles"
    assert request.body["config"] == {"user.a": "1"}


def test_its_url_leads_to_it_wherever_it_is(tmp_path, monkeypatch):
    folder = tmp_path / "a%41 b"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    with Server() as server, hyperkit.Client(api_endpoint=server.url) as client:
        assert client.server().auth == "trusted"


def test_where_it_is_when_it_does_not_run():
    server = Server()
    for _ in range(2):
        with pytest.raises(RuntimeError, match="does not run"):
            _ = server.url
        with pytest.raises(RuntimeError, match="does not run"):
            server.client()
        with server:
            assert Path(server.socket).is_socket()


def test_commands_of_ones_own():
    seen = []

    def greet(command):
        seen.append((command.instance, command.cwd, command.env["WORD"], command.user))
        command.stderr.write("careful\n")
        for line in command:
            command.stdout.write(b"> " + line)
        return 3

    with Server() as server, server.client() as client:
        server.add_command("greet", greet)
        server.add_command("version", lambda command: "1.2\n")
        client.launch_instance("web", alias="busybox")
        done = client.run(
            "web", "greet", input=b"a\nb\n", env={"WORD": "x"}, cwd="/tmp", capture_output=True
        )
        assert (done.returncode, done.stdout, done.stderr) == (3, b"> a\n> b\n", b"careful\n")
        assert seen == [("web", "/tmp", "x", 0)]
        piped = client.run("web", ["sh", "-c", "version | wc -l"], capture_output=True)
        assert piped.stdout == b"1\n"


@pytest.mark.parametrize(
    ("given", "code", "stderr"),
    [(3, 3, b""), (None, 0, b""), ("no such thing", 1, b"no such thing\n")],
)
def test_commands_may_exit_as_programs_do(given, code, stderr):
    with Server() as server, server.client() as client:
        server.add_command("leave", lambda command: sys.exit(given))
        client.launch_instance("web", alias="busybox")
        done = client.run("web", "leave", capture_output=True)
        assert (done.returncode, done.stderr) == (code, stderr)


def crash(command):
    assert command.args == ["crash", "well"]


def test_what_commands_raise_is_raised_when_the_server_stops():
    server = Server()
    server.add_command("crash", crash)
    server.start()
    client = server.client()
    client.launch_instance("web", alias="busybox")
    crashed = client.run("web", ["sh", "-c", "crash 2>&1 | cat; crash"], capture_output=True)
    assert (crashed.returncode, b"AssertionError" in crashed.stderr) == (1, True)
    with pytest.raises(ExceptionGroup) as both:
        server.stop()
    assert [type(one) for one in both.value.exceptions] == [AssertionError, AssertionError]
    server.stop()
    with pytest.raises(AssertionError) as caught, server:
        server.client().run("web", ["crash"])
    assert "the command 'crash'" in caught.value.__notes__[0]
    with pytest.raises(KeyError) as found, server:
        server.client().run("web", ["crash"])
        raise KeyError
    assert "AssertionError" in found.value.__notes__[0]


def test_websockets_are_closed_when_their_operation_has_failed(server, client):
    if server.flavour == "lxd-2.0":
        return
    client.launch_instance("web", alias="busybox")
    server.faults.fail("no room", operation="Executing command")
    body = {"command": ["true"], "wait-for-websocket": True}
    operation = client._post("/1.0/instances/web/exec", body)
    where = f"/1.0/operations/{operation.id}/websocket?secret="
    for secret in operation.metadata.fds.values():
        websocket = Websocket(client, where + secret)
        with pytest.raises(EOFError):
            websocket.receive(5)
        websocket.drop()


@pytest.mark.parametrize("flavour", ["lxd-5.0", "incus-7"])
def test_what_is_stopped_before_the_websockets_come_runs_nothing(flavour):
    with Server(flavour) as server, server.client(timeout=5) as client:
        client.launch_instance("web", alias="busybox")
        operation = client._post("/1.0/instances/web/console", {"type": "console"})
        client.stop_instance("web", force=True)
        where = f"/1.0/operations/{operation.id}/websocket?secret="
        sockets = [
            Websocket(client, f"{where}{secret}") for secret in operation.metadata.fds.values()
        ]
        # The mark of the end, and no prompt.
        assert sockets[0].receive(5) == ""
        for websocket in sockets:
            websocket.drop()


def test_a_token_is_issued_and_redeemed(tmp_path):
    certificate, key = key_pair(tmp_path, "newcomer")
    for flavour, field in (("lxd-5.0", "password"), ("incus-6.0", "trust_token")):
        with Server(flavour, tls=True) as server:
            newcomer = server.client(client_cert=certificate, client_key=key)
            assert newcomer.server().auth == "untrusted"
            newcomer.create_certificate(**{field: server.token("newcomer")})
            assert newcomer.server().auth == "trusted"


def test_it_starts_stops_and_starts_again():
    server = Server()
    assert repr(server) == "<Server: incus-6.0>"
    with pytest.raises(RuntimeError, match="start"):
        server.restart()
    for _ in range(2):
        with server:
            assert server.client().instances() == []
            server.start()
    server.stop()


@pytest.mark.parametrize("tls", [False, True])
def test_who_connects_as_it_stops_leaves_no_socket_open(tls, caplog):
    server = Server(tls=tls)
    with socket.socket(socket.AF_INET if tls else socket.AF_UNIX) as late:
        with server:
            port = server.url.rpartition(":")[2]
            late.connect(("127.0.0.1", int(port)) if tls else server.socket)
        gc.collect()  # a socket that was left is a warning now, and an error in these tests
        assert late.recv(1) == b""
    assert warned(caplog) == []


def test_two_at_once_are_two():
    with Server() as one, Server() as other:
        one.client().create_container("web", empty=True)
        assert other.client().instances() == []


def test_projects_have_their_own():
    with Server() as server, server.client() as client:
        client.post("/1.0/projects", {"name": "blue"})
        blue = server.client(default_project="blue")
        assert blue.images() == []
        assert blue.profiles() == ["default"]
        client.create_container("web", empty=True)
        assert blue.instances() == []
        [entry] = client.get("/1.0/instances?all-projects=true&recursion=1").metadata
        assert entry.project == "default"


def test_images_of_squashfs_have_the_files_of_the_built_in_one():
    import tarfile

    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        entry = tarfile.TarInfo("metadata.yaml")
        text = b"architecture: x86_64\ncreation_date: 1\nproperties: {os: real}\n"
        entry.size = len(text)
        tar.addfile(entry, io.BytesIO(text))
    with Server() as server, server.client() as client:
        client.create_image_from_file(
            io.BytesIO(packed.getvalue()),
            rootfs=io.BytesIO(b"hsqs" + bytes(100)),
            aliases=["real"],
        )
        client.launch_instance("web", alias="real")
        assert client.run("web", "true").returncode == 0


@pytest.mark.parametrize(
    ("sent", "kept"), [("a–b.tar", "a–b.tar"), (b"\xdcbung.tar", "\ufffdbung.tar")]
)
def test_an_image_is_named_in_utf8(tmp_path, sent, kept):
    with Server() as server, server.client() as client:
        fingerprint = client.image_alias("busybox").target
        file = client.export_image(fingerprint, tmp_path, filename="export")
        client.delete_image(fingerprint)

        def name(request):
            if isinstance(sent, bytes) and request.method == "POST":
                request.headers["X-Incus-filename"] = sent
            return request

        client.session = requests.Session()
        client.session.auth = name
        client.create_image_from_file(file, filename=sent if isinstance(sent, str) else "x")
        assert client.image(fingerprint).filename == kept


def test_an_image_of_its_own_stands_for_another_servers():
    with Server() as server, server.client() as client:
        there = {"server": "https://images.example.net", "protocol": "simplestreams"}
        with pytest.raises(hyperkit.NotImplementedByServer, match="'debian/12' if it has that"):
            client.launch_instance("web", alias="debian/12", **there)
        client.create_image_alias(client.image_alias("busybox").target, "debian/12")
        client.launch_instance("web", alias="debian/12", **there)
        assert client.run("web", "true").returncode == 0


def test_an_alias_that_is_taken_stays_where_it_is():
    with Server() as server, server.client() as client:
        before = client.image_alias("busybox").target
        client.create_container("web", alias="busybox")
        with pytest.raises(hyperkit.OperationFailed, match="Alias already exists: busybox"):
            client.create_image_from_container("web", aliases=["busybox"])
        assert client.image_alias("busybox").target == before
        assert len(client.images()) == 2


def test_importing_hyperkit_imports_none_of_it():
    code = "import hyperkit, sys; assert not {'aiohttp', 'hyperkit.testing'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


PLUGGED = """
import os

import hyperkit
import pytest

def test_module(hyperkit_server):
    hyperkit.launch_instance("web", alias="busybox")
    assert hyperkit.instances() == ["web"]

def test_client(hyperkit_client, hyperkit_flavour):
    assert hyperkit_client.instances() == []
    assert hyperkit_flavour == "lxd-5.0"

@pytest.mark.parametrize("hyperkit_flavour", ["lxd-6"])
def test_flavour(hyperkit_server):
    assert hyperkit_server.flavour == "lxd-6"

def test_programs(hyperkit_server):
    assert os.environ["HYPERKIT_API_ENDPOINT"] == hyperkit_server.url

def test_a_fault_that_strikes_nobody(hyperkit_server):
    hyperkit_server.faults.unavailable(path="/1.0/networks")

def test_a_command_that_fails(hyperkit_server):
    hyperkit_server.add_command("crash", lambda command: 1 // 0)
    hyperkit.launch_instance("web", alias="busybox")
    hyperkit.run("web", "crash")

def test_restored():
    assert hyperkit.api_endpoint == "unix:///mine"
    assert "HYPERKIT_API_ENDPOINT" not in os.environ
"""


def test_the_plugin(tmp_path):
    (tmp_path / "test_plugged.py").write_text(PLUGGED)
    (tmp_path / "conftest.py").write_text(
        "import hyperkit\nhyperkit.api_endpoint='unix:///mine'\n"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\nhyperkit_flavour = lxd-5.0\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    if "hyperkit" not in entry_points(group="pytest11").names:
        command += ["-p", "hyperkit._pytest"]  # not installed, or not since there is a plugin
    plugged = subprocess.run(
        [*command, str(tmp_path)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(hyperkit.__file__).parent.parent)},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert "7 passed, 1 warning, 1 error" in plugged.stdout, plugged.stdout
    assert "struck nobody:\n  error (503" in plugged.stdout
    assert "ZeroDivisionError" in plugged.stdout


def test_a_command_that_is_left_alone_leaves_nothing(caplog):
    with Server() as server, server.client() as client:
        client.launch_instance("web", alias="busybox")
        process = client.popen("web", ["cat"])
        server.restart()
        process.close()
    gc.collect()
    assert warned(caplog) == []


def test_the_keys_that_are_described_are_taken():
    for flavour in ("lxd-6", "incus-6.0"):
        with Server(flavour) as server, server.client() as client:
            found = client.metadata_configuration()
            keys = {
                kind: [name for group in groups.values() for key in group["keys"] for name in key]
                for kind, groups in found.configs.items()
            }
            client.create_profile("web", config=dict.fromkeys(keys["instance"], "1"))
            client.create_project("blue", config=dict.fromkeys(keys["project"], "1"))
            client.patch_server(dict.fromkeys(keys["server"], ""))
            assert ("entities" in found) == (flavour == "lxd-6")


def test_a_port_in_an_instance():
    with (
        Server("incus-7") as server,
        server.client() as client,
        socket.create_server(("127.0.0.1", 0)) as listener,
    ):
        client.launch_instance("web", alias="busybox")
        server.add_port("web", 80, local=listener.getsockname()[1])

        def echo():
            with listener.accept()[0] as accepted:
                accepted.sendall(accepted.recv(5)[::-1])

        thread = threading.Thread(target=echo)
        thread.start()
        with client.connect_instance_port("web", 80) as connection:
            connection.settimeout(10)
            connection.sendall(b"hello")
            assert connection.recv(5) == b"olleh"
            assert connection.recv(1) == b""
        thread.join()
        with pytest.raises(hyperkit.InternalServerError, match="connection refused"):
            client.connect_instance_port("web", 81)
