"""Key pairs for clients: made, and written so that nobody else reads them."""

from __future__ import annotations

import datetime as dt
import getpass
import os
import secrets
import socket
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .errors import ArgumentError, CertificateError

if TYPE_CHECKING:
    from collections.abc import Generator

_LASTS = dt.timedelta(days=3650)
# A server whose clock is behind would not take a certificate that begins now.
_AHEAD = dt.timedelta(hours=1)
_LONGEST_NAME = 64


class KeyPair(NamedTuple):
    """Where a certificate and its key are.

    Attributes:
        certificate: path of the PEM file, for ``client_cert``.
        key: path of the PEM file, for ``client_key``.
    """

    certificate: str
    key: str


def generate_key_pair(
    path: str | os.PathLike[str], *, name: str | None = None, overwrite: bool = False
) -> KeyPair:
    """Make a key and a certificate for a client: ``client.key`` and ``client.crt`` in a folder.

    They are what the servers' own clients make: a key on the curve P-384, and a certificate,
    signed with it, that is good for ten years. Nobody but this user may read the key, not for
    a moment; neither file is ever there in part.

    Args:
        path: of the folder, such as ``"~/.config/hyperkit"``; it is made if it is not there.
        name: that stands in the certificate; None is the user's and the machine's, such as
            ``"jane@laptop"``.
        overwrite: True replaces a pair that is there; whoever trusted that one does not trust
            the new one.

    Returns:
        The paths of both, for ``client_cert`` and ``client_key``.

    Raises:
        ArgumentError: there is a pair already, or one half of it; or the name is too long.
        CertificateError: they cannot be written there.

    Example:
        >>> pair = hyperkit.generate_key_pair("~/.config/hyperkit")
        >>> client = hyperkit.Client(client_cert=pair.certificate, client_key=pair.key)
    """
    folder = Path(path).expanduser()
    pair = KeyPair(str(folder / "client.crt"), str(folder / "client.key"))
    for place in pair:
        if not overwrite and os.path.lexists(place):
            message = f"{place} is there already: overwrite=True replaces it."
            raise ArgumentError(message)
    common_name = _name() if name is None else name
    if not 0 < len(common_name) <= _LONGEST_NAME:
        message = f"A certificate's name has 1 to {_LONGEST_NAME} characters, not {common_name!r}."
        raise ArgumentError(message)
    certificate, key = _make(common_name)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (
            _written(Path(pair.key), key, 0o600) as new_key,
            _written(Path(pair.certificate), certificate, 0o644) as new_certificate,
        ):
            _put(new_key, Path(pair.key), overwrite=overwrite)
            try:
                _put(new_certificate, Path(pair.certificate), overwrite=overwrite)
            except OSError:
                # Half a pair would stand in the way of the next one.
                if not overwrite:
                    Path(pair.key).unlink()
                raise
    except FileExistsError as error:
        message = f"{error.filename2 or error.filename} was there first."
        raise ArgumentError(message) from error
    except OSError as error:
        message = f"No key pair can be written into {folder}: {error.strerror or error}."
        raise CertificateError(message) from error
    return pair


def _name() -> str:
    """Name the user and the machine, as the servers' own clients do."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"[:_LONGEST_NAME]


def _make(name: str) -> tuple[bytes, bytes]:
    """Make a certificate and its key, as PEM."""
    # What pyOpenSSL stands on; it costs more than the rest of the import.
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP384R1())
    now = dt.datetime.now(dt.UTC)
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "hyperkit"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    usage = x509.KeyUsage(
        digital_signature=True,
        key_encipherment=True,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _AHEAD)
        .not_valid_after(now + _LASTS)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA384())
    )
    pem = serialization.Encoding.PEM
    # The form of key that the servers' own clients write, and read.
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return (
        certificate.public_bytes(pem),
        key.private_bytes(pem, form, serialization.NoEncryption()),
    )


@contextmanager
def _written(place: Path, content: bytes, mode: int) -> Generator[Path]:
    """Write a file beside the place that it is for; what stays there is removed."""
    beside = place.with_name(f".{place.name}.{secrets.token_hex(8)}")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield beside
    finally:
        with suppress(FileNotFoundError):
            beside.unlink()


def _put(beside: Path, place: Path, *, overwrite: bool) -> None:
    """Give a whole file its name; no link is followed."""
    if overwrite:
        beside.replace(place)
    else:
        os.link(beside, place)
