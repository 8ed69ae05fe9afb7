"""A link between a client and a server that carries only so much a second, and can be cut."""

import contextlib
import socket
import threading
import time

BLOCK = 32 * 1024


class SlowLink:
    """Forwards connections, each at its pace.

    Args:
        target: a socket's path, or (host, port).
        address: where to listen: of the same kind.
        rate: bytes per second, in each direction of each connection.
    """

    def __init__(self, target, address, rate):
        family = socket.AF_UNIX if isinstance(target, str) else socket.AF_INET
        self.family, self.target, self.rate = family, target, rate
        self.threads = []
        self.open = []
        self.listener = socket.socket(family)
        # Small buffers, lest the whole output fit into them.
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BLOCK)
        self.listener.bind(address)
        self.listener.listen(64)
        self.address = self.listener.getsockname()
        self.start(self.accept)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.cut()
        for thread in self.threads:
            thread.join(10)

    def start(self, work, *arguments):
        self.threads.append(threading.Thread(target=work, args=arguments))
        self.threads[-1].start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.socket(self.family)
            far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BLOCK)
            far.connect(self.target)
            self.open += [near, far]
            self.start(self.forward, near, far)
            self.start(self.forward, far, near)

    def forward(self, source, target):
        with contextlib.suppress(OSError):
            while block := source.recv(BLOCK):
                target.sendall(block)
                time.sleep(len(block) / self.rate)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def cut(self):
        for one in self.open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
