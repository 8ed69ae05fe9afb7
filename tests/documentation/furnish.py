"""A world for examples to run in: an embedded server, and what they speak of."""

import io
import re
import tarfile
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

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
FAR = (
    r"https://(host|10)|remote:|token=True|_token\(|s3\."
    r"|\b(current_identity|east|member|other|stranger|west)\b"
)
RULE = {"action": "allow", "protocol": "tcp", "destination_port": "80", "state": "enabled"}
# What the shell of the built-in image does not have, and the examples call.
COMMANDS = ("apt-get", "cloud-init", "make", "psql")
NETWORK = {"ipv4.address": "10.7.0.1/24", "ipv6.address": "none"}
CARD = {"type": "nic", "network": "br0", "name": "eth0"}
NOTHING_OF_ITS_OWN = {"features.images": False, "features.profiles": False}
# How instances are spoken of, and what is done only with those that do not run.
SPOKEN = {
    "db": r"\bdb\b",
    "web": r"(?<!profile)(?<!acl)\(\"web[\"/]|'web'|container/web|instances/web|instances_state"
    r'|push_\w+\("[\w.]+", "web"|metric_samples|import_instance|operations\(recursion|"web" in',
    "a": r'"a", "b"',
    "b": r'"a", "b"',
    "web-1": "'web-1'",
    "web-2": "'web-2'",
}
STOPPED = (
    r'\b(start|delete|rebuild|rename|move)_(instance|container)\("{0}"'
    r'|from_container\("{0}"|state\("start'
)


class World(NamedTuple):
    """What an example finds.

    Attributes:
        client: of `server`.
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
def world(flavour, text, folder, monkeypatch):
    """Make a world for a text.

    Args:
        flavour: of its server.
        text: the examples that will be run.
        folder: an empty one, which becomes the working folder and the home.
        monkeypatch: pytest's.
    """
    far = bool(re.search(FAR, text))
    for name in ("LXD_CONF", "INCUS_CONF", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.chdir(folder)
    with ExitStack() as stack:
        server = stack.enter_context(Server(flavour, tls=far))
        socket = f"unix://{server.socket}"
        client = server.client(**{} if "current_identity" in text else {"api_endpoint": socket})
        known = {
            "access_key": "AKIA",
            "client": client,
            "connect": lambda url, access_key, secret_key: None,
            "hyperkit": hyperkit,
            "secret_key": "secret",
            "server": server,
        }
        substitutes = {
            "https://host:8443": server.url,
            'types="lifecycle")': 'types="lifecycle", timeout=0.2)',  # nobody presses Ctrl-C
            'types="lifecycle", timeout=5)': 'types="lifecycle", timeout=0.2)',
        }
        keep_files(folder, server, text)
        if far:
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(folder / "own.crt"))
            (folder / "own.crt").write_text(server.certificate)
            other = stack.enter_context(Server(flavour, tls=True))
            trusting = [other] if "newcomer" in text else [other, server]
            keep_remote(folder / ".config" / "incus", other, trusting)
            known |= {"east": client, "member": client, "stranger": a_stranger(stack, server)}
            known |= dict.fromkeys(("other", "west"), other.client())
            known["token"] = other.token()
            substitutes |= {
                "https://10.0.0.1:8443": server.url,
                "https://10.0.0.2:8443": other.url,
                "10.0.0.1:8443": server.url.removeprefix("https://"),
                "10.0.0.2:8443": other.url.removeprefix("https://"),
                "10.0.0.4:8443": other.url.removeprefix("https://"),
            }
            (folder / "one.crt").write_text(server.certificate)
            (folder / "two.crt").write_text(other.certificate)
            if "copy_image" in text:
                known["other"].delete_image(known["other"].images()[0])
        if re.search("image_from_(remote|url)|refresh_image", text):
            page = stack.enter_context(serving_image(packed("page"), "busybox"))
            images = stack.enter_context(serving_image(packed("debian"), "debian/12"))
            substitutes |= {
                "https://images.example.net/busybox": f"{page}/page",
                "https://images.example.net": images,
            }
            if "refresh_image" in text:
                client.create_image_from_remote(
                    images, alias="debian/12", protocol="simplestreams", aliases=["debian/12"]
                )
        if "https://s3.example.net" in text:
            substitutes["https://s3.example.net"] = stack.enter_context(taking_objects())[0]
        monkeypatch.setenv("HYPERKIT_API_ENDPOINT", socket)
        hyperkit.reset()
        try:
            yield World(client, known, server, substitutes)
        finally:
            monkeypatch.undo()
            hyperkit.reset()


def a_stranger(stack, server):
    """Make a client that a server does not know."""
    pair = key_pair("stranger")
    return stack.enter_context(
        hyperkit.Client(
            api_endpoint=server.url,
            client_cert=pair.certificate,
            client_key=pair.key,
            server_cert=server.certificate,
        )
    )


def keep_remote(folder, server, trusting):
    """Let the ``incus`` command's configuration know a server as ``backup``."""
    pair = key_pair("remote")
    for one in trusting:
        one.add_trust(pair.certificate, name="remote")
    (folder / "servercerts").mkdir(parents=True)
    (folder / "servercerts" / "backup.crt").write_text(server.certificate)
    (folder / "client.crt").write_text(pair.certificate)
    (folder / "client.key").write_text(pair.key)
    remotes = {"backup": {"addr": server.url, "protocol": "incus"}}
    (folder / "config.yml").write_text(yaml.safe_dump({"remotes": remotes}))


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
    for name in ("client", "laptop", "new", "prometheus", "web"):
        pair = key_pair(name)
        files |= {f"{name}.crt": pair.certificate.encode(), f"{name}.key": pair.key.encode()}
    for name, content in files.items():
        if name in text:
            (folder / name).write_bytes(content)
    (folder / "images").mkdir()
    (folder / "site").mkdir()
    (folder / "site" / "index.html").write_text("<p>Welcome</p>\n")


def packed(name):
    """Pack an image that has no files of its own."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        entry = tarfile.TarInfo("metadata.yaml")
        text = f"architecture: x86_64\ncreation_date: 1\nproperties: {{os: {name}}}\n".encode()
        entry.size = len(text)
        tar.addfile(entry, io.BytesIO(text))
    return content.getvalue()


def unless_there(make):
    """Make something, unless it is there."""
    try:
        make()
    except hyperkit.Error as error:
        if not re.search("exists|UNIQUE|already", str(error)):
            raise


def furnish(client, server, text):
    """Make what a text speaks of, but for what it makes itself and what is there."""

    def says(pattern):
        return re.search(pattern, text)

    made = {
        # what makes it: how it is spoken of, and how it is made here
        "create_project": (
            r"\bblue\b",
            lambda: client.create_project("blue", config=NOTHING_OF_ITS_OWN),
        ),
        "(create_profile|post)": (
            r'profile\("web"|profiles/web|profiles.*"web"',
            lambda: client.create_profile("web", config={"limits.cpu": 1}),
        ),
        "create_storage_pool": (
            '"fast"',
            lambda: client.create_storage_pool("fast", driver="dir"),
        ),
        "create_storage_volume": (
            r'"data"|custom/data|data/before|volumes\("default',
            lambda: client.create_storage_volume("default", "data"),
        ),
        "create_storage_volume_snapshot": (
            "(restore_storage_volume|volume_snapshot)|data/before",
            lambda: client.create_storage_volume_snapshot("default", "data", "before"),
        ),
        "create_storage_volume ": (
            r'"fast", "(data|disk)[/"]',
            lambda: [
                client.create_storage_volume("fast", "data"),
                client.create_storage_volume("fast", "disk", content_type="block"),
            ],
        ),
        "create_network": ("br0", lambda: client.create_network("br0", config=NETWORK)),
        "create_network_acl": (
            "network_acl",
            lambda: client.create_network_acl("web", ingress=[RULE]),
        ),
        "create_certificate": (
            r"certificates?\(|laptop|_access",
            lambda: client.create_certificate(server.certificate, name="laptop"),
        ),
        "(create_certificate|cancel_operation)": (
            "certificate_tokens",
            lambda: client.create_certificate(name="laptop", token=True),
        ),
        "add_command": (
            "|".join(COMMANDS),
            lambda: [server.add_command(name, lambda command: None) for name in COMMANDS],
        ),
    }
    for maker, (pattern, make) in made.items():
        if says(pattern) and not says(rf"\b{maker}\("):
            unless_there(make)
    furnish_images(client, says)
    furnish_instances(client, server, says)
    if says("operations"):
        server.clock.advance(10)  # what has been done for this is forgotten
    server.requests.clear()


def furnish_images(client, says):
    """Make the aliases that a text speaks of."""
    for alias in ("old", "test/latest", "debian/12"):
        if says(f'"{alias}"') and not says(
            f'(create_image_alias|image_from_remote)\\([^)]*"{alias}"'
        ):
            fingerprint = client.image_by_alias("busybox").fingerprint
            unless_there(lambda alias=alias: client.create_image_alias(fingerprint, alias))


def furnish_instances(client, server, says):
    """Make the instances that a text speaks of, and what it does of theirs."""
    for name, spoken in SPOKEN.items():
        if not says(spoken) or says(rf'(create|launch)_(container|instance)\("{name}"'):
            continue
        if name not in client.instances():
            card = {"eth0": CARD} if name == "web" and says("br0") else None
            client.create_container(
                name, alias="busybox", config={"user.role": "web"}, devices=card
            )
        stopped = says(STOPPED.format(name))
        if stopped and client.instance(name).status == "Running":
            client.stop_instance(name, force=True)
        elif not stopped and client.instance(name).status != "Running":
            client.start_instance(name)
        if name == "web":
            furnish_web(client, says)
            logs = server._daemon.state.projects["default"].instances["web"].logs
            logs["forkstart.log"] = b""


def furnish_web(client, says):
    """Make what is in the instance ``web``."""
    made = {
        "create_(instance_)?snapshot": (
            r'(?<!volume_)snapshots?\("web|web/before|from_snapshot',
            lambda: client.create_snapshot("web", "before"),
        ),
        "create_instance_backup": (
            "instance_backup",
            lambda: client.create_instance_backup("web", "monday", instance_only=True),
        ),
        "export_instance": (
            "import_instance",
            lambda: pack_web(client),
        ),
        "execute_command": (
            "exec_output",
            lambda: client.execute_command("web", ["echo", "-n", "hello"], record_output=True),
        ),
        "freeze_instance": ("unfreeze", lambda: client.freeze_instance("web")),
        "(write|push)_file": (
            "/etc/motd",
            lambda: client.write_file("web", "/etc/motd", content="Welcome\n"),
        ),
        "push_directory": (
            "/srv/www",
            lambda: client.push_directory("site", "web", "/srv/www"),
        ),
        "write_log": (
            "/var/log/messages",
            lambda: client.write_file("web", "/var/log/messages", content="all\nis\nready\n"),
        ),
        "write_instance_template": (
            "hosts.tpl",
            lambda: client.write_instance_template("web", "hosts.tpl", content="127.0.0.1\n"),
        ),
        "run": (
            r"operations\(recursion",
            lambda: client.execute_command("web", ["sleep", "60"], sync=False),
        ),
    }
    for maker, (pattern, make) in made.items():
        if says(pattern) and not says(rf"\b{maker}\("):
            unless_there(make)


def pack_web(client):
    """Make the file that an import takes."""
    client.create_instance_backup("web", "packed")
    client.export_instance_backup("web", "packed", "web.tar.gz")
    client.delete_instance_backup("web", "packed")
