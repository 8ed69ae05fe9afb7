"""What servers and proxies of the tests' own share: they listen, and work in threads."""

import contextlib
import socket
import threading


class Listener:
    """Listens until its block ends; a subclass says what becomes of a connection: `take`.

    Args:
        address: where: a socket's path, or (host, port).
        room: bytes that fit into the socket of a client; None leaves it to the system.
    """

    def __init__(self, address, room=None):
        self.family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.threads = []
        self.listener = socket.socket(self.family)
        if room is not None:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, room)
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
        self.hang_up()
        for thread in self.threads:
            thread.join(10)

    def hang_up(self):
        """Cut the connections that there are."""

    def start(self, work, *arguments):
        self.threads.append(threading.Thread(target=work, args=arguments, daemon=True))
        self.threads[-1].start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            self.take(near)
