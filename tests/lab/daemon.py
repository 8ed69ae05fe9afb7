"""One daemon and its folder."""

import base64
import contextlib
import hashlib
import json
import os
import secrets
import signal
import socket
import subprocess
import time
from pathlib import Path

from api import Api, ApiError
from flavours import FLAVOURS
from image import build_image
from machine import ROOT, Failure, run, say
from remains import (
    belongs_to,
    end_processes,
    process_field,
    remove_firewall_rules,
    remove_folder,
    remove_interface,
    veth_ports,
)


class Daemon:
    """One daemon and its folder, ROOT/NAME.

    lab.json there holds what was decided when the daemon was first set up
    (kind, port, bridge, password); everything else is asked of the daemon.
    """

    def __init__(self, name):
        self.name = name
        self.folder = ROOT / name
        self.directory = self.folder / "state"
        self.socket = self.directory / "unix.socket"
        self.certificate = self.folder / "client.crt"
        self.key = self.folder / "client.key"
        self.log = self.folder / "daemon.log"
        self.api = Api(self.socket)
        self.process = None
        self.plan = {}
        with contextlib.suppress(OSError, ValueError):
            self.plan = json.loads((self.folder / "lab.json").read_text())
        self.flavour = FLAVOURS[self.plan["kind"]]() if self.plan else None

    # --- what is known of it

    def save(self):
        fresh = self.folder / ".lab.json.new"
        fresh.write_text(json.dumps(self.plan, indent=2) + "\n")
        fresh.chmod(0o600)
        fresh.rename(self.folder / "lab.json")

    @property
    def pid(self):
        """The running daemon's process id, or None."""
        pid = self.plan.get("pid")
        if pid and self.is_daemon(pid):
            return pid
        return None

    def is_daemon(self, pid):
        program = process_field(pid, "cmdline").split(b"\0")[0]
        return os.fsdecode(program) == self.flavour.daemon and belongs_to(pid, self.directory)

    def describe(self):
        server = self.api.get("/1.0")
        environment = server["environment"]
        alias = self.api.get("/1.0/images/aliases/busybox")
        return {
            "name": self.name,
            "kind": self.plan["kind"],
            "cluster": self.plan["cluster"],
            "server": environment["server"],
            "version": environment["server_version"],
            "pid": self.pid,
            "socket": str(self.socket),
            "https_url": f"https://127.0.0.1:{self.plan['port']}",
            "server_certificate": str(self.server_certificate),
            "client_certificate": str(self.certificate),
            "client_key": str(self.key),
            "trust_password": self.plan["password"],
            "image_alias": "busybox",
            "image_fingerprint": alias["target"],
            "storage_pool": "default",
            "network": self.plan["network"],
            "network_error": self.plan.get("network_error"),
            "state_directory": str(self.directory),
            "log": str(self.log),
            "client": self.flavour.client,
            "client_environment": self.client_environment(),
            "versions": {
                "api": server["api_version"],
                "driver": environment["driver_version"],
                "firewall": environment["firewall"],
                "kernel": environment["kernel_version"],
                "packages": self.flavour.packages(),
            },
        }

    @property
    def server_certificate(self):
        cluster = self.directory / "cluster.crt"
        return cluster if cluster.exists() else self.directory / "server.crt"

    def client_environment(self):
        """What the command-line client needs to talk to this daemon."""
        return {
            self.flavour.directory_variable: str(self.directory),
            self.flavour.config_variable: str(self.folder / "client"),
        }

    # --- starting

    def up(self, kind, cluster=None, first=None):
        """Bring the daemon up; as a member of a cluster where one is named."""
        if self.plan and (self.plan["kind"], self.plan["cluster"]) != (kind, cluster):
            raise Failure(f"'{self.name}' is there already, and of another kind")
        self.flavour = FLAVOURS[kind]()
        self.flavour.prepare()
        if not self.plan:
            self.decide(kind, cluster)
        if not self.pid:
            self.start()
        self.wait_ready()
        self.set_address_and_password()
        if cluster:
            self.join(first)
        self.add_pool()
        self.add_network()
        self.fill_profile()
        self.add_client()
        self.add_image()

    def decide(self, kind, cluster):
        """Choose the port, the bridge and the password, once."""
        for folder in (ROOT, self.folder, self.directory):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o711)  # containers' own users pass through it
        slot = free_slot()
        self.plan = {
            "kind": kind,
            "cluster": cluster,
            "slot": slot,
            "port": free_port(),
            # Every member of a cluster would make the same bridge.
            "network": None if cluster else f"labbr{slot}",
            "password": secrets.token_hex(8) if kind == "lxd" else None,
        }
        self.save()

    def start(self):
        end_processes(self.directory)
        self.launch()

    def launch(self):
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.flavour.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd="/",
                umask=0o022,
                env=self.flavour.daemon_environment(self.directory),
            )
        self.plan["pid"] = self.process.pid
        self.save()

    def restart(self):
        """End the daemon, but not its instances, and start it again.

        Asked politely, it would wait for the operations that go on.
        """
        pid = self.pid
        if pid:
            os.kill(pid, signal.SIGKILL)
            deadline = time.monotonic() + 30
            while self.pid and time.monotonic() < deadline:
                time.sleep(0.05)
            if self.pid:
                raise Failure(f"the daemon '{self.name}' did not stop")
        self.launch()
        self.wait_ready()
        self.wait_for_networks()

    def wait_for_networks(self, limit=90):
        """Wait until instances can start: a bridge that fails at first is tried again later."""
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            networks = self.api.get("/1.0/networks?recursion=1")
            if not any(one["status"] == "Unavailable" for one in networks):
                return
            time.sleep(0.5)

    def ended(self):
        if self.process:  # started just now, so ours to ask after
            return self.process.poll() is not None
        return not self.pid

    def wait_ready(self, limit=120):
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            with contextlib.suppress(ApiError):
                self.api.get("/internal/ready", timeout=30)
                return
            if self.ended():
                break
            time.sleep(0.05)
        tail = self.log.read_text(errors="replace").strip().splitlines()[-3:]
        raise Failure(f"the daemon '{self.name}' did not get ready: {' | '.join(tail)}")

    # --- setting up; each step looks first, so it can be repeated

    def set_address_and_password(self):
        wanted = {"core.https_address": f"127.0.0.1:{self.plan['port']}"}
        if self.plan["password"]:
            wanted["core.trust_password"] = self.plan["password"]
        config = self.api.get("/1.0")["config"]
        if config.get("core.https_address") == wanted["core.https_address"]:
            return
        try:
            self.api.call("PATCH", "/1.0", {"config": wanted})
        except ApiError as error:
            if "in use" not in str(error):
                raise
            self.plan["port"] = free_port()  # taken since; take another
            self.save()
            self.set_address_and_password()

    def join(self, first):
        """Form the cluster on its first member, join it on the others."""
        if self.api.get("/1.0/cluster")["enabled"]:
            return
        body = {"enabled": True, "server_name": self.name}
        if self is not first:
            body.update(
                {
                    "server_address": f"127.0.0.1:{self.plan['port']}",
                    "cluster_address": f"127.0.0.1:{first.plan['port']}",
                    "cluster_certificate": first.server_certificate.read_text(),
                    self.flavour.join_field: first.join_token(self.name),
                    "member_config": [
                        {"entity": "storage-pool", "name": "default", "key": "source", "value": ""}
                    ],
                }
            )
        self.api.call("PUT", "/1.0/cluster", body)

    def join_token(self, member):
        operation = self.api.call(
            "POST", "/1.0/cluster/members", {"server_name": member}, wait=False
        )
        names = {"serverName": "server_name", "expiresAt": "expires_at"}
        parts = {names.get(key, key): value for key, value in operation["metadata"].items()}
        return base64.b64encode(json.dumps(parts).encode()).decode()

    def add_pool(self):
        if not self.api.exists("/1.0/storage-pools/default"):
            self.api.call("POST", "/1.0/storage-pools", {"name": "default", "driver": "dir"})

    def add_network(self):
        """Make the bridge; where the machine has none to give, go without."""
        network = self.plan["network"]
        if not network or self.api.exists(f"/1.0/networks/{network}"):
            return
        try:
            self.api.call(
                "POST",
                "/1.0/networks",
                {
                    "name": network,
                    "type": "bridge",
                    "config": {
                        "ipv4.address": f"10.213.{self.plan['slot']}.1/24",
                        "ipv4.nat": "true",
                        "ipv6.address": "none",
                    },
                },
            )
        except ApiError as error:
            say(f"no network: {error}")
            self.plan.update(network=None, network_error=str(error))
            self.save()

    def fill_profile(self):
        devices = {"root": {"type": "disk", "path": "/", "pool": "default"}}
        if self.plan["network"]:
            devices["eth0"] = {"type": "nic", "name": "eth0", "network": self.plan["network"]}
        profile = self.api.get("/1.0/profiles/default")
        if not profile["devices"]:
            self.api.call("PATCH", "/1.0/profiles/default", {"devices": devices})

    def add_client(self):
        if not self.key.exists():
            fresh = self.key.with_suffix(".new")
            curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes")
            subject = ("-subj", f"/CN=lab-{self.name}", "-days", "3650")
            files = ("-keyout", fresh, "-out", self.certificate)
            run("openssl", "req", "-x509", *curve, *subject, *files)
            fresh.rename(self.key)
        pem = self.certificate.read_text()
        body = "".join(pem.split("-----")[2].split())
        trusted = self.api.get("/1.0/certificates?recursion=1")
        if not any(body in "".join(entry["certificate"].split()) for entry in trusted):
            self.api.call(
                "POST", "/1.0/certificates", {"type": "client", "name": "lab", "certificate": body}
            )

    def add_image(self):
        if self.api.exists("/1.0/images/aliases/busybox"):
            return
        image = build_image()
        fingerprint = hashlib.sha256(image).hexdigest()
        if not self.api.exists(f"/1.0/images/{fingerprint}"):
            self.api.call(
                "POST",
                "/1.0/images",
                image,
                {
                    "Content-Type": "application/octet-stream",
                    f"{self.flavour.header}-public": "1",
                    f"{self.flavour.header}-filename": "busybox.tar",
                },
            )
        self.api.call("POST", "/1.0/images/aliases", {"name": "busybox", "target": fingerprint})

    # --- stopping

    def networks(self):
        """The bridges the daemon made, whether it answers or not."""
        folders = (self.directory / "networks").glob("*")
        return [
            folder.name
            for folder in folders
            if Path(f"/sys/class/net/{folder.name}/bridge").exists()
        ]

    def stop_instances(self):
        """Stop what runs in the daemon at once; never mind what won't."""
        with contextlib.suppress(ApiError):
            listed = self.api.get("/1.0/instances?recursion=1&all-projects=true", timeout=20)
            for entry in listed:
                if entry["status"] == "Stopped":
                    continue
                with contextlib.suppress(ApiError):
                    self.api.call(
                        "PUT",
                        f"/1.0/instances/{entry['name']}/state?project={entry['project']}",
                        {"action": "stop", "force": True, "timeout": 10},
                        timeout=20,
                    )

    def down(self):
        networks = self.networks()
        ports = veth_ports(networks)
        pid = self.pid
        # Asked politely, a daemon takes its networks down as well. In a
        # cluster it would wait for members that are gone by now.
        if pid and not self.plan["cluster"]:
            os.kill(pid, signal.SIGPWR)
            deadline = time.monotonic() + 15
            while self.pid and time.monotonic() < deadline:
                time.sleep(0.05)
        end_processes(self.directory)
        for interface in [*ports, *networks]:
            remove_interface(interface)
        remove_firewall_rules(networks)
        remove_folder(self.folder)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def free_slot():
    """The first number whose bridge and subnet nobody on the machine has."""
    taken = {daemon.plan["slot"] for daemon in everything()}
    addresses = run("ip", "-4", "-o", "addr")
    for slot in range(1, 255):
        if (
            slot not in taken
            and f" 10.213.{slot}." not in addresses
            and not Path(f"/sys/class/net/labbr{slot}").exists()
        ):
            return slot
    raise Failure("no free subnet left")


def everything():
    return [Daemon(path.parent.name) for path in sorted(ROOT.glob("*/lab.json"))]


def find(name):
    """The daemon of that name, or the members of the cluster of that name."""
    found = [daemon for daemon in everything() if name in (daemon.name, daemon.plan["cluster"])]
    if not found:
        raise Failure(f"there is no '{name}'")
    return found
