"""What goes wrong on real servers: connections cut, daemons killed, discs full, forks, threads."""

import os
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from faults.breaker import Breaker

import hyperkit

pytestmark = pytest.mark.live_only
fault = pytest.mark.fault
ON_THE_WAY = "ConnectionFailed; sent once; nothing half-written here"
CUTS = {
    "connect": {"up": 0},
    "request half sent": {"up": 25},
    "headers": {"down": 25},
    "body half way": {"down": 300},
}


@pytest.fixture
def breaker(client, lab, tmp_path, mode):
    if mode[1] == "https":
        pytest.skip("the proxy looks into what goes by")
    with Breaker(lab["socket"], str(tmp_path / "s")) as breaker:
        yield breaker


@pytest.fixture
def through(breaker):
    """A client whose connections go through the proxy."""
    with hyperkit.Client(api_endpoint=f"unix://{breaker.address}") as client:
        assert client.has_extension("instances")
        client.close()
        yield client


@pytest.fixture
def profile(client):
    """The name of a profile, which is gone before and after."""

    def remove():
        if "hk-cut" in client.profiles():
            client.delete_profile("hk-cut")

    remove()
    yield "hk-cut"
    remove()


@pytest.mark.parametrize(
    "stage", [pytest.param(stage, marks=fault(f"cut: {stage}", ON_THE_WAY)) for stage in CUTS]
)
def test_a_change_is_sent_once(client, breaker, through, profile, stage):
    options = {} if stage == "connect" else {"mark": b"POST /1.0/profiles"}
    plan = CUTS[stage] if stage != "body half way" else {"down": 130}
    breaker.cut(**options, **plan, times=99)
    before = breaker.accepted
    with pytest.raises(hyperkit.ConnectionFailed):
        through.create_profile(profile, description="whole")
    assert (breaker.cuts, breaker.accepted) == (1, before + 1)
    assert breaker.sent(b"POST /1.0/profiles") == (stage != "connect")
    if profile in client.profiles():
        assert client.profile(profile).description == "whole"
        assert stage in {"headers", "body half way"}


@pytest.mark.parametrize(
    "stage", [pytest.param(stage, marks=fault(f"cut: {stage}", ON_THE_WAY)) for stage in CUTS]
)
def test_a_read_is_asked_for_again(client, breaker, through, stage):
    options = {} if stage == "connect" else {"mark": b"GET /1.0/profiles/default"}
    breaker.cut(**options, **CUTS[stage])
    assert through.profile("default").name == "default"
    assert breaker.cuts == 1


@fault("cut: in the stream", ON_THE_WAY)
def test_a_stream_that_is_cut_is_never_short(client, breaker, through, running, tmp_path):
    client.write_file(running, "/root/big", content=os.urandom(3 << 20))
    breaker.cut(b"/websocket?secret=", down=200_000, times=99)
    with pytest.raises(hyperkit.ConnectionFailed):
        through.run(running, ["cat", "/root/big"], capture_output=True)
    breaker.plans.clear()
    breaker.cut(b"/files?", down=200_000, times=99)
    (tmp_path / "there").mkdir()
    with pytest.raises(hyperkit.ConnectionFailed):
        through.pull_file(running, "/root/big", tmp_path / "there" / "big")
    assert list((tmp_path / "there").iterdir()) == []
    breaker.plans.clear()
    source = tmp_path / "source"
    source.write_bytes(os.urandom(3 << 20))
    breaker.cut(b"POST /1.0/instances", up=1 << 20, times=99)
    with pytest.raises(hyperkit.ConnectionFailed):
        through.push_file(source, running, "/root/new")
    assert is_cut(client, running, "/root/new", source.read_bytes())
    assert breaker.sent(b"POST /1.0/instances/%b/files" % running.encode()) == 1


def is_cut(client, instance, file, content):
    """Whether an upload that broke off is not there, or ends early: the servers keep what came."""
    try:
        found = client.read_file(instance, file)
    except hyperkit.NotFound:
        return True
    return len(found) < len(content) and content.startswith(found)


@fault("cut: in the wait", "the wait goes on over a new connection; the work is started once")
def test_a_wait_goes_on_after_cuts(breaker, through, running):
    breaker.cut(b"/wait?", down=0, times=3)
    assert through.execute_command(running, "sleep 1").metadata["return"] == 0
    assert breaker.cuts == 3
    assert breaker.sent(b"POST /1.0/instances/%b/exec" % running.encode()) == 1


@fault("cut: in the websocket's handshake", "ConnectionFailed; sent once")
@pytest.mark.parametrize("plan", [{"up": 25}, {"down": 0}, {"down": 25}])
def test_a_command_whose_handshake_is_cut_is_sent_once(breaker, through, running, plan):
    breaker.cut(b"/websocket?secret=", **plan, times=99)
    with pytest.raises(hyperkit.ConnectionFailed):
        through.run(running, ["true"], capture_output=True)
    assert breaker.sent(b"POST /1.0/instances/%b/exec" % running.encode()) == 1


@fault("server killed and restarted: upload", ON_THE_WAY)
def test_an_upload_that_the_server_does_not_outlive_is_an_error(client, running, restart):
    blocks = [os.urandom(256 * 1024) for _ in range(8)]
    left = list(blocks)

    class Source:
        def read(self, count):
            if len(left) == 4:
                restart()
            return left.pop(0) if left else b""

    with pytest.raises(hyperkit.ConnectionFailed):
        client.push_file(Source(), running, "/root/big")
    assert is_cut(client, running, "/root/big", b"".join(blocks))
    assert client.container_state(running).status == "Running"


@fault("503 while the server starts", "waited for within the timeout, then 503")
def test_a_server_that_starts_cannot_be_reached_or_answers(client, restart):
    """Until somebody listens it cannot be reached; from then on, answers are answers."""
    ended = threading.Event()
    seen = []

    def ask():
        while not ended.is_set():
            try:
                client.profiles()
            except hyperkit.Error as error:
                seen.append(type(error))

    asking = threading.Thread(target=ask)
    asking.start()
    restart()
    ended.set()
    asking.join(60)
    assert set(seen) <= {hyperkit.ConnectionFailed}
    assert "default" in client.profiles()


@fault("50 threads on one client", "every thread gets its own answers; each change is sent once")
def test_fifty_threads_get_their_own_answers(client, running):
    together = threading.Barrier(50, timeout=300)

    def work(number):
        name = f"hk-thread-{number}"
        together.wait()
        client.create_profile(name, description=name)
        assert client.profile(name).description == name
        client.delete_profile(name)
        done = client.run(running, ["echo", name], capture_output=True, text=True)
        assert done.stdout == f"{name}\n"

    with ThreadPoolExecutor(50) as threads:
        list(threads.map(work, range(50)))
    assert not [one for one in client.profiles() if one.startswith("hk-thread-")]


@fault("a full pool", "OperationFailed in the server's words; what was there is unharmed")
def test_a_full_pool_harms_nothing_that_was_there(client, name, mode, tmp_path):
    if mode[1] == "https":
        pytest.skip("the disc is full however it is spoken to")
    place = tmp_path / "disc"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "hk-full", place], check=True)
    try:
        client.create_storage_pool("hk-full", driver="dir", config={"source": str(place)})
        try:
            fill(client, name)
        finally:
            for one in client.instances():
                if one.startswith(name):
                    client.delete_instance(one)
            client.delete_storage_pool("hk-full")
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def fill(client, name):
    disks = {"root": {"type": "disk", "path": "/", "pool": "hk-full"}}
    client.create_container(name, alias="busybox", devices=disks)
    client.write_file(name, "/root/f", content=b"data")
    with pytest.raises((hyperkit.APIError, hyperkit.OperationError)):
        client.write_file(name, "/root/big", content=os.urandom(16 << 20))
    with pytest.raises(hyperkit.OperationFailed, match="(?i)no space|exit status|failed"):
        for number in range(20):
            client.create_container(f"{name}-{number}", alias="busybox", devices=disks)
            client.write_file(f"{name}-{number}", "/root/f", content=os.urandom(1 << 20))
    assert client.read_file(name, "/root/f") == b"data"
    listed = [one for one in client.instances() if one.startswith(name)]
    assert all(client.instance(one).status == "Stopped" for one in listed)
