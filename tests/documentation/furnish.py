"""What examples speak of, made on the embedded server before they run."""

import re

from documentation.furnish_networks import furnish_networks
from documentation.furnish_trust import furnish_trust

import hyperkit

RULE = {"action": "allow", "protocol": "tcp", "destination_port": "80", "state": "enabled"}
# What the shell of the built-in image does not have, and the examples call.
COMMANDS = ("apt-get", "cloud-init", "make", "psql")
NETWORK = {"ipv4.address": "10.7.0.1/24", "ipv6.address": "none"}
BUCKETS = {"core.storage_buckets_address": "192.0.2.1:9000"}
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
    r'|from_container\("{0}"|state\("start|transfer_instance\("{0}".*move=True'
)


def unless_there(make, *arguments):
    """Make something, unless it is there."""
    try:
        make(*arguments)
    except hyperkit.Error as error:
        if not re.search("exists|UNIQUE|already", str(error)):
            raise


def furnish(client, server, text):
    """Make what a text speaks of, but for what it makes itself and what is there."""

    def says(pattern):
        return re.search(pattern, text)

    made = [
        # what makes it, how it is spoken of, and how it is made here
        (
            "create_project",
            r"\bblue\b",
            lambda: client.create_project("blue", config=NOTHING_OF_ITS_OWN),
        ),
        (
            "(create_profile|post)",
            r'profile\("web"|profiles/web|profiles.*"web"',
            lambda: client.create_profile("web", config={"limits.cpu": 1}),
        ),
        (
            "create_storage_pool",
            '"fast"',
            lambda: client.create_storage_pool("fast", driver="dir"),
        ),
        (
            "create_storage_volume",
            r'"data"|custom/data|data/before|volumes\("default|import_storage_volume',
            lambda: client.create_storage_volume("default", "data", config={"size": "1GiB"}),
        ),
        (
            "create_storage_volume_snapshot",
            "(restore_storage_volume|volume_snapshot)|data/before",
            lambda: client.create_storage_volume_snapshot("default", "data", "before"),
        ),
        (
            r'create_storage_volume\("fast',
            r'"fast", "data[/"]',
            lambda: client.create_storage_volume("fast", "data"),
        ),
        (
            r'create_storage_volume\("fast',
            r'"fast", "disk"',
            lambda: client.create_storage_volume("fast", "disk", content_type="block"),
        ),
        (
            "export_storage_volume",
            "import_storage_volume",
            lambda: client.export_storage_volume("default", "data", "data.tar.gz"),
        ),
        (
            'create_storage_volume.*"disk"',
            '"default", "disk"',
            lambda: client.create_storage_volume("default", "disk", content_type="block"),
        ),
        (
            "create_storage_volume_backup",
            "volume_backup",
            lambda: client.create_storage_volume_backup("default", "data", "monday"),
        ),
        (
            "make_storage_volume_directory",
            '"/reports|volume_(sftp|dir)',
            lambda: client.make_storage_volume_directory("default", "data", "/reports"),
        ),
        (
            "write_storage_volume_file",
            "/reports/may",
            lambda: client.write_storage_volume_file(
                "default", "data", "/reports/may", content="all well"
            ),
        ),
        ("listen", "bucket", lambda: client.patch_server(BUCKETS)),
        (
            "create_storage_bucket",
            '"photos"|storage_bucket',
            lambda: client.create_storage_bucket("default", "photos"),
        ),
        (
            "create_storage_bucket_key",
            '"viewer"|bucket_keys',
            lambda: client.create_storage_bucket_key("default", "photos", "viewer"),
        ),
        (
            "create_storage_bucket_backup",
            "bucket_backup",
            lambda: client.create_storage_bucket_backup("default", "photos", "monday"),
        ),
        (
            "export_storage_bucket",
            "import_storage_bucket",
            lambda: [
                client.export_storage_bucket("default", "photos", "photos.tar.gz"),
                client.delete_storage_bucket("default", "photos"),
            ],
        ),
        ("create_network", "br0", lambda: client.create_network("br0", config=NETWORK)),
        (
            "create_network_acl",
            "network_acl",
            lambda: client.create_network_acl("web", ingress=[RULE]),
        ),
        (
            r"create_certificate|\w*tls_identit\w*|identities",
            r"certificates?\(|laptop|_access",
            lambda: client.create_certificate(server.certificate, name="laptop"),
        ),
        (
            "(create_certificate|cancel_operation)",
            "certificate_tokens",
            lambda: client.create_certificate(name="laptop", token=True),
        ),
        (
            "add_command",
            "|".join(COMMANDS),
            lambda: [server.add_command(name, lambda command: None) for name in COMMANDS],
        ),
    ]
    for maker, pattern, make in made:
        if says(pattern) and not says(rf"\b({maker})\b"):
            unless_there(make)
    furnish_networks(client, text, unless_there)
    furnish_trust(client, server, text, unless_there)
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
            unless_there(client.create_image_alias, fingerprint, alias)


def furnish_instances(client, server, says):
    """Make the instances that a text speaks of, and what it does of theirs."""
    for name, spoken in SPOKEN.items():
        if not says(spoken) or says(rf'(create|launch)_(container|instance)\(\s*"{name}"'):
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
    made = [
        (
            "create_(instance_)?snapshot",
            r'(?<!volume_)snapshots?\("web|web/before|from_snapshot',
            lambda: client.create_snapshot("web", "before"),
        ),
        (
            "create_instance_backup",
            "instance_backup",
            lambda: client.create_instance_backup("web", "monday", instance_only=True),
        ),
        ("export_instance", "import_instance", lambda: pack_web(client)),
        (
            "execute_command",
            "exec_output",
            lambda: client.execute_command("web", ["echo", "-n", "hello"], record_output=True),
        ),
        ("freeze_instance", "unfreeze", lambda: client.freeze_instance("web")),
        (
            "(write|push)_file",
            "/etc/motd",
            lambda: client.write_file("web", "/etc/motd", content="Welcome\n"),
        ),
        (
            "push_directory",
            "/srv/www",
            lambda: client.push_directory("site", "web", "/srv/www"),
        ),
        (
            r'write_file\("web", "/var',
            "/var/log/messages",
            lambda: client.write_file("web", "/var/log/messages", content="all\nis\nready\n"),
        ),
        (
            "write_instance_template",
            "hosts.tpl",
            lambda: client.write_instance_template("web", "hosts.tpl", content="127.0.0.1\n"),
        ),
        (
            "execute_command",
            r"operations\(recursion",
            lambda: client.execute_command("web", ["sleep", "60"], sync=False),
        ),
    ]
    for maker, pattern, make in made:
        if says(pattern) and not says(rf"\b({maker})\b"):
            unless_there(make)


def pack_web(client):
    """Make the file that an import takes."""
    client.create_instance_backup("web", "packed")
    client.export_instance_backup("web", "packed", "web.tar.gz")
    client.delete_instance_backup("web", "packed")
