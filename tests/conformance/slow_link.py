"""A link between a client and a server that carries only so much a second, and can be cut."""

import contextlib
import socket
import time

from unit.listener import Listener

BLOCK = 32 * 1024


class SlowLink(Listener):
    """Forwards connections, each at its pace.

    Args:
        target: a socket's path, or (host, port).
        address: where to listen: of the same kind.
        rate: bytes per second, in each direction of each connection.
    """

    def __init__(self, target, address, rate):
        self.target = target
        self.rate = rate
        self.open = []
        # Small buffers, lest the whole output fit into them.
        super().__init__(address, room=BLOCK)

    def take(self, near):
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

    def hang_up(self):
        for one in self.open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
