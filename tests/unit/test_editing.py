"""Editing, where others write too."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import ANY

import pytest
from unit.double import Double, error

import hyperkit

WEB = "/1.0/instances/web"


def described(description="", **config):
    return {
        "architecture": "x86_64",
        "config": config,
        "devices": {},
        "ephemeral": False,
        "profiles": ["default"],
        "description": description,
    }


def stale(double):
    double.expect("PUT", WEB, status=412, raw=error(412, "ETag"), body=ANY)


@pytest.mark.parametrize("kind", ["instance", "profile"])
def test_an_edit_without_its_block_says_how_it_is_made(bare, kind):
    edit = getattr(bare, f"edit_{kind}")("web")
    with pytest.raises(AttributeError, match="An edit has no 'config': use it as `with"):
        assert edit.config


def test_an_edit_goes_on_top_of_what_the_server_notes_meanwhile(client, double):
    noted = {"volatile.power": "RUNNING"}
    double.expect("GET", WEB, described(a="1"))
    double.expect("GET", WEB, described(a="1"))
    stale(double)
    double.expect("GET", WEB, described(a="1", **noted))
    double.expect("PUT", WEB, body=described(a="2", **noted))
    with client.edit_instance("web") as web:
        web.config["a"] = "2"


@pytest.mark.parametrize(
    ("call", "field", "way"),
    [
        (lambda client: client.edit_instance("web"), "status", "start_ and stop_ methods"),
        (lambda client: client.edit_instance("web"), "name", "a rename_ method"),
        (lambda client: client.edit_image("a" * 64), "aliases", "create_image_alias and delete_"),
        (lambda client: client.edit_network("br0"), "type", "only .*config, description.* can"),
        (lambda client: client.edit_storage_volume("a", "b"), "type", "only config, description"),
    ],
)
def test_an_edit_refuses_what_it_would_not_write(met, double, call, field, way):
    client = met("network", "storage_volumes")
    double.expect("GET", ANY, {"config": {"a": "1"}, "name": "web", "type": "bridge"})
    with (
        pytest.raises(hyperkit.ArgumentError, match=f"'{field}' of the .* edited: {way}"),
        call(client) as found,
    ):
        found[field] = "b"


def test_an_edit_does_not_run_after_a_server_for_ever(client, double):
    double.expect("GET", WEB, described(a="1"))
    for number in range(5):
        double.expect("GET", WEB, described(a="1", **{"volatile.n": str(number)}))
        stale(double)
    with (
        pytest.raises(hyperkit.PreconditionFailed, match="keeps changing"),
        client.edit_instance("web") as web,
    ):
        web.config["a"] = "2"


def test_an_edit_of_what_others_have_changed_is_refused(client, double):
    double.expect("GET", WEB, described(a="1"))
    double.expect("GET", WEB, described(a="3"))
    with pytest.raises(hyperkit.PreconditionFailed), client.edit_instance("web") as web:
        web.config["a"] = "2"


@pytest.mark.parametrize("theirs", ["their own", "mine"])
def test_a_field_that_no_etag_watches_stays_as_others_have_written_it(client, double, theirs):
    double.expect("GET", WEB, described("old", a="1"))
    double.expect("GET", WEB, described(theirs, a="1"))
    double.expect("PUT", WEB, body=described(theirs, a="2"))
    with client.edit_instance("web") as web:
        web.config["a"] = "2"
        web.description = "mine" if theirs == "mine" else "old"


def test_a_field_that_no_etag_watches_is_not_written_by_two(client, double):
    double.expect("GET", WEB, described("old"))
    double.expect("GET", WEB, described("theirs"))
    with (
        pytest.raises(hyperkit.PreconditionFailed, match="description has changed"),
        client.edit_instance("web") as web,
    ):
        web.description = "mine"


class Crowd(Double):
    """Answers everything, and counts how many changes of one object there are at once."""

    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()
        self.inside = {}
        self.most = {}

    def send(self, request, **options):
        url = request.url
        with self.lock:
            self.inside[url] = self.inside.get(url, 0) + 1
            self.most[url] = max(self.inside[url], self.most.get(url, 0))
        time.sleep(0.01)
        double = Double()
        double.expect(request.method, ANY, {}, body=ANY, query=ANY)
        answer = double.send(request)
        with self.lock:
            self.inside[url] -= 1
        return answer


@pytest.mark.parametrize("change", ["patch", "put"])
def test_no_two_threads_change_one_object_at_the_same_moment(change, bare):
    crowd = Crowd()
    bare.session.mount("https://lxd.test:8443", crowd)
    send = {
        "patch": lambda url: bare._patch(url, {}),
        "put": lambda url: bare._put(url, {}, etag="e"),
    }[change]
    urls = ["/1.0/profiles/a", "/1.0/profiles/b"]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(send, urls * 6))
    assert sorted(crowd.most.values()) == [1, 1]
    assert hyperkit._turn._turns == {}


def test_a_child_process_waits_for_nobody():
    with hyperkit._turn.turn("/1.0/profiles/a"):
        [lock] = hyperkit._turn._turns.values()
        held = lock.held
        hyperkit._turn._renew_all()
        assert lock.held is not held
