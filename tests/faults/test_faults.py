"""The faults that the embedded server has on demand, and what a client makes of them."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import hyperkit
from hyperkit.testing import Server


def test_a_dropped_get_is_asked_again(server, asked, client):
    server.faults.drop(path="/1.0/instances")
    assert client.instances() == ["web"]
    assert asked("GET", "/1.0/instances") >= 2


def test_a_dropped_change_is_not_sent_twice(server, asked, client):
    server.faults.drop(method="POST", path="/1.0/profiles")
    with pytest.raises(hyperkit.ConnectionFailed):
        client.create_profile("new")
    assert asked("POST", "/1.0/profiles") == 1


def test_a_cut_image_leaves_no_file(server, client, tmp_path):
    fingerprint = client.image_by_alias("busybox").fingerprint
    server.faults.drop(after=1000, path="/1.0/images/*/export", times=None)
    with pytest.raises(hyperkit.ConnectionFailed):
        client.export_image(fingerprint, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_wait_rides_over_a_server_that_starts(server, client):
    server.faults.unavailable(path="/1.0/operations/*/wait", times=2)
    assert client.start_container("web").status == "Success"


def test_a_server_that_delays_is_not_waited_for(server):
    impatient = server.client(timeout=0.2)
    server.faults.delay(0.6, method="POST", path="/1.0/profiles")
    with pytest.raises(hyperkit.RequestTimeout):
        impatient.create_profile("slow")


def test_an_operation_that_was_forgotten_is_gone(server, client):
    operation = client.start_container("web", sync=False)
    client.wait_for_instance("web")
    server.faults.forget()
    with pytest.raises(hyperkit.OperationGone):
        client.wait_for_operation(operation)


def test_a_server_that_refuses_comes_back(server, client):
    client.close()
    with server.faults.refuse(), pytest.raises(hyperkit.ConnectionFailed):
        client.instances()
    assert client.instances() == ["web"]


def test_a_wait_rides_over_a_server_that_refuses(server, asked, client):
    operation = client.create_certificate(name="new", token=True)
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(client.wait_for_operation, operation, timeout=30)
        while not asked("GET", f"/1.0/operations/{operation.id}/wait"):
            time.sleep(0.01)
        with server.faults.refuse():
            time.sleep(0.3)
        server.client().cancel_operation(operation)
        assert isinstance(waiting.exception(20), hyperkit.OperationCancelled)


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
def test_a_malformed_answer_is_an_error(server, client, body, kind):
    server.faults.malformed(body, content_type=kind, path="/1.0/profiles/default")
    with pytest.raises(hyperkit.InvalidResponse):
        client.profile("default")


def test_a_server_errs_once(server, client):
    server.faults.error(500, "disk full", method="POST", path="/1.0/profiles")
    with pytest.raises(hyperkit.InternalServerError, match="disk full"):
        client.create_profile("new")
    client.create_profile("new")


def test_an_expired_certificate_is_told_to_whoever_has_pinned_it():
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
