"""A client's certificate and key: as the commands make them, and for nobody else to read."""

import os
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

import hyperkit


@pytest.fixture
def pair(tmp_path):
    return hyperkit.generate_key_pair(tmp_path / "pair")


def test_a_key_pair_is_what_the_commands_make(pair):
    certificate = x509.load_pem_x509_certificate(Path(pair.certificate).read_bytes())
    assert isinstance(certificate.public_key().curve, ec.SECP384R1)
    years = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert years.days == 3650
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert Path(pair.key).read_text().startswith("-----BEGIN EC PRIVATE KEY-----")
    assert certificate.issuer == certificate.subject


def test_nobody_else_reads_the_key(tmp_path):
    old = os.umask(0)
    try:
        pair = hyperkit.generate_key_pair(tmp_path / "a" / "b", name="laptop")
    finally:
        os.umask(old)
    modes = [stat.S_IMODE(Path(one).stat().st_mode) for one in pair]
    assert modes == [0o644, 0o600]
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700
    assert sorted(one.name for one in (tmp_path / "a" / "b").iterdir()) == [
        "client.crt",
        "client.key",
    ]


@pytest.mark.parametrize("half", ["client.crt", "client.key"])
def test_no_pair_is_overwritten_unasked(tmp_path, half):
    (tmp_path / half).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(hyperkit.ArgumentError, match="overwrite=True"):
        hyperkit.generate_key_pair(tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == [half]
    hyperkit.generate_key_pair(tmp_path, overwrite=True)
    assert not (tmp_path / "elsewhere").exists()
    assert not (tmp_path / half).is_symlink()


@pytest.mark.parametrize("half", ["client.crt", "client.key"])
def test_somebody_was_faster(tmp_path, monkeypatch, half):
    monkeypatch.setattr("os.path.lexists", lambda place: False)
    (tmp_path / half).write_text("theirs")
    with pytest.raises(hyperkit.ArgumentError, match="was there first"):
        hyperkit.generate_key_pair(tmp_path)
    assert (tmp_path / half).read_text() == "theirs"
    assert [one.name for one in tmp_path.iterdir()] == [half]


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(hyperkit.CertificateError, match="can be written"):
        hyperkit.generate_key_pair(tmp_path / "file" / "pair")


@pytest.mark.parametrize("name", ["", "a" * 65])
def test_a_name_that_no_certificate_has_is_refused(tmp_path, name):
    with pytest.raises(hyperkit.ArgumentError, match="1 to 64"):
        hyperkit.generate_key_pair(tmp_path, name=name)


def test_a_pair_of_ones_own_is_found():
    pair = hyperkit.generate_key_pair("~/.config/hyperkit")
    assert hyperkit._trust.client_pair(hyperkit.Client()) == tuple(pair)
