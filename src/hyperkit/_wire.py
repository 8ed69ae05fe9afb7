"""A connected socket that one thread reads while another writes, and any may shut."""

from __future__ import annotations

import math
import select
import socket
import threading
import time
from contextlib import suppress
from ssl import SSLWantReadError, SSLWantWriteError

# How much is read at once.
CHUNK = 256 * 1024
# What a socket waits at most, in seconds: 23 days. The system counts milliseconds in 31 bits.
LONGEST = 2_000_000
# After so much silence on a network, the kernel asks whether anybody is there.
_KEEPALIVE = {"TCP_KEEPIDLE": 15, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}


class Wire:
    """Moves bytes, and waits outside of the socket: TLS knows one call at a time.

    Args:
        connected: the socket, plain or with TLS; it is this object's from now on.
    """

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._lock = threading.RLock()  # the collector may close it in the midst of a read
        connected.settimeout(0)
        if connected.family in {socket.AF_INET, socket.AF_INET6}:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, value in _KEEPALIVE.items():
                if hasattr(socket, name):  # Linux has them all
                    connected.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)

    def read(self, deadline: float | None = None) -> bytes:
        """Wait for bytes; none at the end.

        Args:
            deadline: until when, on the monotonic clock; None for no limit.

        Raises:
            OSError: the connection broke; a TimeoutError if nothing came in time.
        """
        while True:
            try:
                with self._lock:
                    return self._socket.recv(CHUNK)
            except SSLWantWriteError:
                self._wait(select.POLLOUT, deadline)
            except (SSLWantReadError, BlockingIOError):
                self._wait(select.POLLIN, deadline)

    def write(self, data: memoryview, deadline: float | None = None) -> memoryview:
        """Write, and wait where the other side does not read.

        Args:
            data: bytes.
            deadline: until when, on the monotonic clock; None for no limit.

        Returns:
            What could not be written in time.

        Raises:
            OSError: the connection broke.
        """
        with suppress(TimeoutError):
            while data:
                try:
                    with self._lock:
                        data = data[self._socket.send(data) :]
                except SSLWantReadError:
                    self._wait(select.POLLIN, deadline)
                except (SSLWantWriteError, BlockingIOError):
                    self._wait(select.POLLOUT, deadline)
        return data

    def shut(self) -> None:
        """End it: whoever waits for it stops waiting."""
        with self._lock, suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give the socket back to the system; nobody may be waiting for it."""
        self._socket.close()

    def _wait(self, event: int, deadline: float | None) -> None:
        poller = select.poll()
        poller.register(self._socket, event)
        left = math.inf if deadline is None else max(0.0, deadline - time.monotonic())
        if not poller.poll(min(left, LONGEST) * 1000) and left <= LONGEST:
            raise TimeoutError
