"""Commands, waits and events: what is refused before anything is sent; keys at a console."""

import gc
import io
import math
import os
import subprocess
import threading
import weakref

import pytest

import hyperkit
from hyperkit._streams import Decoding, sink
from hyperkit._terminal import Keys


@pytest.mark.parametrize(
    "arguments",
    [
        {"command": ""},
        {"command": []},
        {"capture_output": True, "stdout": subprocess.PIPE},
        {"encoding": "no-such-encoding"},
        {"errors": "no-such-handler"},
        {"input": b"a", "stdin": io.BytesIO()},
        {"stderr": -9},
        {"stdin": "text"},
        {"stdin": subprocess.PIPE},
        {"stdout": subprocess.STDOUT},
        {"stdout": "file"},
        {"timeout": 0},
        {"timeout": -1},
    ],
)
def test_run_refuses_before_anything_is_sent(bare, arguments):
    with pytest.raises(hyperkit.ArgumentError):
        bare.run("web", **({"command": "true"} | arguments))


def test_a_size_is_that_of_a_terminal(bare):
    with pytest.raises(hyperkit.ArgumentError, match="pty"):
        bare.popen("web", "sh", width=80)


@pytest.mark.parametrize(
    "arguments",
    [
        {"until": "ready"},
        {"until": "ip", "timeout": -1},
    ],
)
def test_waits_that_cannot_be_are_refused(bare, arguments):
    for call in (bare.wait_for_instance, bare.launch_instance, bare.temporary_instance):
        with pytest.raises(hyperkit.ArgumentError):
            call("web", **arguments)


def test_batches_and_events_that_cannot_be_are_refused(bare):
    with pytest.raises(hyperkit.ArgumentError):
        bare.batch(on_error="ignore")
    with pytest.raises(RuntimeError, match="with block"):
        bare.batch().wait()
    with pytest.raises(hyperkit.ArgumentError):
        bare.events(project="a", all_projects=True)
    with pytest.raises(hyperkit.ArgumentError):
        bare.wait_for_operations(["u-1"], timeout=-1)
    with pytest.raises(hyperkit.ArgumentError):
        bare.console("web", type="braille")


@pytest.mark.parametrize(
    ("typed", "sent", "detached"),
    [
        ([b"abc"], b"abc", False),
        ([b"\x01q"], b"", True),
        ([b"a\x01", b"qb"], b"a", True),
        ([b"\x01\x01q"], b"\x01q", False),
        ([b"\x01x"], b"\x01x", False),
    ],
)
def test_the_keys_that_leave_a_console_are_not_sent(typed, sent, detached):
    keys = Keys()
    assert b"".join(keys.filter(one) for one in typed) == sent
    assert keys.detached is detached


@pytest.mark.parametrize("timeout", [1e12, math.inf])
def test_a_command_may_be_waited_for_for_long(server, timeout):
    with server.client() as client:
        client.launch_instance("web", alias="busybox")
        with client.popen("web", "true") as process:
            assert process.wait(timeout) == 0
        assert client.run("web", "true", timeout=timeout).returncode == 0


@pytest.mark.parametrize("mode", ["wb", "w"])
def test_others_see_at_once_what_a_command_has_written(tmp_path, mode):
    place = tmp_path / "log"
    with place.open(mode) as file:
        write = sink(file, Decoding.of(mode == "w", None, None))
        write(b"hi\n")
        assert place.read_bytes() == b"hi\n"


@pytest.fixture
def box(server):
    """A client of an embedded server, where "web" runs."""
    with server.client() as client:
        client.launch_instance("web", alias="busybox")
        yield client


SAYS = ["sh", "-c", "printf 'one\\ntwo\\nthr'; sleep 0.2; echo ee; echo four >&2"]


@pytest.mark.parametrize(
    ("options", "rest"),
    [({}, (b"two\nthree\n", b"four\n")), ({"text": True}, ("two\nthree\n", "four\n"))],
)
def test_what_was_not_read_is_communicated(box, options, rest):
    with box.popen("web", SAYS, **options) as process:
        process.stdout.readline()
        assert process.communicate() == rest


def test_what_was_not_read_comes_in_blocks(box):
    with box.popen("web", SAYS) as process:
        assert process.stdout.readline() == b"one\n"
        assert b"".join(process.blocks()) == b"two\nthree\n"


def test_what_was_read_as_text_is_not_lost_in_blocks(box):
    with box.popen("web", SAYS, text=True) as process:
        process.stdout.readline()
        with pytest.raises(hyperkit.ArgumentError, match="as text"):
            next(process.blocks())
        assert process.stdout.read() == "two\nthree\n"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_long_text_begins_once(box, encoding):
    text = "ä" * 300_000
    done = box.run("web", "cat", input=text, encoding=encoding, capture_output=True)
    assert done.stdout == text


@pytest.mark.parametrize(("mode", "buffering"), [("r", -1), ("rb", -1), ("rb", 0)])
def test_a_pipe_that_does_not_wait_is_refused(bare, mode, buffering):
    # Its "nothing yet" would be taken for its end.
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    with open(writing, "wb"), open(reading, mode, buffering) as pipe:
        with pytest.raises(hyperkit.ArgumentError, match="set_blocking"):
            bare.run("web", "cat", stdin=pipe)
        with pytest.raises(hyperkit.ArgumentError, match="set_blocking"):
            bare.push_file(pipe, "web", "/copy")


def test_a_process_that_is_let_go_is_closed(box):
    process = box.popen("web", ["sleep", "60"])
    with pytest.raises(hyperkit.TimeoutExpired):
        process.communicate(timeout=0.01)
    process = None
    with pytest.warns(ResourceWarning, match="not closed"):
        gc.collect()
    for thread in threading.enumerate():
        if thread.name in {"hyperkit-pump", "hyperkit-wait"}:
            thread.join(10)
            assert not thread.is_alive()


def test_a_process_that_was_closed_needs_no_collector(box):
    with box.popen("web", "true") as process:
        gone = weakref.ref(process)
    del process
    assert gone() is None


# The collector may come to the sockets before it comes to the process.
@pytest.mark.filterwarnings("ignore:.*not closed:ResourceWarning", "ignore:unclosed")
def test_who_reads_the_output_has_not_let_go_of_the_process(box):
    command = ["sh", "-c", "sleep 0.2; echo hi"]
    assert box.popen("web", command).stdout.read() == b"hi\n"
    assert list(box.popen("web", command).blocks()) == [b"hi\n"]
    gc.collect()


def test_bytes_that_are_no_text_do_not_hide_a_timeout(box):
    command = ["sh", "-c", "printf 'a\\377'; sleep 60"]
    with pytest.raises(hyperkit.TimeoutExpired) as caught:
        box.run("web", command, text=True, capture_output=True, timeout=1)
    assert caught.value.stdout == "a\N{REPLACEMENT CHARACTER}"


def test_a_program_without_a_standard_output_runs_commands(box, monkeypatch):
    monkeypatch.setattr("sys.stdout", None)
    assert box.run("web", ["echo", "hi"]).returncode == 0


@pytest.mark.parametrize("timeout", [float("inf"), 1e100])
def test_a_wait_may_be_without_end(box, timeout):
    with box.popen("web", "true") as process:
        assert process.wait(timeout) == 0
