"""The embedded server, as far as the conformance suite does not show it."""

import gc
import io
import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from unit.servers import key_pair

import hyperkit
from hyperkit import __main__ as program
from hyperkit._websocket import Websocket
from hyperkit.testing import FLAVOURS, Server


@pytest.fixture(params=FLAVOURS)
def server(request):
    with Server(request.param) as server:
        yield server


@pytest.fixture
def client(server):
    return server.client()


def test_a_life_on_every_flavour(server, client):
    client.create_container("web", alias="busybox")
    client.start_container("web")
    assert client.container_state("web").status == "Running"
    client.write_file("web", "/root/a", content="x")
    assert client.read_file("web", "/root/a") == b"x"
    client.create_snapshot("web", "one")
    assert client.snapshots("web") == ["one"]
    client.stop_container("web", force=True)
    client.delete_container("web")
    assert client.containers() == []


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


def test_changes_are_operations_where_the_server_has_it_so():
    with Server("lxd-6") as server, Server("incus-6.0") as other:
        pool = {"name": "fast", "driver": "dir"}
        assert server.client().post("/1.0/storage-pools", pool).type == "async"
        assert other.client().post("/1.0/storage-pools", pool).type == "sync"


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


def test_what_was_asked(server, client):
    server.requests.clear()
    client.create_profile("new", config={"user.a": 1})
    [request] = [one for one in server.requests if one.method == "POST"]
    assert request.path == "/1.0/profiles"
    assert request.body["config"] == {"user.a": "1"}


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
        server.add_command("/usr/bin/crash", lambda command: 1 // 0)
        client.launch_instance("web", alias="busybox")
        done = client.run(
            "web", "greet", input=b"a\nb\n", env={"WORD": "x"}, cwd="/tmp", capture_output=True
        )
        assert (done.returncode, done.stdout, done.stderr) == (3, b"> a\n> b\n", b"careful\n")
        assert seen == [("web", "/tmp", "x", 0)]
        piped = client.run("web", ["sh", "-c", "version | wc -l"], capture_output=True)
        assert piped.stdout == b"1\n"
        crashed = client.run("web", "/usr/bin/crash", capture_output=True)
        assert crashed.returncode == 1
        assert b"ZeroDivisionError" in crashed.stderr


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


def test_the_demo(capsys):
    assert program.main(["demo", "--server", "embedded"]) == 0
    shown = capsys.readouterr().out
    for words in ("create_container", "stdout='demo-", "b'welcome\\n'", "5/5", "instance-deleted"):
        assert words in shown


def test_the_demo_on_a_server_that_is_named(capsys):
    with Server("lxd-5.0") as server:
        assert program.main(["demo", "--server", server.url, "--image", "busybox"]) == 0
        assert server.client().instances() == []
    assert "It is lxd 5.0.2" in capsys.readouterr().out
    assert program.main(["demo", "--server", "unix:///nowhere"]) == 1
    assert "no socket" in capsys.readouterr().err


def test_the_demo_takes_the_server_that_the_environment_names(capsys, monkeypatch):
    with Server("lxd-5.0") as server:
        monkeypatch.setenv("HYPERKIT_API_ENDPOINT", server.url)
        hyperkit.reset()
        assert program.main(["demo"]) == 0
        told = capsys.readouterr().out
        assert told.startswith(f"# The server at {server.socket} is used.\n# It is lxd 5.0.2.")
        assert server.client().instances() == []


def test_the_demo_undoes_what_it_did(capsys):
    with Server() as server:
        server.faults.fail("no", operation="Restoring *")
        assert program.main(["demo", "--server", server.url]) == 1
        assert server.client().instances() == []


def test_importing_hyperkit_imports_none_of_it():
    code = "import hyperkit, sys; assert not {'aiohttp', 'hyperkit.testing'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


PLUGGED = """
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

def test_restored():
    assert hyperkit.api_endpoint == "unix:///mine"
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
    assert "4 passed" in plugged.stdout, plugged.stdout


def test_a_command_that_is_left_alone_leaves_nothing(caplog):
    with Server() as server, server.client() as client:
        client.launch_instance("web", alias="busybox")
        process = client.popen("web", ["cat"])
        server.restart()
        process.close()
    gc.collect()
    assert caplog.records == []


def test_a_reader_of_the_demo_who_has_seen_enough():
    command = f"{sys.executable} -m hyperkit demo --server embedded | head -n 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert (len(done.stdout.splitlines()), done.stderr) == (1, "")
