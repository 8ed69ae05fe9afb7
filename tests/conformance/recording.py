"""Where the recordings of real servers are, and what is kept of them."""

import hashlib
import json
import re
import socket
import ssl
from pathlib import Path
from urllib.parse import urlsplit

from hyperkit.testing import _recording

FOLDER = Path(__file__).parent.parent / "recordings"
DATA = Path(__file__).parent / "data"
# The certificates that tests bring along; those of the server's own are not kept.
OURS = {
    hashlib.sha256(ssl.PEM_cert_to_DER_cert(file.read_text())).hexdigest()
    for file in DATA.glob("*.crt")
}


def theirs(match):
    """Take the fingerprint of a certificate that tests have not brought along out."""
    return match[0] if match[2] in OURS else f"{match[1]}{'0' * 64}"


# What must not be kept, and what stands in its place.
SCRUBBED = [
    (re.compile(r"-----BEGIN [A-Z ]+-----.+?-----END [A-Z ]+-----(\\n)?", re.DOTALL), "<PEM>"),
    (re.compile(r'("(?:secret|password|\d|control)": ?)"[0-9a-f]{32,}"'), r'\1"<secret>"'),
    (
        # Where a server listens; not what users list.
        re.compile(r'("addresses": ?)\[(?:"[^"]*:\d{4,5}"(?:, ?"[^"]*")*)?\]'),
        r'\1["192.0.2.1:8443"]',
    ),
    (
        re.compile(
            r'("addresses": ?\[[^\]]*\], ?(?:"expiresAt": ?"[^"]*", ?)?"fingerprint": ?")([0-9a-f]{64})'
        ),
        theirs,
    ),
    (re.compile(r"(/1\.0/certificates/)([0-9a-f]{64})"), theirs),
    (
        re.compile(
            r'("certificate": ?"<PEM>"(?:, ?"description": ?"[^"]*")?, ?"fingerprint": ?")([0-9a-f]{64})'
        ),
        theirs,
    ),
    (re.compile(r"127\.0\.0\.1:\d+"), "192.0.2.1:8443"),
    (re.compile(r'("core\.trust_password": ?)"[^"]*"'), r'\1"<secret>"'),
    (re.compile(r'("certificate_fingerprint": ?)"[^"]*"'), r'\1"<fingerprint>"'),
    (re.compile(r'("identifier": ?)"[0-9a-f]{64}"'), r'\1"<fingerprint>"'),
    (re.compile(r'("(?:access|secret)[-_]key": ?)"[^"]*"'), r'\1"<secret>"'),
    (re.compile(r'("(?:kernel_version|os_version)": ?)"[^"]*"'), r'\1"6.1.0"'),
    (re.compile(r"/tmp/hyperkit-lab/[a-z0-9-]+/state"), "/var/lib/server"),
    (re.compile(r"/tmp/[a-z0-9-]+lab/[a-z0-9-]+/state"), "/var/lib/server"),
]
LONG_LISTS = ("/1.0/resources", "/1.0/metadata/configuration")


def scrub(text):
    for pattern, stand_in in SCRUBBED:
        text = pattern.sub(stand_in, text)
    return text.replace(socket.gethostname(), "host.example")


class Recorder(_recording.Recorder):
    """Records, and keeps little of long lists."""

    def __init__(self, adapter):
        super().__init__(adapter, scrub)

    def body(self, request, content):
        kept = super().body(request, content)
        if urlsplit(request.url).path in LONG_LISTS:
            return {"text": shortened(kept["text"])}
        return kept


class Replayer(_recording.Replayer):
    """Answers as recorded."""

    def __init__(self, path):
        super().__init__(path, scrub)


def shortened(text):
    """Keep the shape of a machine's hardware, or of a long list; no serial numbers."""
    answer = json.loads(text)
    found = answer["metadata"]
    if found is not None:
        answer["metadata"] = {name: short(part) for name, part in found.items()}
    return json.dumps(answer)


def short(part):
    return {"total": part["total"]} if "total" in part else {key: {} for key in part}
