"""Small real servers on this machine, which count their connections."""

import contextlib
import datetime as dt
import ipaddress
import json
import socket
import socketserver
import ssl
import threading
from http.server import BaseHTTPRequestHandler

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def envelope(metadata=None, **fields):
    body = {"type": "sync", "status": "Success", "status_code": 200, "metadata": metadata}
    return json.dumps(body | fields).encode()


def refused(code, text):
    return json.dumps({"type": "error", "error": text, "error_code": code}).encode()


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Answers with what `answer(handler)` returns: (status, headers, bytes) or None to hang up."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, address, answer, family, context=None):
        self.address_family = family
        self.answer = answer
        self.context = context
        self.connections = 0
        self.requests = []
        self.open = []
        super().__init__(address, Handler)
        if family == socket.AF_INET:
            self.place = place_of(self.socket)
            self.url = f"{'https' if context else 'http'}://{self.place}"

    def get_request(self):
        connection, address = super().get_request()
        self.connections += 1
        if self.context:
            try:
                connection = self.context.wrap_socket(connection, server_side=True)
            except (OSError, ssl.SSLError):
                connection.close()
                raise
        self.open.append(connection)
        return connection, address

    def server_bind(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def handle_error(self, request, client_address):
        pass

    def hang_up(self):
        for connection in self.open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        self.open.clear()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_any(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.body = self.rfile.read(length)
        self.server.requests.append(self)
        answer = self.server.answer(self)
        if answer is None:
            self.close_connection = True
            return
        status, headers, content = answer
        self.send_response(status)
        if "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        if "Content-Length" in headers:
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = handle_any

    def log_message(self, *args):
        pass


@contextlib.contextmanager
def running(server):
    """Let a server of the standard library's work in a thread of its own."""
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()


@contextlib.contextmanager
def serving(address, answer, *, context=None):
    """Serve what `answer` says, at a socket's path or at (host, port)."""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with Server(address, answer, family, context) as server, running(server):
        try:
            yield server
        finally:
            server.hang_up()


def place_of(listener):
    """Write where a socket listens, as HOST:PORT."""
    return "{}:{}".format(*listener.getsockname())


def free_place():
    """Find a HOST:PORT where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return place_of(listener)


def key_pair(folder, name, *, host="127.0.0.1", days=30, password=None, since=-60):
    """Write NAME.crt and NAME.key, and return their paths."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = dt.datetime.now(dt.UTC)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    names = [x509.IPAddress(ipaddress.ip_address(host))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + dt.timedelta(days=since))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    encryption = (
        serialization.BestAvailableEncryption(password.encode())
        if password
        else serialization.NoEncryption()
    )
    paths = folder / f"{name}.crt", folder / f"{name}.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
        )
    )
    return [str(path) for path in paths]


def tls(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


@contextlib.contextmanager
def shaking_hands(pair, authority):
    """Shake hands once; hand out where, and what is shown and said there: a list that fills."""
    context = tls(*pair)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(authority)
    seen = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def look():
            with context.wrap_socket(listener.accept()[0], server_side=True) as peer:
                shown, said = peer.getpeercert(binary_form=True), b""
                # Who leaves without having read the session tickets resets the connection.
                with contextlib.suppress(ConnectionResetError):
                    said = peer.recv(100)
                seen.append((shown, said))

        thread = threading.Thread(target=look)
        thread.start()
        yield place_of(listener), seen
        thread.join()
