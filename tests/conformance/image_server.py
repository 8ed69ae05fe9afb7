"""A small server that images are fetched from, in the two ways that need no LXD."""

import hashlib
import json
from contextlib import contextmanager

from unit.servers import serving


@contextmanager
def serving_image(image, alias, wait=lambda: None):
    """Serve one unified image, at ``/page`` and by simplestreams; hand out the URL.

    Args:
        image: the bytes.
        alias: its name in simplestreams.
        wait: called before the image is sent.
    """
    fingerprint = hashlib.sha256(image).hexdigest()
    files = {"/image.tar.gz": image, "/page": b""}
    for name, text in _streams(image, fingerprint, alias).items():
        files[f"/streams/v1/{name}.json"] = json.dumps(text).encode()

    def answer(request):
        content = files.get(request.path)
        if content is None:
            return 404, {}, b""
        headers = {}
        if request.path == "/image.tar.gz":
            wait()
        if request.path == "/page":
            for product in ("LXD", "Incus"):
                headers |= {
                    f"{product}-Image-Hash": fingerprint,
                    f"{product}-Image-URL": f"{server.url}/image.tar.gz",
                }
        return 200, headers, content

    with serving(("127.0.0.1", 0), answer) as server:
        yield server.url


def _streams(image, fingerprint, alias):
    """Write the two files that a simplestreams server is made of."""
    product = "hyperkit:1:amd64:default"
    item = {"sha256": fingerprint, "size": len(image), "path": "image.tar.gz"}
    kinds = ("lxd_combined.tar.gz", "incus_combined.tar.gz")
    listed = {
        "aliases": alias,
        "arch": "amd64",
        "os": "tiny",
        "release": "1",
        "release_title": "1",
        "supported": True,
        "versions": {"20260101": {"items": {kind: item | {"ftype": kind} for kind in kinds}}},
    }
    images = {"datatype": "image-downloads", "format": "products:1.0"}
    index = images | {"path": "streams/v1/images.json", "products": [product]}
    return {
        "index": {"format": "index:1.0", "index": {"images": index}},
        "images": images | {"content_id": "images", "products": {product: listed}},
    }
