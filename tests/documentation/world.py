"""A world for examples to run in: embedded servers, and what stands for the rest of it."""

import io
import logging
import re
import socket
import tarfile
import tempfile
import threading
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from conformance.image_server import serving_image
from conformance.object_store import taking_objects

import hyperkit
from hyperkit.testing import Server
from hyperkit.testing._keys import key_pair

# The servers that examples are run on: the second, where the first cannot do it.
FLAVOURS = ("incus-7", "lxd-6")
LACKING = (hyperkit.MissingExtension, hyperkit.NotImplementedByServer)
# What only a server on the network does, or a second one.
FAR = re.compile(
    r"https://(host|10)|remote:|token=True|_token\("
    r"|\b(current_identity|east|member|newcomer|other|stranger|trust\(|west)\b"
)


class World(NamedTuple):
    """What an example finds.

    Attributes:
        client: of `server`; the default client is another one.
        known: the names that it knows.
        server: the embedded server.
        substitutes: what stands here for places elsewhere.
    """

    client: hyperkit.Client
    known: dict
    server: Server
    substitutes: dict

    def adapt(self, text):
        """Put what is here in the place of what is elsewhere."""
        for place, substitute in self.substitutes.items():
            text = text.replace(place, substitute)
        return text


@contextmanager
def world(flavour, text):
    """Make a world for the examples in a text.

    The working folder and the home are an empty one, with the files that the text speaks of.
    """
    with ExitStack() as stack:
        environment = stack.enter_context(pytest.MonkeyPatch.context())
        stack.enter_context(logging_as_it_was())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        far = bool(FAR.search(text))
        server = stack.enter_context(Server(flavour, tls=far))
        local = f"unix://{server.socket}"
        client = server.client(**{} if "current_identity" in text else {"api_endpoint": local})
        known = {
            "access_key": "AKIA",
            "client": client,
            "connect": lambda url, access_key, secret_key: None,
            "hyperkit": hyperkit,
            "secret_key": "secret",
            "server": server,
        }
        here = World(client, known, server, {})
        # Nobody presses Ctrl-C.
        here.substitutes['types="lifecycle")'] = 'types="lifecycle", timeout=0.2)'
        here.substitutes['types="lifecycle", timeout=5)'] = 'types="lifecycle", timeout=0.2)'
        for name in ("LXD_CONF", "INCUS_CONF", "XDG_CONFIG_HOME"):
            environment.delenv(name, raising=False)
        environment.setenv("HOME", str(folder))
        environment.setenv("HYPERKIT_API_ENDPOINT", local)
        environment.chdir(folder)
        keep_files(folder, server, text)
        if far:
            environment.setenv("REQUESTS_CA_BUNDLE", str(folder / "own.crt"))
            look_farther(stack, here, folder, text)
        if '"https://images.linuxcontainers.org"' in text:
            alpine = stack.enter_context(serving_image(packed("alpine"), "alpine/edge"))
            here.substitutes["https://images.linuxcontainers.org"] = alpine
            client.delete_image_alias("busybox")
        elif re.search("image_from_(remote|url)|refresh_image", text):
            serve_images(stack, here, text)
        if "connect_instance_port" in text:
            listen(stack, server)
        if "https://s3.example.net" in text:
            url, _ = stack.enter_context(taking_objects())
            here.substitutes["https://s3.example.net"] = url
        hyperkit.reset()
        try:
            yield here
        finally:
            environment.undo()
            hyperkit.reset()


@contextmanager
def logging_as_it_was():
    """Take back what an example has set of the logging, which is the whole process's."""
    loggers = [logging.getLogger(name) for name in (None, "hyperkit")]
    before = [(one.level, list(one.handlers)) for one in loggers]
    try:
        yield
    finally:
        for one, (level, handlers) in zip(loggers, before, strict=True):
            one.setLevel(level)
            one.handlers[:] = handlers


def look_farther(stack, here, folder, text):
    """Put the server on the network, with another one and clients of both."""
    server = here.server
    other = stack.enter_context(Server(server.flavour, tls=True))
    pair = key_pair("stranger")
    stranger = hyperkit.Client(
        api_endpoint=server.url,
        client_cert=pair.certificate,
        client_key=pair.key,
        server_cert=server.certificate,
    )
    there = other.client()
    # On the newcomer's machine nothing leads to the local server.
    newcomer = hyperkit.Client(
        api_endpoint=server.url, client_cert=pair.certificate, client_key=pair.key
    )
    fingerprint = hyperkit.server_certificate(server.url).fingerprint
    here.known.update(fingerprint=fingerprint, newcomer=stack.enter_context(newcomer))
    here.substitutes["Client(client_cert="] = f'Client(api_endpoint="{server.url}", client_cert='
    here.known.update(east=here.client, member=here.client, other=there, west=there)
    issuer = server if ".trust(" in text else other
    here.known.update(stranger=stack.enter_context(stranger), token=issuer.token())
    for place, one in {"host": server, "10.0.0.1": server, "10.0.0.2": other}.items():
        here.substitutes[f"https://{place}:8443"] = one.url
        here.substitutes[f"{place}:8443"] = one.url.removeprefix("https://")
    for name, one in {"own": server, "one": server, "two": other}.items():
        (folder / f"{name}.crt").write_text(one.certificate)
    keep_remote(folder / ".config" / "incus", other)
    if "newcomer" not in text:
        server.add_trust(key_pair("remote").certificate, name="remote")
    if '"fast"' in text:
        there.create_storage_pool("fast", driver="dir")
    if "copy_image" in text:
        there.delete_image(there.images()[0])


def keep_remote(folder, server):
    """Let the ``incus`` command's configuration know a server as ``backup``."""
    pair = key_pair("remote")
    server.add_trust(pair.certificate, name="remote")
    (folder / "servercerts").mkdir(parents=True)
    (folder / "servercerts" / "backup.crt").write_text(server.certificate)
    (folder / "client.crt").write_text(pair.certificate)
    (folder / "client.key").write_text(pair.key)
    remotes = {"backup": {"addr": server.url, "protocol": "incus"}}
    (folder / "config.yml").write_text(yaml.safe_dump({"remotes": remotes}))


def listen(stack, server):
    """Let something answer at port 80 of ``web``."""
    listening = socket.create_server(("127.0.0.1", 0))
    server.add_port("web", 80, local=listening.getsockname()[1])

    def answer():
        # Where the server has no such thing, nobody comes before the end.
        with suppress(OSError), listening.accept()[0] as connection:
            connection.recv(100)
            connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n")

    thread = threading.Thread(target=answer)
    thread.start()
    stack.callback(listening.close)
    stack.callback(thread.join)
    stack.callback(listening.shutdown, socket.SHUT_RDWR)


def serve_images(stack, here, text):
    """Serve images, at the addresses that stand for those on the internet."""
    page = stack.enter_context(serving_image(packed("page"), "busybox"))
    images = stack.enter_context(serving_image(packed("debian"), "debian/12"))
    here.substitutes["https://images.example.net/busybox"] = f"{page}/page"
    here.substitutes["https://images.example.net"] = images
    if "refresh_image(" in text:
        here.client.create_image_from_remote(
            images, alias="debian/12", aliases=["debian/12"], protocol="simplestreams"
        )


def keep_files(folder, server, text):
    """Make the files that a text speaks of."""
    files = {
        "busybox.tar.gz": packed("busybox"),
        "dump.sql": b"select 1;\n",
        "may": b"all well",
        "meta.tar.xz": packed("split"),
        "motd": b"Welcome\n",
        "rootfs.squashfs": b"hsqs" + bytes(92),
        "server.crt": server.certificate.encode(),
        "site.tar": bytes(10240),
    }
    for name in ("client", "desk", "laptop", "new", "office", "prometheus", "web"):
        pair = key_pair(name)
        files |= {f"{name}.crt": pair.certificate.encode(), f"{name}.key": pair.key.encode()}
    for name, content in files.items():
        if name in text:
            (folder / name).write_bytes(content)
    if "site" in text or "/srv/www" in text:
        (folder / "site").mkdir()
        (folder / "site" / "index.html").write_text("<p>Welcome</p>\n")
    if '"images"' in text:
        (folder / "images").mkdir()


def packed(name):
    """Pack an image that has no files of its own."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        entry = tarfile.TarInfo("metadata.yaml")
        text = f"architecture: x86_64\ncreation_date: 1\nproperties: {{os: {name}}}\n".encode()
        entry.size = len(text)
        tar.addfile(entry, io.BytesIO(text))
    return content.getvalue()
