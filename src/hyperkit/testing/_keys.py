"""Keys and certificates of the embedded server, and of its clients."""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID
from OpenSSL import SSL

if TYPE_CHECKING:
    from typing import Literal


class KeyPair(NamedTuple):
    """A certificate and its key, in PEM."""

    certificate: str
    key: str


@cache
def key_pair(name: str, *, expired: bool = False) -> KeyPair:
    """Make a self-signed certificate, once in a process for each name.

    Args:
        name: what stands in it.
        expired: True makes one whose time is over.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    now = dt.datetime.now(dt.UTC)
    end = now + dt.timedelta(days=-1 if expired else 30)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    hosts = [
        x509.DNSName("localhost"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
        x509.IPAddress(ipaddress.ip_address("::1")),
    ]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=30))
        .not_valid_after(end)
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        .sign(key, hashes.SHA256())
    )
    return KeyPair(
        certificate.public_bytes(Encoding.PEM).decode(),
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    )


def server_context(pair: KeyPair) -> SSL.Context:
    """Make the TLS context of a server that asks clients for a certificate, and takes any.

    Args:
        pair: its own.
    """
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_3_VERSION)
    context.use_certificate(x509.load_pem_x509_certificate(pair.certificate.encode()))
    key: Any = load_pem_private_key(pair.key.encode(), None)
    context.use_privatekey(key)

    def take_any(*_arguments: object) -> Literal[True]:
        return True

    context.set_verify(SSL.VERIFY_PEER, take_any)
    return context


def fingerprint_of(certificate: str | bytes) -> str:
    """Compute a certificate's fingerprint: SHA-256 of its DER form.

    Args:
        certificate: PEM text, or DER.

    Raises:
        ValueError: it is no certificate.
    """
    if isinstance(certificate, str):
        loaded = x509.load_pem_x509_certificate(certificate.encode())
    else:
        loaded = x509.load_der_x509_certificate(certificate)
    return hashlib.sha256(loaded.public_bytes(Encoding.DER)).hexdigest()


def ends_at(certificate: str) -> str:
    """Read when a certificate ends, as the API writes it.

    Args:
        certificate: PEM text.
    """
    end = x509.load_pem_x509_certificate(certificate.encode()).not_valid_after_utc
    return end.isoformat().replace("+00:00", "Z")


def belong_together(certificate: str, key: str) -> bool:
    """Tell whether a key is that of a certificate.

    Args:
        certificate: PEM text.
        key: PEM text; whatever else it is does not belong to it.
    """
    try:
        loaded = load_pem_private_key(key.encode(), None)
    except (ValueError, TypeError):
        return False
    return loaded.public_key() == x509.load_pem_x509_certificate(certificate.encode()).public_key()


def pem_of(der: bytes) -> str:
    """Write a certificate in PEM.

    Args:
        der: as the API's JSON carries it, decoded.

    Raises:
        ValueError: it is no certificate.
    """
    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM).decode()
