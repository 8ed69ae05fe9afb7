"""Progress of uploads, downloads and operations."""

import sys
import types

import pytest
from unit.double import error, operation, started

import hyperkit
from hyperkit._progress import Meter, of_operation
from hyperkit.testing import Server


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        (None, None),
        ({"return": 0}, None),
        ({"download_progress": "rootfs: 45% (12.30MB/s)"}, (45, 100, "rootfs: 45% (12.30MB/s)")),
        ({"fs_progress": "web: 614.07MB (4MB/s)"}, (614_070_000, None, "web: 614.07MB (4MB/s)")),
        (
            {
                "create_instance_from_image_unpack_progress": "Unpack: 100% (5MB/s)",
                "fs_progress": "web: 2kB (1kB/s)",
                "progress": {"percent": "100"},
            },
            (2000, None, "web: 2kB (1kB/s)"),
        ),
        (
            {"download_progress": "100%", "create_instance_from_image_unpack_progress": "7%"},
            (7, 100, "7%"),
        ),
        ({"odd_progress": "soon"}, (0, None, "soon")),
        ({"odd_progress": "Be patient. Been"}, (0, None, "Be patient. Been")),
        ({"odd_progress": "1.2.3 MB"}, (0, None, "1.2.3 MB")),
        *[({"odd_progress": "9" * 5000 + end}, (0, None, "9" * 5000 + end)) for end in "%B"],
    ],
)
def test_progress_is_read_from_whatever_operations_say(metadata, expected):
    assert of_operation({"metadata": metadata}) == expected


def test_a_wait_tells_how_far_it_has_come(double, client):
    running = operation(103, "Running", metadata={"download_progress": "10%"})
    ended = operation(metadata={"download_progress": "100%"})
    double.expect("POST", "/1.0/images", raw=started(), body={"source": SOURCE})
    for answer in (running, ended):
        double.expect("GET", "/1.0/operations/u-1/wait", answer, query={"timeout": "1"})
    told = []
    client.create_image_from_remote(
        "https://images.test", alias="a", on_progress=lambda *one: told.append(one)
    )
    assert told == [(10, 100, "10%"), (100, 100, "100%")]


SOURCE = {"type": "image", "mode": "pull", "server": "https://images.test", "alias": "a"}


def test_a_callback_that_raises_stops_the_upload(double, client):
    def stop(done, total, text):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        client.push_file(__file__, "web", "/a", on_progress=stop)
    double.expect("GET", "/1.0/instances/web", raw=error(404, "none"), status=404)
    with pytest.raises(hyperkit.NotFound):
        client.instance("web")


@pytest.fixture
def drawn(monkeypatch):
    """What is done to bars."""
    drawn = []

    class Bar:
        total = None

        def __init__(self, **options):
            drawn.append(options)

        def update(self, count):
            drawn.append(count)

        def close(self):
            drawn.append("closed")

    monkeypatch.setitem(sys.modules, "tqdm", types.ModuleType("tqdm"))
    module = types.ModuleType("tqdm.auto")
    module.tqdm = Bar
    monkeypatch.setitem(sys.modules, "tqdm.auto", module)
    return drawn


def test_a_bar_is_drawn_with_tqdm(drawn):
    with Meter(progress=True, total=10, text="a") as meter:
        meter.advance(4)
        meter.set(10)
    assert drawn == [{"total": 10, "desc": "a", "unit": "B", "unit_scale": True}, 4, 6, "closed"]


def test_a_bar_of_tqdm_is_drawn_to_its_end(capsys):
    pytest.importorskip("tqdm")
    with Meter(progress=True, total=2048, text="motd") as meter:
        meter.advance(1024)
        meter.set(2048)
    drawn = capsys.readouterr().err
    assert "motd: 100%" in drawn
    assert "2.05k/2.05k" in drawn


def test_a_bar_without_tqdm_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(hyperkit.MissingExtra, match=r"pyhyperkit\[tqdm\]"):
        Meter(progress=True)


def test_a_bar_of_a_batch_knows_its_end_and_there_is_none_of_nothing(drawn):
    with Server() as server, server.client() as there:
        with there.batch(progress=True) as batch:
            batch.create_instance("a", empty=True)
            batch.create_instance("b", empty=True)
            batch.wait()
    assert drawn == [{"total": 2, "desc": "", "unit": "", "unit_scale": False}, 1, 1, "closed"]
