"""Arguments that cannot be made up from a type: they have to make sense."""

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
