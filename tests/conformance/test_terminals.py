"""Shells and consoles on a real pseudo-terminal, and SFTP."""

import fcntl
import io
import os
import pty
import select
import signal
import stat
import struct
import subprocess
import sys
import termios
import time

import pytest
from conformance.reached import REACHED

import hyperkit

pytestmark = [pytest.mark.live_only, pytest.mark.usefixtures("nothing_left_behind")]


class Screen:
    """A terminal with a program on it, typed at by a test."""

    def __init__(self, lab, code):
        self.master, self.slave = pty.openpty()
        self.resize(91, 31)
        self.before = termios.tcgetattr(self.slave)
        self.seen = b""
        self.program = subprocess.Popen(
            [sys.executable, "-c", f"import sys, hyperkit\n{code}"],
            stdin=self.slave,
            stdout=self.slave,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env=os.environ | {"HYPERKIT_API_ENDPOINT": f"unix://{lab['socket']}", "TERM": "vt100"},
        )

    def resize(self, width, height):
        size = struct.pack("HHHH", height, width, 0, 0)
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, size)

    def knock(self, text, keys=b"\r", seconds=15):
        """Press these keys until somebody answers: what is typed too early is lost."""
        deadline = time.monotonic() + seconds
        while text not in self.seen:
            assert time.monotonic() < deadline, f"{text} was not shown, but {self.seen}"
            self.type(keys)
            while select.select([self.master], [], [], 1)[0] and text not in self.seen:
                self.seen += os.read(self.master, 4096)

    def type(self, text):
        os.write(self.master, text)

    def until(self, text, seconds=15):
        """Read until this has been shown since the last time."""
        deadline = time.monotonic() + seconds
        while text not in self.seen:
            ready, _, _ = select.select([self.master], [], [], deadline - time.monotonic())
            assert ready, f"{text} was not shown, but {self.seen}"
            self.seen += os.read(self.master, 4096)
        shown, _, self.seen = self.seen.partition(text)
        return shown

    def end(self):
        code = self.program.wait(15)
        assert termios.tcgetattr(self.slave) == self.before, "the terminal was not set back"
        return code

    def close(self):
        if self.program.poll() is None:
            self.program.kill()
            self.program.wait()
        self.program.stderr.close()
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def screen(lab):
    opened = []

    def show(code):
        opened.append(Screen(lab, code))
        return opened[-1]

    yield show
    for one in opened:
        one.close()


@pytest.fixture
def box(client, running, mode):
    if mode[1] == "https":
        pytest.skip("the program has a connection of its own")
    return running


def test_a_shell_has_the_callers_terminal(screen, box):
    shell = screen(f"sys.exit(hyperkit.shell({box!r}, 'sh'))")
    shell.until(b"# ")
    shell.type(b"stty size; echo $TERM\r")
    shell.until(b"31 91\r\nvt100\r\n")
    shell.resize(120, 40)
    shell.knock(b"40 120\r\n", keys=b"stty size\r")
    shell.until(b"# ")
    shell.type(b"sleep 100\r")
    time.sleep(0.3)
    shell.type(b"\x03")
    shell.until(b"# ")
    shell.type(b"exit 7\r")
    assert shell.end() == 7


def test_a_shell_is_chosen_if_none_is_named(screen, box):
    shell = screen(f"sys.exit(hyperkit.shell({box!r}))")
    shell.until(b"# ")
    # One after the other: LXD 5.0 may lose what a terminal shows as it ends.
    shell.type(b"id -u\r")
    shell.until(b"\r\n0\r\n")
    shell.type(b"exit\r")
    assert shell.end() == 0


def test_the_terminal_is_set_back_when_the_program_is_ended(screen, box):
    shell = screen(f"hyperkit.shell({box!r}, 'sh')")
    shell.until(b"# ")
    shell.program.send_signal(signal.SIGTERM)
    assert shell.end() == 128 + signal.SIGTERM


def test_the_terminal_is_set_back_when_the_server_is_gone(screen, box, restart):
    shell = screen(f"hyperkit.shell({box!r}, 'sh')")
    shell.until(b"# ")
    restart()
    assert shell.end() == 1
    assert b"ConnectionFailed" in shell.program.stderr.read()


def test_a_console_is_left_by_its_keys(screen, box):
    console = screen(f"hyperkit.console({box!r}); print('detached')")
    console.knock(b"# ")
    console.type(b"echo he''llo\r")
    console.until(b"\nhello\r")
    console.type(b"\x01q")
    console.until(b"detached")
    assert console.end() == 0
    # The program's own connection is not listened to.
    REACHED.note("POST", f"/1.0/instances/{box}/console")


def test_the_log_of_a_console_is_read_and_cleared(client, running):
    seen = []
    client.wait_for_instance(
        running,
        until=lambda state: seen.append(client.console_log(running)) or b"BusyBox" in seen[-1],
        timeout=20,
    )
    client.delete_console_log(running)
    assert client.console_log(running) == b""
    with pytest.raises(hyperkit.NotFound):
        client.console_log(f"{running}-no")


def test_a_console_ends_with_its_instance(screen, box, client):
    console = screen(f"hyperkit.console({box!r}); print('ended')")
    console.knock(b"# ")
    client.stop_container(box, force=True)
    console.until(b"ended")
    assert console.end() == 0


def test_without_a_terminal_there_is_no_shell(client, running, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    for call in (client.shell, client.console):
        with pytest.raises(hyperkit.ArgumentError, match="no terminal.*run.*console_log"):
            call(running)


def test_a_container_has_no_screen(client, running):
    with pytest.raises(hyperkit.APIError):
        client.console(running, type="vga")


def test_every_byte_goes_by_sftp(client, running, tmp_path):
    content = os.urandom(3 << 20)
    with client.sftp_client(running) as sftp:
        assert "etc" in sftp.listdir("/")
        with sftp.open("/root/big", "wb") as file:
            file.set_pipelined()
            file.write(content)
        sftp.chmod("/root/big", 0o640)
        assert stat.S_IMODE(sftp.stat("/root/big").st_mode) == 0o640
        sftp.get("/root/big", str(tmp_path / "big"))
    assert (tmp_path / "big").read_bytes() == content
    assert client.read_file(running, "/root/big") == content


def test_sftp_is_a_socket_too(client, running):
    with client.sftp(running) as connection:
        connection.sendall(bytes([0, 0, 0, 5, 1, 0, 0, 0, 3]))
        assert connection.recv(9)[4:] == bytes([2, 0, 0, 0, 3])
    with pytest.raises(hyperkit.NotFound):
        client.sftp(f"{running}-no")
