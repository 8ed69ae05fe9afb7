"""Small archives: two images, and what others are made of."""

import io
import tarfile
import zlib

METADATA = b"architecture: x86_64\ncreation_date: 1700000000\nproperties:\n  os: tiny\n"


def archive(files):
    """Make a small archive, the same one every time and by every Python."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            if content is None:
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            else:
                entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content or b""))
    return zlib.compress(packed.getvalue(), level=9, wbits=31)  # gzip, with nothing of its own


UNIFIED = archive({"metadata.yaml": METADATA, "rootfs": None, "rootfs/etc": None})
SPLIT = archive({"metadata.yaml": METADATA}), archive({"etc": None, "etc/a": b"a"})
