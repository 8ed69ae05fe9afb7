"""A proxy of the tests' own: it opens tunnels with CONNECT, and remembers where to."""

import contextlib
import socket
import socketserver
import threading
from http.client import parse_headers

from unit.servers import place_of, running


class Tunnel(socketserver.StreamRequestHandler):
    def handle(self):
        method, target, _ = self.rfile.readline().decode().split()
        self.server.headers = parse_headers(self.rfile)
        self.server.asked.append((method, target))
        host, _, port = target.rpartition(":")
        with socket.create_connection((host, int(port))) as there:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=pump, args=(there, self.connection), daemon=True)
            back.start()
            pump(self.connection, there)
            back.join(5)


def pump(source, destination):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            destination.sendall(data)
    with contextlib.suppress(OSError):
        destination.shutdown(socket.SHUT_WR)


class Proxy(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@contextlib.contextmanager
def proxying():
    with Proxy(("127.0.0.1", 0), Tunnel) as proxy, running(proxy):
        proxy.asked = []
        proxy.url = f"http://{place_of(proxy.socket)}"
        yield proxy
