"""One suite, several servers: recordings and the embedded one, a live LXD or Incus on demand."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests
from conformance import reached
from conformance.embedded import FLAVOURS, Embedded, why_not
from conformance.left_behind import POOL, remove_instances, sweep
from conformance.recording import FOLDER, Recorder, Replayer
from faults.secrets import Watch
from faults.table import fault_is_recorded  # noqa: F401 - a fixture
from unit.servers import key_pair

import hyperkit
from hyperkit import _transport

LAB = Path(__file__).parent.parent / "lab"
SERVERS = {"lxd": "lxd-5.0.2", "incus": "incus-6.0.4", "incus7": "incus-7"}
COLUMNS = {
    "lxd": "LXD 5.0.2",
    "incus": "Incus 6.0.4",
    "incus7": "Incus 7",
    None: "replayed",
}
CLUSTERS = {"lxd": "cluster", "incus": "incus-cluster", "incus7": "incus7-cluster"}
SOCKET_BASE = "http://unix.socket"


def pytest_addoption(parser):
    parser.addoption("--live", choices=SERVERS, help="run on a real server")
    parser.addoption("--record", choices=SERVERS, help="run on a real server, and record")
    parser.addoption(
        "--embedded", choices=[*FLAVOURS, "all"], help="run on the embedded server only"
    )


def is_embedded(item):
    parameters = getattr(item, "callspec", None) and item.callspec.params
    return bool(parameters) and (
        parameters.get("mode", ("", ""))[1] == "embedded" or "lab" in parameters
    )


def pytest_runtest_setup(item):
    reached.REACHED.listening = not is_embedded(item)
    if is_embedded(item):
        if reason := why_not(item):
            pytest.skip(reason)
    elif item.get_closest_marker("live_only") and not item.config.getoption("--live"):
        pytest.skip("needs a real server")


def pytest_sessionfinish(session):
    if not session.config.getoption("--record"):
        reached.finish(session, COLUMNS[session.config.getoption("--live")])


@pytest.fixture(autouse=True, scope="session")
def endpoints_are_noted():
    with pytest.MonkeyPatch.context() as monkeypatch:
        reached.REACHED.watch(monkeypatch)
        yield


def pytest_generate_tests(metafunc):
    names = [name for name in ("mode", "lab") if name in metafunc.fixturenames]
    config = metafunc.config
    live, record = config.getoption("--live"), config.getoption("--record")
    if not names or (names == ["lab"] and (live or record)):
        return
    chosen = config.getoption("--embedded") or "all"
    embedded = [(server, "embedded") for server in FLAVOURS if chosen in {"all", server}]
    if live:
        modes = [(live, "socket"), (live, "https")]
    elif record:
        modes = [(record, "record")]
    elif "lab" in names:
        # Both servers may be asked for: each test says which one it means.
        values = [(mode, mode[0])[-len(names) :] for mode in embedded]
        ids = ["-".join(mode) for mode in embedded]
        metafunc.parametrize(names, values, ids=ids, indirect=["lab"])
        return
    else:
        replayed = [
            (server, "replay") for server in SERVERS if (FOLDER / SERVERS[server]).exists()
        ]
        marks = [mark.name for mark in metafunc.definition.iter_markers()]
        with_records = not config.getoption("--embedded") and "live_only" not in marks
        modes = [*(replayed if with_records else []), *embedded]
    metafunc.parametrize("mode", modes, ids="-".join, scope="function")


@pytest.fixture(autouse=True, scope="session")
def no_secret_is_logged():
    """All that is logged in a run is searched for every secret that came by in it."""
    watch = Watch()
    with pytest.MonkeyPatch.context() as monkeypatch:
        watch.start(monkeypatch)
        yield
    watch.stop()
    assert watch.betrayed() == []


@pytest.fixture(scope="session")
def embedded_servers(tmp_path_factory):
    """Embedded servers, by their kind; they are started when they are asked for."""
    started = {}

    def of(kind):
        if kind not in started:
            started[kind] = Embedded(kind.partition("-")[0], tmp_path_factory.mktemp(kind))
        return started[kind].lab

    yield of
    for one in started.values():
        one.server.stop()


def lab_of(request, mode):
    """Find the description of the server that a test runs on."""
    if mode[1] == "embedded":
        return request.getfixturevalue("embedded_servers")(mode[0])
    return request.getfixturevalue("lab")


@pytest.fixture(scope="session")
def lab(request):
    """The description of a server, brought up for the session."""
    if hasattr(request, "param"):
        return request.getfixturevalue("embedded_servers")(request.param)
    kind = request.config.getoption("--live") or request.config.getoption("--record")
    done = subprocess.run(
        [sys.executable, LAB, "up", kind], stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout)


@pytest.fixture(scope="session")
def second_lab(lab, request):
    """The description of a second server of the same kind, for the session."""
    if "embedded" in lab:
        yield request.getfixturevalue("embedded_servers")(f"{lab['kind']}-2")
        return
    up = [sys.executable, LAB, "up", lab["kind"], "--name", f"{lab['name']}-2"]
    done = subprocess.run(up, stdout=subprocess.PIPE, text=True, check=True)
    yield json.loads(done.stdout)
    subprocess.run([sys.executable, LAB, "down", f"{lab['name']}-2"], check=True)


@pytest.fixture
def other(second_lab, name):
    """A client of the second server, where the test's instance is gone before and after."""
    with hyperkit.Client(api_endpoint=f"unix://{second_lab['socket']}") as client:
        remove_instances(client, name)
        yield client
        remove_instances(client, name)


@pytest.fixture(scope="session")
def cluster(lab):
    """The descriptions of three servers that are one cluster, for the session."""
    up = [sys.executable, LAB, "up", CLUSTERS[lab["kind"]], "--name", "hk-cluster"]
    done = subprocess.run(up, stdout=subprocess.PIPE, text=True, check=True)
    yield json.loads(done.stdout)["members"]
    subprocess.run([sys.executable, LAB, "down", "hk-cluster"], check=True)


@pytest.fixture
def first(cluster):
    """A client of the cluster's first member, where the test's instances are gone afterwards."""
    with hyperkit.Client(api_endpoint=f"unix://{cluster[0]['socket']}") as client:
        yield client
        remove_instances(client, "hk-")


@pytest.fixture
def alone(lab, request):
    """The description of a server that is the test's own."""
    if "embedded" in lab:
        yield request.getfixturevalue("embedded_servers")(f"{lab['kind']}-alone")
        return
    up = [sys.executable, LAB, "up", lab["kind"], "--name", "hk-alone"]
    done = subprocess.run(up, stdout=subprocess.PIPE, text=True, check=True)
    yield json.loads(done.stdout)
    subprocess.run([sys.executable, LAB, "down", "hk-alone"], check=True)


@pytest.fixture
def kind(mode):
    """Which server: "lxd" or "incus"."""
    return mode[0].rstrip("7")


@pytest.fixture
def older(mode):
    """One of the two servers that lack what a test looks for in vain."""
    if mode[0] == "incus7":
        pytest.skip("Incus 7 has it")


@pytest.fixture
def newest(mode):
    """The one server that has what a test is about."""
    if mode[0] != "incus7":
        pytest.skip("only Incus 7 has it")


@pytest.fixture
def connect(mode, request):
    """Make clients of the server that the test is to run on."""
    server, how = mode
    test = f"{request.node.path.stem}.{request.node.originalname}"
    recording = FOLDER / SERVERS[server] / f"{test}.json"
    if how == "replay":
        adapter = Replayer(recording)
        yield lambda **options: over(adapter, "unix:///recorded", options)
        adapter.check_end()
        return
    lab = lab_of(request, mode)
    if how == "record":
        endpoint = f"unix://{lab['socket']}"
        adapter = Recorder(_transport.adapter_for(hyperkit.Client(api_endpoint=endpoint)))
        yield lambda **options: over(adapter, endpoint, options)
        adapter.save(recording)
        adapter.close()
        return
    made = []

    def live(**options):
        where = (
            {"api_endpoint": f"unix://{lab['socket']}"}
            if how != "https" and not options.get("api_endpoint", "").startswith("https:")
            else {
                "api_endpoint": lab["https_url"],
                "client_cert": lab["client_certificate"],
                "client_key": lab["client_key"],
                "server_cert": lab["server_certificate"],
            }
        )
        made.append(hyperkit.Client(**(where | options)))
        return made[-1]

    yield live
    for client in made:
        client.close()


def over(adapter, endpoint, options):
    session = requests.Session()
    session.trust_env = False
    session.mount(SOCKET_BASE, adapter)
    return hyperkit.Client(api_endpoint=endpoint, session=session, **options)


@pytest.fixture
def client(connect):
    return connect()


@pytest.fixture
def stranger(lab, tmp_path_factory):
    """A client over HTTPS, with a certificate that the server does not know."""
    certificate, key = key_pair(tmp_path_factory.mktemp("stranger"), "stranger")
    with hyperkit.Client(
        api_endpoint=lab["https_url"],
        client_cert=certificate,
        client_key=key,
        server_cert=lab["server_certificate"],
    ) as stranger:
        yield stranger


@pytest.fixture
def name(mode, request):
    """A name for the test's instance, which is gone before and after."""
    chosen = re.sub(r"[^a-z0-9]+", "-", request.node.originalname.removeprefix("test_"))[:40]
    chosen = chosen.strip("-")

    def remove():
        if mode[1] == "replay":
            return
        lab = lab_of(request, mode)
        with hyperkit.Client(api_endpoint=f"unix://{lab['socket']}") as cleaner:
            remove_instances(cleaner, chosen)

    remove()
    yield chosen
    remove()


@pytest.fixture
def running(client, name):
    """The name of a container that runs."""
    client.create_container(name, alias="busybox")
    client.start_container(name)
    return name


@pytest.fixture
def later(mode, request):
    """Let seconds pass for the server; the embedded one has its clock turned."""
    if mode[1] == "embedded":
        return lab_of(request, mode)["embedded"].clock.advance
    return time.sleep


@pytest.fixture
def restart(lab):
    """Restart the server."""
    if "embedded" in lab:
        return lab["embedded"].restart
    return lambda: subprocess.run(
        [sys.executable, LAB, "restart", lab["name"]], check=True, env=os.environ
    )


@pytest.fixture
def nothing_left_behind(request):
    """No thread and no file descriptor outlives a test; the embedded server has its own."""
    mode = request.node.callspec.params.get("mode", ("", ""))
    server = lab_of(request, mode)["embedded"] if mode[1] == "embedded" else None
    before = set(threading.enumerate())

    def files():
        own = len(server._gate.connections) if server else 0
        return len(os.listdir("/proc/self/fd")) - own

    opened = files()
    yield
    for _ in range(100):
        left = [one for one in threading.enumerate() if one not in before]
        left = [one for one in left if not (server and one.name.startswith("asyncio"))]
        if not left and files() <= opened + 2:
            break
        time.sleep(0.05)
    assert left == []
    # One connection that is kept open, and what it is watched with.
    assert files() <= opened + 2


@pytest.fixture
def swept(mode, request):
    """No pool, volume or project of a test's is there before it and after it."""
    if mode[1] == "replay":
        yield
        return
    lab = lab_of(request, mode)
    with hyperkit.Client(api_endpoint=f"unix://{lab['socket']}") as cleaner:
        sweep(cleaner)
        yield
        sweep(cleaner)


@pytest.fixture
def volume(client, swept):
    """The name of a storage volume that has a snapshot."""
    client.create_storage_volume(POOL, "hk-data", config={"user.a": 1}, description="Data")
    client.create_storage_volume_snapshot(POOL, "hk-data", "then")
    return "hk-data"
