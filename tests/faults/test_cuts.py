"""A connection that is cut, at every stage that it has."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from faults.breaker import Breaker

import hyperkit
from hyperkit.testing import Server

HALF = 25
# What goes up before the cut, and what comes down: None for all of it.
STAGES = {
    "connect": {"up": 0},
    "request half sent": {"up": HALF},
    "headers": {"down": HALF},
    "body half way": {"down": 400},
}
# Which of them a server has carried out by then.
CARRIED_OUT = {"headers", "body half way"}
TWICE = "reads are asked for once more; changes raise ConnectionFailed and are sent once"
fault = pytest.mark.fault


@pytest.fixture
def breaker(server, tmp_path):
    with Breaker(server.socket, str(tmp_path / "socket")) as breaker:
        yield breaker


@pytest.fixture
def client(server, breaker):
    # Made without the breaker, so that its counts begin at 0.
    server.client().create_container("web", alias="busybox")
    with hyperkit.Client(api_endpoint=f"unix://{breaker.address}") as client:
        yield client


def marked(stage, request):
    """The connection that this request goes by; or the first, whatever goes by it."""
    return {} if stage == "connect" else {"mark": request}


@pytest.mark.parametrize(
    "stage", [pytest.param(stage, marks=fault(f"cut: {stage}", TWICE)) for stage in STAGES]
)
class TestEachStage:
    def test_a_read_is_asked_for_again(self, stage, breaker, client):
        breaker.cut(**marked(stage, b"GET /1.0/profiles/default"), **STAGES[stage])
        assert client.profile("default").name == "default"
        assert (breaker.cuts, breaker.accepted) == (1, 2)

    def test_a_read_is_not_asked_for_for_ever(self, stage, breaker, client):
        breaker.cut(**marked(stage, b"GET /1.0/profiles/default"), **STAGES[stage], times=99)
        with pytest.raises(hyperkit.ConnectionFailed):
            client.profile("default")
        assert breaker.cuts == 2

    def test_a_change_is_sent_once(self, stage, server, asked, breaker, client):
        assert client.has_extension("instances")
        client.close()  # else the first connection is used, and not cut as it is made
        options = STAGES[stage] if stage != "body half way" else {"down": 200}
        breaker.cut(**marked(stage, b"POST /1.0/profiles"), **options, times=99)
        with pytest.raises(hyperkit.ConnectionFailed) as caught:
            client.create_profile("new")
        assert not isinstance(caught.value, hyperkit.TLSError)
        assert breaker.cuts == 1
        done = stage in CARRIED_OUT
        assert asked("POST", "/1.0/profiles") == done
        assert ("new" in server.client().profiles()) is done

    def test_a_file_is_whole_or_not_there(self, stage, server, breaker, client, tmp_path):
        server.client().write_file("web", "/root/big", content=bytes(1 << 20))
        assert client.has_extension("instances")
        client.close()
        options = STAGES[stage] if stage != "body half way" else {"down": 500_000}
        place = tmp_path / "there" / "big"
        place.parent.mkdir()
        breaker.cut(**marked(stage, b"GET /1.0/"), **options, times=99)
        with pytest.raises(hyperkit.ConnectionFailed):
            client.pull_file("web", "/root/big", place)
        assert list(place.parent.iterdir()) == []


@fault("cut: request half sent", TWICE)
def test_an_upload_is_whole_or_not_there(breaker, client, tmp_path):
    source = tmp_path / "source"
    source.write_bytes(bytes(2 << 20))
    assert client.has_extension("instances")
    breaker.cut(b"POST /1.0/", up=1 << 20, times=99)
    with pytest.raises(hyperkit.ConnectionFailed):
        client.push_file(source, "web", "/root/big")
    assert breaker.cuts == 1
    breaker.plans.clear()
    with pytest.raises(hyperkit.NotFound):
        client.read_file("web", "/root/big")


WAITED = "the wait goes on over a new connection; the work is started once"


@fault("cut: between 202 and the wait", WAITED)
def test_a_cut_between_answer_and_wait_is_ridden_over(asked, breaker, client):
    operation = client.start_container("web", sync=False)
    breaker.hang_up()
    assert client.wait_for_operation(operation, timeout=20).status == "Success"
    assert client.container_state("web").status == "Running"
    assert asked("PUT", "/1.0/instances/web/state") == 1


@fault("cut: in the wait", WAITED)
@pytest.mark.parametrize("down", [0, HALF, 300])
def test_cuts_in_the_wait_are_ridden_over(asked, breaker, client, down):
    breaker.cut(b"/wait", down=down, times=3)
    assert client.start_container("web").status == "Success"
    assert breaker.cuts == 3
    assert asked("PUT", "/1.0/instances/web/state") == 1


@fault("cut: in the wait", WAITED)
def test_cuts_while_nothing_comes_are_ridden_over(server, asked, breaker, client):
    operation = client.create_certificate(name="new", token=True)
    path = f"/1.0/operations/{operation.id}/wait"
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(client.wait_for_operation, operation, timeout=30)
        for cuts in range(3):
            until(lambda cuts=cuts: asked("GET", path) > cuts)
            breaker.hang_up()
        until(lambda: asked("GET", path) > 3)
        server.client().cancel_operation(operation)
        assert isinstance(waiting.exception(20), hyperkit.OperationCancelled)


def until(condition):
    """Wait for something that another thread does."""
    pause = threading.Event()
    for _ in range(2000):
        if condition():
            return
        pause.wait(0.01)
    pytest.fail("it did not happen")


@fault(
    "cut: in the websocket's handshake", "ConnectionFailed; the command is cancelled, sent once"
)
@pytest.mark.parametrize("options", [{"up": HALF}, {"down": 0}, {"down": HALF}])
def test_a_command_whose_handshake_is_cut_is_cancelled(server, asked, breaker, client, options):
    client.start_container("web")
    breaker.cut(b"/websocket?secret=", **options, times=99)
    with pytest.raises(hyperkit.ConnectionFailed) as caught:
        client.run("web", ["echo", "hello"], capture_output=True)
    assert "***" in str(caught.value)
    assert asked("POST", "/1.0/instances/web/exec") == 1
    assert sum(one.method == "DELETE" for one in server.requests) == 1  # of the operation


@fault("cut: in the stream", "ConnectionFailed, never an output that ends early")
@pytest.mark.parametrize("down", [1000, 100_000])
def test_a_stream_that_is_cut_is_never_short(asked, breaker, client, down):
    client.start_container("web")
    client.write_file("web", "/root/big", content=b"x" * (1 << 20))
    breaker.cut(b"/websocket?secret=", down=down, times=99)
    with pytest.raises(hyperkit.ConnectionFailed):
        client.run("web", ["cat", "/root/big"], capture_output=True)
    assert asked("POST", "/1.0/instances/web/exec") == 1


@fault("cut: in the stream", "ConnectionFailed, never an output that ends early")
def test_a_stream_of_events_that_is_cut_is_an_error(server, breaker, client):
    with client.events(reconnect=False) as events:
        server.client().create_profile("new")
        assert events.next(10) is not None
        breaker.hang_up()
        with pytest.raises(hyperkit.ConnectionFailed):
            while events.next(10) is not None:
                pass


@fault("cut: events, reconnecting", "a `gap` event, then events go on")
def test_events_go_on_after_a_gap(server, breaker, client):
    with client.events(types="lifecycle") as events:
        breaker.hang_up()
        event = events.next(20)
        assert event.type == "gap"
        server.client().create_profile("new")
        while event.type == "gap":
            event = events.next(20)
        assert event.metadata.action == "profile-created"


@pytest.fixture
def secure():
    with Server("lxd-5.0", tls=True) as server:
        yield server


@fault("cut: TLS handshake", "reads are asked for once more; changes never reached the server")
@pytest.mark.parametrize("options", [{"up": 0}, {"up": 100}, {"down": 0}, {"down": 100}])
def test_a_tls_handshake_that_is_cut_has_sent_nothing(secure, options):
    host, _, port = secure.url.removeprefix("https://").rpartition(":")
    with Breaker((host, int(port)), ("127.0.0.1", 0)) as breaker:
        trusted = secure.client()
        options_of = {
            name: getattr(trusted, name)
            for name in ("client_cert", "client_key", "server_cert", "verify_ssl")
        }
        address = f"https://127.0.0.1:{breaker.address[1]}"
        with hyperkit.Client(api_endpoint=address, **options_of) as client:
            breaker.cut(**options, times=99)
            with pytest.raises(hyperkit.ConnectionFailed):
                client.post("/1.0/profiles", {"name": "new"})
            assert breaker.cuts == 1
            with pytest.raises(hyperkit.ConnectionFailed):
                client.profiles()
            breaker.plans.clear()
            assert client.profiles() == ["default"]


@fault("nobody listens", "ConnectionFailed at once, which names the address")
def test_an_address_where_nobody_listens_is_named(tmp_path):
    client = hyperkit.Client(api_endpoint=f"unix://{tmp_path}/none")
    with pytest.raises(hyperkit.ConnectionFailed, match=str(tmp_path)):
        client.create_profile("new")
