"""Waiting: every dialect of ``/wait``, breaks on the way, and what is not waited for."""

import pytest
import requests
from unit.double import error, operation, started

import hyperkit

WAIT = "/1.0/operations/u-1/wait"
READ = "/1.0/operations/u-1"
NOT_FOUND = (404, error(404, "not found"))


def sync(metadata):
    return (200, {"type": "sync", "metadata": metadata})


FAILED = operation(400, "Failure", err="disk full")
CANCELLED = operation(401, "Cancelled", err="Cancelled")
RUNNING = operation(103, "Running")
LATE = error(500, "context deadline exceeded")

# What /wait answers, what the operation itself then says, and what comes out of it.
DIALECTS = [
    ("2.0 to 5.0.2, success", sync(operation()), None, None),
    ("2.0 to 5.0.2, failure", sync(FAILED), None, hyperkit.OperationFailed),
    ("2.0 to 5.0.2, cancelled", sync(CANCELLED), None, hyperkit.OperationCancelled),
    ("2.0 to 5.0.2, timeout", sync(RUNNING), None, hyperkit.OperationTimeout),
    ("2.0 to 5.0.2, gone", NOT_FOUND, NOT_FOUND, hyperkit.OperationGone),
    ("5.15, success", sync(operation()), None, None),
    ("5.15, failure", (400, error(400, "disk full")), sync(FAILED), hyperkit.OperationFailed),
    ("5.15, cancelled", (401, error(401, "x")), sync(CANCELLED), hyperkit.OperationCancelled),
    ("5.15, timeout", (500, LATE), sync(RUNNING), hyperkit.OperationTimeout),
    ("5.15, gone", NOT_FOUND, NOT_FOUND, hyperkit.OperationGone),
    ("5.20 and Incus 6.0.4, success", sync(operation()), None, None),
    (
        "5.20 and Incus 6.0.4, failure",
        (200, error(400, "disk full")),
        sync(FAILED),
        hyperkit.OperationFailed,
    ),
    (
        "5.20 and Incus 6.0.4, failure, then gone",
        (200, error(400, "disk full")),
        NOT_FOUND,
        hyperkit.OperationFailed,
    ),
    (
        "5.20 and Incus 6.0.4, cancelled",
        (200, error(500, "context canceled")),
        sync(CANCELLED),
        hyperkit.OperationCancelled,
    ),
    ("5.20 and Incus 6.0.4, timeout", (200, LATE), sync(RUNNING), hyperkit.OperationTimeout),
    ("5.20 and Incus 6.0.4, gone", (200, error(404, "x")), NOT_FOUND, hyperkit.OperationGone),
    ("Incus 6.12, success", sync(operation()), None, None),
    ("Incus 6.12, failure", sync(FAILED), None, hyperkit.OperationFailed),
    ("Incus 6.12, cancelled", sync(CANCELLED), None, hyperkit.OperationCancelled),
    ("Incus 6.12, timeout", sync(RUNNING), None, hyperkit.OperationTimeout),
    ("Incus 6.12, gone", NOT_FOUND, NOT_FOUND, hyperkit.OperationGone),
]


@pytest.mark.parametrize(
    ("waited", "read", "raised"), [row[1:] for row in DIALECTS], ids=[row[0] for row in DIALECTS]
)
def test_every_dialect_of_wait_ends_in_the_same_results(bare, double, waited, read, raised):
    double.expect("GET", WAIT, query={"timeout": "0"}, status=waited[0], raw=waited[1])
    if read is not None:
        double.expect("GET", READ, status=read[0], raw=read[1])
    if raised is None:
        assert bare.wait_for_operation("u-1", timeout=0).status == "Success"
        return
    with pytest.raises(raised) as caught:
        bare.wait_for_operation("u-1", timeout=0)
    if raised is hyperkit.OperationFailed:
        assert "disk full" in str(caught.value)


@pytest.mark.parametrize(
    ("resources", "told"),
    [
        ({"instances": ["/1.0/instances/web?project=a"]}, "Doing (web, operation u-1): disk full"),
        (
            {"containers": ["/1.0/containers/web"], "instances": ["/1.0/instances/web"]},
            "Doing (web, operation u-1): disk full",
        ),
        (
            {"instances": ["/1.0/instances/a", "/1.0/instances/b"]},
            "Doing (operation u-1): disk full",
        ),
        ({"images": None}, "Doing (operation u-1): disk full"),
        (None, "Doing (operation u-1): disk full"),
    ],
)
def test_a_failure_names_what_it_is_about(resources, told):
    failed = hyperkit.Operation(id="u-1", description="Doing", resources=resources)
    assert str(hyperkit.OperationFailed("disk full", failed)) == told


@pytest.mark.parametrize(
    "given",
    [
        "u-1",
        "/1.0/operations/u-1",
        "/1.0/operations/u-1?project=blue",
        "https://lxd.test:8443/1.0/operations/u-1",
        hyperkit.Operation(id="u-1"),
    ],
)
def test_an_operation_is_named_by_uuid_url_or_itself(bare, double, given):
    double.expect("GET", WAIT, operation(), query={"timeout": "30"})
    assert bare.wait_for_operation(given).id == "u-1"


@pytest.mark.parametrize("hostile", ["", "..", "a/b", "/1.0/instances/web"])
def test_what_names_no_operation_is_refused(bare, hostile):
    with pytest.raises(hyperkit.ArgumentError):
        bare.wait_for_operation(hostile)


def test_the_id_of_what_was_done_at_once_is_no_operation(bare):
    with pytest.raises(hyperkit.ArgumentError, match="pass the operation itself"):
        bare.wait_for_operation(hyperkit.types.Operation(id="").id)
    with pytest.raises(hyperkit.ArgumentError, match="is not an operation"):
        bare.wait_for_operation(None)


@pytest.mark.parametrize("name", ["operation", "cancel_operation"])
def test_what_was_done_at_once_is_not_asked_for_again(client, double, name):
    double.expect("POST", "/1.0/profiles", body={"name": "small"})
    done = client.create_profile("small")
    assert (done.created_at, done.updated_at, done.location) == (None, None, "")
    with pytest.raises(hyperkit.ArgumentError, match="was done at once: the server keeps none"):
        getattr(client, name)(done)


@pytest.mark.parametrize("timeout", [-1, float("nan")])
def test_a_timeout_that_is_none_is_refused(bare, timeout):
    with pytest.raises(hyperkit.ArgumentError):
        bare.wait_for_operation("u-1", timeout)


def test_fractions_are_asked_for_in_whole_seconds(bare, double):
    double.expect("GET", WAIT, operation(), query={"timeout": "1"})
    bare.wait_for_operation("u-1", timeout=0.5)


def test_a_wait_is_asked_for_in_slices_until_the_end(bare, double):
    double.expect("GET", WAIT, RUNNING, query={"timeout": "30"})
    double.expect("GET", WAIT, operation(), query={"timeout": "30"})
    bare.wait_for_operation("u-1")


def test_drops_and_a_starting_server_are_ridden_over(bare, double):
    for _ in range(2):  # a GET that met a dropped connection is repeated at once
        double.expect("GET", WAIT, query={"timeout": "30"}, raw=requests.ConnectionError("gone"))
    starting = error(503, "LXD daemon setup in progress")
    double.expect("GET", WAIT, query={"timeout": "30"}, status=503, raw=starting)
    double.expect("GET", WAIT, operation(), query={"timeout": "30"})
    assert bare.wait_for_operation("u-1").status == "Success"


def test_a_silent_server_is_waited_for_hardly_longer_than_asked(bare, double):
    bare.timeout = 60
    double.expect("GET", WAIT, query={"timeout": "0"}, raw=requests.ReadTimeout())
    double.expect("GET", READ, raw=requests.ReadTimeout())
    with pytest.raises(hyperkit.OperationTimeout):
        bare.wait_for_operation("u-1", timeout=0)
    assert double.timeouts[-1] == (60, 1)


def test_a_server_that_stays_away_is_not_waited_for_for_ever(bare, double, monkeypatch):
    monkeypatch.setattr("hyperkit._wait.AWAY", 0)
    for _ in range(2):
        double.expect("GET", WAIT, query={"timeout": "30"}, raw=requests.ConnectionError("gone"))
    with pytest.raises(hyperkit.ConnectionFailed):
        bare.wait_for_operation("u-1")


def test_a_wait_that_is_answered_with_something_else_is_an_error(bare, double):
    double.expect("GET", WAIT, [], query={"timeout": "30"})
    with pytest.raises(hyperkit.InvalidResponse):
        bare.wait_for_operation("u-1")


def test_a_token_is_never_waited_for(bare, double):
    double.expect("GET", "/1.0", {"auth": "trusted", "api_extensions": ["certificate_token"]})
    double.expect(
        "POST",
        "/1.0/certificates",
        raw=started(**{"class": "token"}),
        body={"type": "client", "name": "x", "token": True},
    )
    assert bare.create_certificate(name="x", token=True).status == "Running"


def test_what_was_done_at_once_is_an_operation_that_has_ended(client, double):
    double.expect("DELETE", "/1.0/instances/web")
    done = client.delete_instance("web")
    assert (done.id, done.status_code) == ("", 200)
    assert client.wait_for_operation(done) is done


def test_the_list_is_of_uuids(bare, double):
    double.expect(
        "GET",
        "/1.0/operations",
        {"running": ["/1.0/operations/a?project=x"], "success": ["/1.0/operations/b"]},
    )
    assert bare.operations() == ["a", "b"]


def test_the_option_operation_timeout_bounds_each_wait(bare, double):
    bare.operation_timeout = 0
    double.expect("GET", WAIT, RUNNING, query={"timeout": "0"})
    with pytest.raises(hyperkit.OperationTimeout):
        bare.wait_for_operation("u-1")


def test_nothing_is_asked_where_nothing_goes_on(bare):
    finished = hyperkit.Operation(id="", status_code=200, description="Done")
    token = hyperkit.Operation({"id": "u-1", "class": "token", "status_code": 103})
    done = []
    given = [finished, token]
    assert bare.wait_for_operations(given, on_done=done.append) == given
    assert bare.wait_for_operations([]) == []
    assert done == [finished]


def test_a_stranger_waits_with_a_secret(bare, double):
    wait = {"timeout": "30", "secret": "s"}
    forbidden = error(403, "not authorized")
    double.expect("GET", WAIT, raw=LATE, query=wait)
    double.expect("GET", READ, raw=forbidden, status=403)
    double.expect("GET", WAIT, raw=error(400, "No such thing"), query=wait)
    double.expect("GET", READ, raw=forbidden, status=403)
    with pytest.raises(hyperkit.OperationFailed, match="No such thing"):
        bare.wait_for_operation("u-1", secret="s")
    double.expect("GET", WAIT, raw=forbidden, query=wait, status=403)
    double.expect("GET", READ, raw=forbidden, status=403)
    with pytest.raises(hyperkit.Forbidden):
        bare.wait_for_operation("u-1", secret="s")


def test_children_and_all_projects_need_an_extension(client):
    for call in (
        lambda: client.operations(recursion=2),
        lambda: client.operation("u-1", recursion=1),
    ):
        with pytest.raises(hyperkit.MissingExtension, match="bulk_operations"):
            call()
    with pytest.raises(hyperkit.MissingExtension, match="operations_get_query_all_projects"):
        client.operations(all_projects=True)
