"""Commands whose input and output stream."""

import hashlib
import io
import os
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from conformance.left_behind import remove_instances
from conformance.slow_link import SlowLink

import hyperkit

pytestmark = [pytest.mark.live_only, pytest.mark.usefixtures("nothing_left_behind")]
DEVNULL, PIPE, STDOUT = subprocess.DEVNULL, subprocess.PIPE, subprocess.STDOUT


@pytest.fixture(scope="module")
def box(lab):
    """The name of a container that runs, for all tests of this file."""
    with hyperkit.Client(api_endpoint=f"unix://{lab['socket']}") as client:
        remove_instances(client, "hk-processes")
        client.create_container("hk-processes", alias="busybox")
        client.start_container("hk-processes")
        yield "hk-processes"
        remove_instances(client, "hk-processes")


@pytest.mark.parametrize(
    ("command", "code", "stdout", "stderr"),
    [
        (["true"], 0, b"", b""),
        (["sh", "-c", "echo out; echo err >&2; exit 3"], 3, b"out\n", b"err\n"),
        (["no-such-command"], 127, b"", None),
        (["/etc/hosts"], 126, b"", None),
        (["sh", "-c", "exit 127"], 127, b"", b""),
        (["sh", "-c", "kill -9 $$"], 137, b"", b""),
        (["printf", "a\\r\\nb\\0c"], 0, b"a\r\nb\0c", b""),
        ("echo 'two words'", 0, b"two words\n", b""),
        (["cat"], 0, b"", b""),
    ],
)
@pytest.mark.parametrize("way", ["run", "popen", "record", "silent"])
def test_the_same_result_in_every_way(client, box, way, command, code, stdout, stderr):
    if way == "run":
        done = client.run(box, command, capture_output=True)
        got = done.returncode, done.stdout, done.stderr
    elif way == "popen":
        with client.popen(box, command) as process:
            got = (None, *process.communicate())
        got = process.returncode, *got[1:]
    elif way == "record":
        operation = client.execute_command(box, command, record_output=True)
        got = operation.metadata["return"], b"", b""
        if code not in {126, 127}:
            got = got[0], *client.exec_output(operation)
    else:
        done = client.run(box, command, stdout=DEVNULL, stderr=DEVNULL)
        assert (done.stdout, done.stderr) == (None, None)
        got = done.returncode, stdout, stderr
    assert got[:2] == (code, stdout)
    assert stderr is None or got[2] == stderr


def test_run_has_the_options_of_subprocess(client, box):
    done = client.run(
        box,
        ["sh", "-c", "id -u; id -g; pwd; echo $A$B; cat"],
        input="in\r\nput",
        capture_output=True,
        cwd="/tmp",
        env={"A": True, "B": 7},
        group=1001,
        user=1000,
        text=True,
    )
    assert done.stdout == "1000\n1001\n/tmp\ntrue7\nin\nput"
    assert (done.args[0], done.instance, done.returncode) == ("sh", box, 0)


def test_check_raises_what_the_command_said(client, box):
    with pytest.raises(subprocess.CalledProcessError, match="ended with 1: ls: /nope") as caught:
        client.run(box, ["ls", "/nope"], check=True, capture_output=True)
    assert isinstance(caught.value, hyperkit.CalledProcessError)
    assert (caught.value.returncode, caught.value.cmd) == (1, ["ls", "/nope"])
    assert b"No such file" in caught.value.stderr


def test_outputs_go_to_files(client, box, tmp_path, capfdbinary):
    script = ["sh", "-c", "printf 'o\\377'; printf 'e\\377' >&2"]
    with open(tmp_path / "out", "wb") as out, open(tmp_path / "err", "w", errors="replace") as err:
        assert client.run(box, script, stdout=out, stderr=err).stdout is None
        assert not out.closed
    assert (tmp_path / "out").read_bytes() == b"o\xff"
    assert (tmp_path / "err").read_bytes() == b"e\xff"
    text = io.StringIO()
    client.run(box, ["printf", "é€"], stdout=text, stderr=DEVNULL)
    assert text.getvalue() == "é€"
    merged = client.run(box, script, stdout=PIPE, stderr=STDOUT)
    assert (sorted(merged.stdout), merged.stderr) == (sorted(b"o\xffe\xff"), None)
    client.run(box, script)
    assert capfdbinary.readouterr() == (b"o\xff", b"e\xff")


def test_input_comes_from_a_file(client, box, tmp_path):
    content = os.urandom(3 << 20)
    (tmp_path / "in").write_bytes(content)
    with open(tmp_path / "in", "rb") as file:
        done = client.run(box, ["cat"], stdin=file, capture_output=True)
    assert done.stdout == content


def test_input_is_passed_on_as_it_comes(client, box):
    reader, writer = os.pipe()
    seen = []

    class Answering:
        def write(self, data):
            seen.append(data)
            if data == b"one\n":  # not before this has come back, the rest is given
                os.write(writer, b"two\n")
                os.close(writer)

    os.write(writer, b"one\n")
    with os.fdopen(reader, "rb") as source:
        client.run(box, ["cat"], stdin=source, stdout=Answering(), timeout=20)
    assert b"".join(seen) == b"one\ntwo\n"


def test_input_that_nobody_reads_does_not_hold_up_the_end(client, box):
    assert client.run(box, ["sh", "-c", "exit 4"], input=bytes(8 << 20)).returncode == 4


def test_a_file_that_cannot_be_written_ends_the_command(client, box):
    class Full(io.RawIOBase):
        def write(self, data):
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        client.run(box, ["sh", "-c", "echo a; exec sleep 96"], stdout=Full())
    assert b"sleep 96" not in client.run(box, "ps", capture_output=True).stdout


def test_a_timeout_kills_and_keeps_what_was_written(client, box):
    begin = time.monotonic()
    script = ["sh", "-c", "echo begun; exec sleep 97"]
    with pytest.raises(hyperkit.TimeoutExpired, match="longer than 0.5 seconds") as caught:
        client.run(box, script, timeout=0.5, capture_output=True, text=True)
    assert time.monotonic() - begin < 60
    assert (caught.value.stdout, caught.value.stderr) == ("begun\n", "")
    assert isinstance(caught.value, (TimeoutError, subprocess.TimeoutExpired))
    assert b"sleep 97" not in client.run(box, "ps", capture_output=True).stdout


def test_a_timeout_does_not_wait_for_children(client, box):
    begin = time.monotonic()
    with pytest.raises(subprocess.TimeoutExpired):
        client.run(box, ["sh", "-c", "sleep 5; true"], timeout=0.5, stdout=DEVNULL)
    assert time.monotonic() - begin < 5


def test_lines_are_read_as_they_come(client, box):
    with client.popen(box, ["sh", "-c", "while read a; do echo got $a; done"], text=True) as talk:
        for word in ("one", "zwölf", "three"):
            talk.stdin.write(word + "\n")
            assert talk.stdout.readline() == f"got {word}\n"
        assert talk.poll() is None
        with pytest.raises(hyperkit.TimeoutExpired):
            talk.wait(0.1)
        talk.stdin.close()
        assert list(talk.stdout) == []
        assert talk.wait(10) == 0


def test_signals_reach_the_command(client, box):
    script = "trap 'echo hup' HUP; trap 'exit 9' TERM; echo ready; while true; do sleep 0.1; done"
    with client.popen(box, ["sh", "-c", script]) as process:
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGHUP)
        assert process.stdout.readline() == b"hup\n"
        process.terminate()
    assert process.returncode == 9
    process.kill()


def test_a_block_that_raises_kills(client, box):
    with pytest.raises(ZeroDivisionError), client.popen(box, ["sleep", "98"]) as process:
        raise ZeroDivisionError
    assert b"sleep 98" not in client.run(box, "ps", capture_output=True).stdout
    assert process.poll() == 137


def test_communicate_goes_on_after_a_timeout(client, box):
    with client.popen(box, ["sh", "-c", "echo a; sleep 1; cat"]) as process:
        with pytest.raises(hyperkit.TimeoutExpired) as caught:
            process.communicate(b"b", timeout=0.3)
        assert caught.value.stdout == b"a\n"
        assert process.communicate() == (b"a\nb", b"")


def test_unread_output_does_not_hold_up_the_end(client, box):
    with client.popen(box, ["sh", "-c", "yes | head -c 4000000; exit 5"]) as process:
        assert process.stdout.readline() == b"y\n"
    assert process.returncode == 5


def test_a_terminal_has_a_size_that_can_be_changed(client, box):
    with client.popen(box, ["sh"], pty=True, width=91, height=31, text=True) as shell:
        assert shell.stderr is None
        shell.stdin.write("stty size; sleep 0.5; exit 3\n")
        assert "31 91" in shell.stdout.read()
        assert shell.wait(10) == 3
    with client.popen(box, ["sh"], pty=True) as shell:
        shell.resize(101, 41)
        shell.stdin.write(b"sleep 0.2; stty size; sleep 0.5; exit\n")
        assert b"41 101" in shell.communicate()[0]


@pytest.mark.parametrize("size", [2, 64])
def test_every_byte_of_output_arrives(client, box, size):
    script = f"dd if=/dev/zero bs=1M count={size} 2>/dev/null | tr '\\0' x; echo end >&2"
    done = client.run(box, ["sh", "-c", script], capture_output=True)
    assert len(done.stdout) == size << 20
    assert (done.stdout.strip(b"x"), done.stderr) == (b"", b"end\n")


def test_every_byte_of_input_arrives(client, box):
    content = os.urandom(8 << 20)
    done = client.run(box, ["md5sum"], input=content, capture_output=True, text=None)
    assert done.stdout.split()[0].decode() == hashlib.md5(content).hexdigest()


@pytest.fixture
def slow(lab, connect, mode, tmp_path):
    """A client whose link to the server carries 1 MiB a second, and that link."""
    if mode[1] == "socket":
        with SlowLink(lab["socket"], str(tmp_path / "slow"), 1 << 20) as link:
            yield connect(api_endpoint=f"unix://{link.address}"), link
        return
    host, _, port = lab["https_url"].removeprefix("https://").partition(":")
    with SlowLink((host, int(port)), ("127.0.0.1", 0), 1 << 20) as link:
        yield connect(api_endpoint=f"https://127.0.0.1:{link.address[1]}"), link


@pytest.mark.parametrize("size", [2, 64])
def test_every_byte_of_output_arrives_on_a_slow_link(slow, box, size, mode):
    if size > 2 and mode[1] == "socket":
        pytest.skip("a minute is enough")
    script = f"dd if=/dev/zero bs=1M count={size} 2>/dev/null | tr '\\0' x; echo end >&2; exit 7"
    done = slow[0].run(box, ["sh", "-c", script], capture_output=True)
    assert len(done.stdout) == size << 20
    assert (done.stdout.strip(b"x"), done.stderr, done.returncode) == (b"", b"end\n", 7)


def test_every_byte_of_input_arrives_on_a_slow_link(slow, box):
    content = os.urandom(4 << 20)
    done = slow[0].run(box, ["md5sum"], input=content, capture_output=True)
    assert done.stdout.split()[0].decode() == hashlib.md5(content).hexdigest()


def test_a_cut_is_an_error(slow, box):
    client, link = slow
    with (
        pytest.raises(hyperkit.ConnectionFailed),
        client.popen(box, ["sh", "-c", "yes | head -c 8000000"]) as process,
    ):
        process.stdout.read(1 << 20)
        link.hang_up()
        process.stdout.read()


def test_many_commands_run_at_once(client, box):
    def work(number):
        for again in range(10):
            text = f"{number}-{again}"
            done = client.run(box, ["echo", text], capture_output=True, text=True, check=True)
            assert done.stdout == text + "\n"

    with ThreadPoolExecutor(20) as threads:
        list(threads.map(work, range(20)))


def test_what_does_not_run_takes_no_command(client, box, name):
    with pytest.raises(hyperkit.NotFound):
        client.run(f"{box}-no", "true")
    client.create_container(name, alias="busybox")
    with pytest.raises(hyperkit.BadRequest, match="not running"):
        client.popen(name, "true")


@pytest.mark.fault(
    "server killed and restarted: exec",
    "ConnectionFailed, OperationGone or a `gap`; the work is started once",
)
def test_a_restart_is_an_error(client, box, restart):
    process = client.popen(box, ["sh", "-c", "echo begun; sleep 60"])
    try:
        assert process.stdout.readline() == b"begun\n"
        restart()
        with pytest.raises(hyperkit.ConnectionFailed):
            process.stdout.read()
        with pytest.raises(hyperkit.OperationGone):
            process.wait(30)
    finally:
        process.close()
