"""Arguments that cannot be made up from a type: they have to make sense."""

import io
from pathlib import Path

from hyperkit._token import token_text
from hyperkit._trust import pin
from hyperkit.types import MigrationSource, Resource

CERTIFICATE = (Path(__file__).parent.parent / "conformance" / "data" / "client.crt").read_text()
JOIN_TOKEN = token_text(
    {
        "server_name": "node4",
        "fingerprint": pin(CERTIFICATE),
        "addresses": ["192.0.2.1:8443"],
        "secret": "s",
    }
)
SOURCE_OF_MIGRATION = MigrationSource(
    architecture="x86_64",
    certificate="",
    config={},
    content_type="filesystem",
    description="",
    devices={},
    ephemeral=False,
    profiles=[],
    websocket=Resource(
        url="https://host:8443/1.0/operations/u",
        urls=["https://host:8443/1.0/operations/u"],
        secrets={},
    ),
)
# All that the body of a PUT or PATCH of an instance can hold: it is given as one mapping.
INSTANCE = {
    "architecture": "x86_64",
    "config": {},
    "description": "",
    "devices": {},
    "ephemeral": False,
    "profiles": [],
}
# Values for parameters, where the type does not tell which.
SAMPLES = {
    "cert": CERTIFICATE,
    "certificate": CERTIFICATE,
    "changes": INSTANCE,
    "cluster_certificate": CERTIFICATE,
    "command": ["true"],
    "content": b"bytes",
    "data": 5,
    "dest_file": "/etc/hosts",
    "directory": "/etc",
    "file": "/etc/hosts",
    "fingerprint": "f" * 64,
    "key": "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n",
    "listen_address": "10.0.0.1",
    "source": lambda: io.BytesIO(b"bytes"),
    "source_file": "/etc/hosts",
    "stderr": None,
    "stdin": None,
    "stdout": None,
    "tls_certificate": CERTIFICATE,
    "until": "running",
    "uuid": "u-1",
}
GUID = "8be4df61-93ca-11d2-aa0d-00e098032b8c"
# Further arguments, where some exclude or need others: each is the base of a round of calls.
BASES = {
    "console": [{"type": "vga"}],
    "copy_image": [{"mode": "push"}],
    "create_cluster_link": [{"trust_token": "t"}, {"remote_address": "10.0.0.1:8443"}],
    "create_container": [{"alias": "a"}],
    "create_image_from_remote": [{"alias": "a"}],
    "create_tls_identity": [{"trust_token": "t"}, {"name": "a", "certificate": CERTIFICATE}],
    "create_instance": [{"alias": "a"}, {"fingerprint": "f" * 64, "server": "https://a.test"}],
    "instance": [{}, {"recursion": 1, "fields": ["state.disk"]}],
    "instance_nvram": [{}, {"guid": GUID}],
    "instances": [{}, {"recursion": 2, "fields": ["state.disk"]}],
    "join_cluster": [
        {
            "token": JOIN_TOKEN,
            "cluster_certificate": CERTIFICATE,
        }
    ],
    "migrate": [{"source": SOURCE_OF_MIGRATION}],
    "migrate_storage_volume": [{"source": SOURCE_OF_MIGRATION}],
    "move_container": [{"pool": "a"}],
    "move_instance": [{"new_name": "b"}, {"pool": "a"}],
    "move_storage_volume": [{"new_name": "b"}, {"new_pool": "a"}],
    "patch_instance_nvram": [{"variables": {GUID: {"Timeout": {"data": 5}}}}],
    "push_directory": [{"source": str(Path(__file__).parent)}],
    "rebuild_instance": [{"alias": "a"}, {"empty": True}],
    "relocate_storage_volume": [{"source_location": "node-1"}],
    "storage_volumes": [{}, {"type": "custom"}, {"pool": "a"}, {"pool": "a", "type": "custom"}],
    "transfer_instance": [{"mode": "push"}, {"mode": "push", "snapshot": "b", "live": True}],
    "transfer_storage_volume": [{"mode": "push"}, {"mode": "push", "snapshot": "b"}],
    "update_instance_nvram_variable": [{"data": 5}, {"binary": b"bytes"}],
    "update_container": [{"instance": INSTANCE}],
    "update_instance": [{"instance": INSTANCE}],
    "update_instance_uefi_vars": [{"variables": {f"Timeout-{GUID}": {"data": "0500"}}}],
}
