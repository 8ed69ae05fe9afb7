"""What a network and a server can do to a client, done by the embedded one."""

import threading
import time

import pytest

import hyperkit
from hyperkit.testing import Server


@pytest.fixture
def client(server):
    client = server.client()
    client.create_container("web", alias="busybox")
    return client


def asked(server, path):
    return len([one for one in server.requests if one.path == path])


def test_a_dropped_get_is_asked_again(server, client):
    server.faults.drop(path="/1.0/instances")
    assert client.instances() == ["web"]
    assert asked(server, "/1.0/instances") >= 2


def test_a_dropped_change_is_not_sent_twice(server, client):
    server.faults.drop(method="POST", path="/1.0/profiles")
    before = asked(server, "/1.0/profiles")
    with pytest.raises(hyperkit.ConnectionFailed):
        client.create_profile("new")
    assert asked(server, "/1.0/profiles") == before + 1


def test_a_cut_download_leaves_no_file(server, client, tmp_path):
    client.write_file("web", "/root/big", content=bytes(1 << 20))
    server.faults.drop(after=300_000, method="GET", path="*/files", times=None)
    with pytest.raises(hyperkit.ConnectionFailed):
        client.pull_file("web", "/root/big", tmp_path / "big")
    assert list(tmp_path.iterdir()) == []
    server.faults.clear()
    client.pull_file("web", "/root/big", tmp_path / "big")
    assert (tmp_path / "big").stat().st_size == 1 << 20


def test_a_cut_image_leaves_no_file(server, client, tmp_path):
    fingerprint = client.image_by_alias("busybox").fingerprint
    server.faults.drop(after=1000, path="/1.0/images/*/export", times=None)
    with pytest.raises(hyperkit.ConnectionFailed):
        client.export_image(fingerprint, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_wait_rides_over_a_drop(server, client):
    server.faults.drop(path="/1.0/operations/*/wait")
    assert client.start_container("web").status == "Success"


def test_a_wait_rides_over_a_server_that_starts(server, client):
    server.faults.unavailable(path="/1.0/operations/*/wait", times=2)
    assert client.start_container("web").status == "Success"


def test_a_slow_server(server, client):
    impatient = server.client(timeout=0.2)
    server.faults.delay(0.6, method="POST", path="/1.0/profiles")
    with pytest.raises(hyperkit.RequestTimeout):
        impatient.create_profile("slow")


def test_a_forgotten_operation(server, client):
    operation = client.start_container("web", sync=False)
    time.sleep(0.1)
    server.faults.forget()
    with pytest.raises(hyperkit.OperationGone):
        client.wait_for_operation(operation)


def test_a_restart_while_waiting(server, client):
    token = client.create_certificate(name="new", token=True)
    server.faults.restart(path="/1.0/operations/*/wait")
    with pytest.raises(hyperkit.OperationGone):
        client.wait_for_operation(token, timeout=20)
    assert client.instances() == ["web"]


def test_nobody_listens(server, client):
    client.close()
    with server.faults.refuse(), pytest.raises(hyperkit.ConnectionFailed):
        client.instances()
    assert client.instances() == ["web"]


def test_nobody_listens_for_a_while(server, client):
    operation = client.create_certificate(name="new", token=True)
    ended = []

    def wait():
        try:
            client.wait_for_operation(operation, timeout=30)
        except hyperkit.Error as error:
            ended.append(type(error))

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(0.1)
    with server.faults.refuse():
        time.sleep(0.3)
    server.client().cancel_operation(operation)
    waiting.join(20)
    assert ended == [hyperkit.OperationCancelled]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"type":"sync","metadata":[', "application/json"),
        (b"<html>Bad gateway</html>", "text/html"),
        (b"", "application/json"),
        (b"[]", "application/json"),
        (b"\xff\xfe\x00", "application/octet-stream"),
    ],
)
def test_malformed_answers(server, client, body, kind):
    server.faults.malformed(body, content_type=kind, path="/1.0/profiles/default")
    with pytest.raises(hyperkit.InvalidResponse):
        client.profile("default")


def test_a_refusal(server, client):
    server.faults.error(500, "disk full", method="POST", path="/1.0/profiles")
    with pytest.raises(hyperkit.InternalServerError, match="disk full"):
        client.create_profile("new")
    client.create_profile("new")


def test_an_operation_that_fails(server, client):
    server.faults.fail("No space left on device", operation="Creating *")
    with pytest.raises(hyperkit.OperationFailed, match="No space left"):
        client.create_container("db", alias="busybox")
    assert client.instances() == ["web"]


def test_an_expired_certificate():
    with Server(tls=True) as server:
        pinned, stranger = server.client(), server.client(server_cert=server.certificate + "\n")
        server.faults.expire_certificate()
        for client in (pinned, server.client()):
            with pytest.raises(hyperkit.TLSError, match="the pinned one, but it has expired"):
                client.instances()
        with pytest.raises(hyperkit.UntrustedServer):
            stranger.instances()
        server.faults.clear()
        for client in (pinned, stranger):
            assert client.instances() == []


@pytest.mark.parametrize(
    ("meant", "text"),
    [
        ({"path": "instances"}, "it begins with a slash"),
        ({"path": "/1.0/instances?recursion=1"}, "what follows the question mark"),
        ({"method": "get"}, "No request has the method 'get'"),
        ({"times": 0}, "use 1 or more, or None"),
    ],
)
def test_faults_that_can_never_strike_are_refused(server, meant, text):
    with pytest.raises(hyperkit.ArgumentError, match=text):
        server.faults.error(500, "no", **meant)
    with pytest.raises(hyperkit.ArgumentError, match=text):
        server.faults.delay(0, **meant)
    assert server.faults.unused == []


def test_faults_that_strike_nobody_can_be_asked_for(server, client):
    server.faults.error(404, "no", method="GET", path="/1.0/profiles/*", times=2)
    server.faults.fail("no room", operation="Creating conatiner")
    assert server.faults.unused == [
        "error (404, 'no') for 'GET /1.0/profiles/*'",
        "fail 'no room' for 'Creating conatiner'",
    ]
    with pytest.raises(hyperkit.NotFound):
        client.profile("default")
    assert server.faults.unused == ["fail 'no room' for 'Creating conatiner'"]
    server.faults.clear()
    assert server.faults.unused == []


def test_faults_end_and_are_forgotten(server, client):
    server.faults.error(500, "no", times=None)
    with pytest.raises(hyperkit.InternalServerError):
        client.profiles()
    server.faults.clear()
    assert client.profiles() == ["default"]
