"""A proxy that cuts connections where a test wants it."""

import contextlib
import socket
import struct
import threading

from unit.listener import Listener

BLOCK = 64 * 1024
AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: what is on its way is thrown away


class Plan:
    """A cut that is to come.

    Args:
        mark: what has to have gone up on a connection, before bytes are counted.
        up: bytes to the server, from the mark on, that are let through.
        down: bytes from the server, after the mark has gone up, that are let through.
        times: how many connections.
    """

    def __init__(self, mark, up, down, times):
        self.mark, self.up, self.down, self.left = mark, up, down, times


class Breaker(Listener):
    """Forwards connections, until one is to be cut.

    Args:
        target: a socket's path, or (host, port).
        address: where to listen: of the same kind.

    Attributes:
        accepted: how many connections there have been.
        cuts: how many of them were cut.
        seen: the first line of everything that has gone up.
    """

    def __init__(self, target, address):
        self.target = target
        self.accepted = self.cuts = 0
        self.seen = []
        self.plans = []
        self.open = []
        self.lock = threading.Lock()
        super().__init__(address)

    def cut(self, mark=b"", *, up=None, down=None, times=1):
        """Plan to cut connections; see `Plan`. Without a mark, from the first byte on."""
        self.plans.append(Plan(mark, up, down, times))

    def sent(self, mark):
        """Count the requests that begin with this."""
        return sum(line.startswith(mark) for line in self.seen)

    def hang_up(self):
        """Cut all connections, now."""
        with self.lock:
            pairs, self.open = self.open, []
        for pair in pairs:
            close(pair)

    def take(self, near):
        self.accepted += 1
        if any(plan.left and not plan.mark and plan.up == 0 for plan in self.plans):
            self.struck(next(plan for plan in self.plans if plan.left and plan.up == 0))
            close([near])
            return
        far = socket.socket(self.family)
        far.connect(self.target)
        pair = [near, far]
        with self.lock:
            self.open.append(pair)
        passing = Passing(self, pair)
        self.start(passing.go_up)
        self.start(passing.go_down)

    def struck(self, plan):
        plan.left -= 1
        self.cuts += 1


class Passing:
    """One connection on its way through."""

    def __init__(self, breaker, pair):
        self.breaker = breaker
        self.pair = pair
        self.plan = None
        self.left = None

    def go_up(self):
        near, far = self.pair
        with contextlib.suppress(OSError):
            while block := near.recv(BLOCK):
                self.look(block)
                if self.plan is not None and self.plan.up is not None:
                    begin = block.find(self.plan.mark) if self.left is None else 0
                    end = begin + (self.plan.up if self.left is None else self.left)
                    if end < len(block):
                        far.sendall(block[:end])
                        return self.strike()
                    self.left = end - len(block)
                far.sendall(block)
        with contextlib.suppress(OSError):
            far.shutdown(socket.SHUT_WR)

    def go_down(self):
        near, far = self.pair
        left = None
        with contextlib.suppress(OSError):
            while block := far.recv(BLOCK):
                if self.plan is not None and self.plan.down is not None:
                    left = self.plan.down if left is None else left
                    if left < len(block):
                        near.sendall(block[:left])
                        return self.strike()
                    left -= len(block)
                near.sendall(block)
        with contextlib.suppress(OSError):
            near.shutdown(socket.SHUT_WR)

    def look(self, block):
        self.breaker.seen.append(block[:200].split(b"\r\n")[0])
        if self.plan is not None:
            return
        for plan in self.breaker.plans:
            if plan.left and plan.mark in block:
                self.plan = plan
                return

    def strike(self):
        self.breaker.struck(self.plan)
        close(self.pair, gently=self.plan.down)


def close(sockets, *, gently=None):
    """End connections: what has been let through still arrives, if ``gently``."""
    for one in sockets:
        with contextlib.suppress(OSError):
            if not gently:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
            one.shutdown(socket.SHUT_RDWR)
        one.close()
