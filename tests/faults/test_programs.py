"""Whole programs: forks, many threads, and an interpreter that ends."""

import os
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import hyperkit
from hyperkit.testing import Server

fault = pytest.mark.fault
SOURCE = Path(hyperkit.__file__).parent.parent


@pytest.fixture
def client(client):
    """The same, and the container runs."""
    client.start_container("web")
    return client


def program(server, code):
    """Run a program of its own; it has a client, and may take a minute."""
    endpoint = f"unix://{server.socket}"
    begin = f"import hyperkit, os, signal, sys, threading, time\nclient = hyperkit.Client({endpoint!r})\n"
    begin = begin.replace("Client(", "Client(api_endpoint=")
    return subprocess.run(
        [sys.executable, "-c", begin + textwrap.dedent(code)],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@fault("fork after use", "parent and child each have connections of their own")
def test_a_fork_has_connections_of_its_own(server, asked, client):
    done = program(
        server,
        """
        assert client.instances() == ["web"]
        children = []
        for number in range(5):
            child = os.fork()
            if not child:
                for again in range(20):
                    assert client.profile("default").name == "default"
                    assert client.instances() == ["web"]
                client.create_profile(f"child-{number}")
                os._exit(7)
            children.append(child)
        for again in range(20):
            assert client.instances() == ["web"]
            assert client.profile("default").name == "default"
        ended = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        print(ended)
        """,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "[7, 7, 7, 7, 7]\n", "")
    assert asked("POST", "/1.0/profiles") == 5
    assert sorted(client.profiles()) == [*[f"child-{number}" for number in range(5)], "default"]


@fault("fork while another thread connects", "the child does not wait for that thread")
@pytest.mark.parametrize("place", ["_connection.Link", "_transport._open_pool"])
def test_a_fork_waits_for_no_thread_of_the_parents(server, place):
    done = program(
        server,
        f"""
        from hyperkit import _connection, _transport
        connect, begun = {place}, threading.Event()

        def slowly(*options):
            begun.set()
            time.sleep(50)

        {place} = slowly
        threading.Thread(target=client.server, daemon=True).start()
        begun.wait()
        if child := os.fork():
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
            os._exit(0)
        signal.alarm(5)
        {place} = connect
        assert client.server().auth == "trusted"
        os._exit(7)
        """,
    )
    assert done.stdout == "7\n"


@fault("fork while another thread connects", "the child does not wait for that thread")
def test_a_fork_leaves_the_connections_of_the_parent_alone(server):
    done = program(
        server,
        """
        client.server()
        with client._link.transport.pool.pool.mutex:
            child = os.fork()
            if not child:
                signal.alarm(5)
                assert client.server().auth == "trusted"
                sys.exit(7)
        client.server()
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        """,
    )
    assert done.stdout == "7\n"


@fault("50 threads on one client", "every thread gets its own answers; each change is sent once")
def test_fifty_threads_get_their_own_answers(asked, client):
    together = threading.Barrier(50, timeout=100)

    def work(number):
        together.wait()
        for again in range(4):
            name = f"p-{number}-{again}"
            client.create_profile(name, description=name)
            assert client.profile(name).description == name
            assert client.last_response.status_code == 200
            done = client.run("web", ["echo", name], capture_output=True, text=True)
            assert done.stdout == f"{name}\n"

    with ThreadPoolExecutor(50) as threads:
        list(threads.map(work, range(50)))
    assert asked("POST", "/1.0/profiles") == 200
    assert len(client.profiles()) == 201


@fault("interpreter shutdown with open streams", "no traceback, no hang")
@pytest.mark.parametrize(
    "code",
    [
        "events = client.events(); events.__enter__()",
        """
        events = client.events()
        threading.Thread(target=events.next, daemon=True).start()
        time.sleep(0.2)
        """,
        "process = client.popen('web', ['sleep', '100'])",
        """
        process = client.popen('web', ['cat'])
        process.stdin.write(b'x')
        process.stdin.flush()
        """,
        "process = client.popen('web', ['sh'], pty=True)",
        """
        options = {'args': ('web', ['sleep', '100']), 'kwargs': {'capture_output': True}}
        threading.Thread(target=client.run, **options, daemon=True).start()
        time.sleep(0.3)
        """,
        "stream = client._stream('/1.0/profiles'); download = stream.__enter__()",
        """
        operation = client.create_certificate(name='n', token=True)
        wait = client.wait_for_operation
        threading.Thread(target=wait, args=(operation,), daemon=True).start()
        """,
        "batch = client.batch(); batch.__enter__(); client.stop_container('web', force=True)",
    ],
    ids=lambda code: code.strip().split("(")[0],
)
def test_the_interpreter_ends_in_silence(server, client, code):
    done = program(server, code)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@fault("interpreter shutdown with open streams", "no traceback, no hang")
def test_the_interpreter_is_interrupted_in_a_command(server, client):
    code = """
        import signal
        # What runs in the background of a shell inherits that the signal is ignored.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        threading.Timer(0.5, os.kill, (os.getpid(), 2)).start()
        try:
            client.run("web", ["sleep", "100"], capture_output=True)
        except KeyboardInterrupt:
            print("interrupted")
        """
    done = program(server, code)
    assert (done.returncode, done.stdout, done.stderr) == (0, "interrupted\n", "")


GONE = "ConnectionFailed, OperationGone or a `gap`; the work is started once"


@fault("server killed and restarted: wait", GONE)
def test_a_restart_in_the_wait_leaves_the_outcome_unknown(server, client):
    server.faults.restart(path="/1.0/operations/*/wait")
    with pytest.raises(hyperkit.OperationGone):
        client.wait_for_operation(client.create_certificate(name="n", token=True), timeout=20)
    assert client.instances() == ["web"]


@fault("server killed and restarted: upload", GONE)
def test_a_restart_in_an_upload_is_an_error(server, asked, client):
    class Source:
        left = 8

        def read(self, count):
            self.left -= 1
            if self.left == 4:
                server.restart()
            return bytes(256 * 1024) if self.left > 0 else b""

    with pytest.raises(hyperkit.ConnectionFailed):
        client.push_file(Source(), "web", "/root/big")
    assert asked("POST", "/1.0/instances/web/files") <= 1
    with pytest.raises(hyperkit.NotFound):
        client.read_file("web", "/root/big")


@fault("server killed and restarted: exec", GONE)
def test_a_restart_in_a_command_is_an_error(server, asked, client):
    with pytest.raises(hyperkit.Error) as caught:
        with client.popen("web", ["cat"]) as process:
            server.restart()
            process.communicate(b"x" * 100_000)
    assert isinstance(caught.value, (hyperkit.ConnectionFailed, hyperkit.OperationGone))
    assert asked("POST", "/1.0/instances/web/exec") == 1


@fault("server killed and restarted: events", GONE)
def test_a_restart_in_the_events_is_a_gap(server, client):
    with client.events(types="lifecycle") as events:
        server.restart()
        assert events.next(20).type == "gap"
        client.create_profile("new")
        event = events.next(20)
        while event.type == "gap":
            event = events.next(20)
        assert event.metadata.action == "profile-created"


@fault("server killed and restarted: idle", "the next request opens a connection again")
def test_a_restart_between_two_requests_is_not_noticed():
    with Server("lxd-5.0") as server:
        client = server.client()
        client.create_profile("a")
        server.restart()
        client.create_profile("b")
        server.restart()
        assert sorted(client.profiles()) == ["a", "b", "default"]
        posts = [one for one in server.requests if one.method == "POST"]
        assert len(posts) == 2
