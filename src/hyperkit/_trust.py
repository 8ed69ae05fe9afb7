"""Certificates: the client's own, the server's pin, and the TLS context they make."""

from __future__ import annotations

import hashlib
import os
import re
import ssl
import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from ._endpoint import client_folders, own_folder
from ._token import FINGERPRINT, named_certificate
from .errors import ArgumentError, CertificateError, TLSError

if TYPE_CHECKING:
    from collections.abc import Generator

    from OpenSSL.crypto import X509

    from ._options import ClientOptions

# As many digits as the servers' commands list of a fingerprint, or more.
_BEGINNING = re.compile(r"[0-9a-f]{12,63}")
# How the dates of certificates are written.
_ASN1 = "%Y%m%d%H%M%SZ"
_MINUTES = "%Y-%m-%d %H:%M UTC"
_ARMOUR = "-----BEGIN "


class Trust(NamedTuple):
    """How a server is checked, and how the client shows who it is.

    Attributes:
        context: for the TLS handshake.
        fingerprint: the pinned certificate's SHA-256 in lower-case hex, or None.
    """

    context: ssl.SSLContext
    fingerprint: str | None


def trust(options: ClientOptions) -> Trust:
    """Read the files and make the context. Called for HTTPS only.

    Args:
        options: ``client_cert``, ``client_key``, ``client_key_password``,
            ``server_cert`` and ``verify_ssl`` are looked at.

    Raises:
        CertificateError: a certificate or key cannot be used.
    """
    context = _context()
    fingerprint = None
    if options.server_cert is not None:
        # The pin says more than any authority could: only that certificate will do.
        fingerprint = pin(options.server_cert)
        _check_nothing_else(context)
    elif options.verify_ssl is True and (named := named_certificate(options.token)):
        fingerprint = named
        _check_nothing_else(context)
    elif options.verify_ssl is False:
        _check_nothing_else(context)
    else:
        _load_authorities(context, options.verify_ssl)
    _load_client(context, options)
    return Trust(context, fingerprint)


def _context() -> ssl.SSLContext:
    """Make a context; nothing older than TLS 1.2 is spoken, whatever the system allows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def stranger() -> Trust:
    """Make what only looks at the certificate that a server shows, and shows none."""
    context = _context()
    _check_nothing_else(context)
    return Trust(context, None)


def _check_nothing_else(context: ssl.SSLContext) -> None:
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE


def _load_authorities(context: ssl.SSLContext, verify: bool | str) -> None:
    if isinstance(verify, str):
        place = verify
    else:
        find = os.environ.get
        place = find("REQUESTS_CA_BUNDLE") or find("CURL_CA_BUNDLE") or DEFAULT_CA_BUNDLE_PATH
    try:
        if Path(place).is_dir():
            context.load_verify_locations(capath=place)
        else:
            context.load_verify_locations(cafile=place)
    except (OSError, ssl.SSLError) as error:
        message = f"The CA file {place} cannot be used: {_reason(error)}."
        raise CertificateError(message) from error


def pin(server_cert: str) -> str:
    """Read a pin: a path, a PEM certificate, or a SHA-256 fingerprint.

    Args:
        server_cert: the fingerprint may be in upper case, and with colons.

    Returns:
        The fingerprint in lower-case hex, without colons.

    Raises:
        CertificateError: it is none of these.
    """
    plain = server_cert.replace(":", "").lower()
    if FINGERPRINT.fullmatch(plain):
        return plain
    if _BEGINNING.fullmatch(plain) and not Path(server_cert).exists():
        message = f"server_cert {server_cert!r} is a part of a fingerprint: all 64 digits count."
        raise CertificateError(message)
    text = _text(server_cert, "server_cert")
    try:
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(_first_certificate(text))).hexdigest()
    except ValueError as error:
        message = "server_cert holds no PEM certificate, and is no SHA-256 fingerprint."
        raise CertificateError(message) from error


def _first_certificate(text: str) -> str:
    start, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    begin = text.find(start)
    finish = text.find(end, begin)
    if begin < 0 or finish < 0:
        message = "no certificate"
        raise ValueError(message)
    return text[begin : finish + len(end)]


def _text(value: str, option: str) -> str:
    """Take PEM text as it is, and read anything else as a path."""
    if _ARMOUR in value:
        return value
    try:
        return Path(value).expanduser().read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        # The value may be a key pasted wrongly: it is not repeated unless it is a path.
        shown = f" {value}" if "\n" not in value and len(value) < 1024 else ""
        message = f"The {option}{shown} cannot be read: {_reason(error)}."
        raise CertificateError(message) from error


def _load_client(context: ssl.SSLContext, options: ClientOptions) -> None:
    pair = client_pair(options)
    if pair is None:
        return
    certificate, key = pair
    if certificate is None:
        message = "client_key was given without client_cert."
        raise CertificateError(message)
    certificate_text = _text(certificate, "client_cert")
    if key is None and "PRIVATE KEY-----" in certificate_text:
        key = certificate_text
    if key is None:
        message = "client_cert was given without client_key."
        raise CertificateError(message)
    _check_certificate(certificate_text)
    key_text, password = _text(key, "client_key"), options.client_key_password
    _check_key(key_text, password)
    with _as_file(f"{certificate_text}\n{key_text}".encode()) as name:
        try:
            context.load_cert_chain(name, password=password)
        except ssl.SSLError as error:
            message = f"client_key does not belong to client_cert: {_reason(error)}."
            raise CertificateError(message) from error


def client_pair(options: ClientOptions) -> tuple[str | None, str | None] | None:
    """Find the client's certificate and key: those given, else a pair that is there.

    Args:
        options: ``client_cert`` and ``client_key`` are looked at.

    Returns:
        Paths or PEM text, as they were given; None if there is no pair at all.
    """
    if options.client_cert is not None or options.client_key is not None:
        return options.client_cert, options.client_key
    for folder in (own_folder(), *client_folders()):
        certificate, key = folder / "client.crt", folder / "client.key"
        if os.access(certificate, os.R_OK) and os.access(key, os.R_OK):
            return str(certificate), str(key)
    return None


def _check_certificate(text: str) -> None:
    certificate = load_certificate(text, "client_cert")
    if certificate.has_expired():
        end = (certificate.get_notAfter() or b"").decode()
        message = f"client_cert has expired: it was valid until {end[:4]}-{end[4:6]}-{end[6:8]}."
        raise CertificateError(message)


def load_certificate(text: str, option: str) -> X509:
    """Parse a PEM certificate.

    Args:
        text: the PEM text.
        option: its name, for the error.

    Raises:
        CertificateError: it cannot be parsed.
    """
    from OpenSSL import crypto  # noqa: PLC0415 - costs more than the rest of the import

    try:
        return crypto.load_certificate(crypto.FILETYPE_PEM, text.encode())
    except (crypto.Error, ValueError, TypeError) as error:
        message = f"{option} holds no readable PEM certificate."
        raise CertificateError(message) from error


def _check_key(text: str, password: str | None) -> None:
    from OpenSSL import crypto  # noqa: PLC0415 - costs more than the rest of the import

    try:
        # Without a passphrase OpenSSL would ask for one on the terminal.
        crypto.load_privatekey(crypto.FILETYPE_PEM, text, (password or "").encode())
    except (crypto.Error, ValueError, TypeError):
        if "ENCRYPTED" not in text:
            message = "client_key holds no readable PEM private key."
        elif password is None:
            message = "client_key is encrypted: give client_key_password."
        else:
            message = "client_key_password does not open client_key."
        # The cause is left out: it could quote the key.
        raise CertificateError(message) from None


@contextmanager
def _as_file(content: bytes) -> Generator[str]:
    """Lend bytes a file name: ``ssl`` reads keys from files only.

    On Linux the file is in memory and has no name in any folder.
    """
    if hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("hyperkit"), "wb") as file:
            file.write(content)
            file.flush()
            yield f"/proc/self/fd/{file.fileno()}"
        return
    handle, name = tempfile.mkstemp()
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        yield name
    finally:
        Path(name).unlink()


def check_validity(certificate: bytes) -> None:
    """Refuse a pinned certificate whose time has passed, or has not come.

    Args:
        certificate: the server's, as DER.

    Raises:
        TLSError: it has expired, or is not valid yet.
    """
    from OpenSSL import crypto  # noqa: PLC0415 - costs more than the rest of the import

    shown = load_certificate(ssl.DER_cert_to_PEM_cert(certificate), "The server")
    for date, is_over, what in (
        (shown.get_notBefore, False, "is valid only from"),
        (shown.get_notAfter, True, "has expired: it was valid until"),
    ):
        try:
            text = (date() or b"").decode("ascii")
            moment = datetime.strptime(text, _ASN1).replace(tzinfo=UTC)
        except (ValueError, crypto.Error) as error:
            message = "The server's certificate has dates that cannot be read."
            raise TLSError(message) from error
        if (moment < datetime.now(UTC)) is is_over:
            message = (
                f"The server's certificate is the pinned one, but it {what} "
                f"{moment:{_MINUTES}}, and by the clock of this machine it is {now()}."
            )
            raise TLSError(message)


def now() -> str:
    """Say what this machine's clock shows: half of what is wrong with certificates is that."""
    return f"{datetime.now(UTC):{_MINUTES}}"


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return str(error.reason or error).replace("_", " ").lower()
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return str(error)


def certificate_text(certificate: str | bytes) -> str:
    """Read a certificate given as PEM text, as bytes, or as a path.

    Raises:
        CertificateError: the path cannot be read.
        ArgumentError: the bytes are no text.
    """
    if isinstance(certificate, bytes):
        try:
            certificate = certificate.decode("ascii")
        except UnicodeDecodeError:
            message = "A certificate in bytes must be PEM, not DER."
            raise ArgumentError(message) from None
    return _text(certificate, "cert")


def key_text(key: str) -> str:
    """Read a private key given as PEM text or as a path.

    Raises:
        CertificateError: the path cannot be read.
    """
    return _text(key, "key")
