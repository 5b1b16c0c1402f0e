"""Mail by a real SMTP server of this machine."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from prometheus_client import REGISTRY
from pydantic import SecretStr, ValidationError
from structlog.testing import capture_logs

from bot.runtime.mail import SmtpMailer, mailer
from bot.settings import Settings
from tests.smtp import Mailbox, mail_server


def sending(box: Mailbox, folder: Path, **more: Any) -> SmtpMailer:
    settings = Settings(
        _env_file=None,
        state=folder,
        smtp_host="127.0.0.1",
        smtp_port=box.port,
        smtp_from="service@shop.example",
        **{"smtp_security": "none", **more},
    )
    made = mailer(settings)
    assert made is not None
    return made


def count(outcome: str) -> float:
    return REGISTRY.get_sample_value("shopguide_mails_total", {"outcome": outcome}) or 0


def test_a_mail_arrives_in_both_languages(tmp_path: Path) -> None:
    with mail_server() as box:
        post = sending(box, tmp_path)
        post.send("lin@example.com", "云杉验证码", "042042 是您的验证码。")
        mail = box.next()
        post.close()
    assert (mail["To"], mail["From"]) == ("lin@example.com", "service@shop.example")
    assert mail["Subject"] == "云杉验证码"
    assert mail.get_content().strip() == "042042 是您的验证码。"
    assert box.logins == []


def test_a_server_that_asks_gets_the_password(tmp_path: Path) -> None:
    with mail_server() as box:
        post = sending(box, tmp_path, smtp_user="shop", smtp_password=SecretStr("pass word"))
        post.send("lin@example.com", "Code", "042042")
        box.next()
        post.close()
    assert len(box.logins) == 1


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    """Of 127.0.0.1, for the server, and the file by which a client knows it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.test")])
    here, now = x509.IPAddress(ip_address("127.0.0.1")), datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([here]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "mail.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + made.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context, file


def test_starttls_comes_before_the_password_and_the_mail(
    tmp_path: Path, certificate: tuple[ssl.SSLContext, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    context, file = certificate
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with mail_server(context) as box:
        post = sending(
            box, tmp_path, smtp_security="starttls", smtp_user="shop",
            smtp_password=SecretStr("pass word"),
        )  # fmt: skip
        post.send("lin@example.com", "Code", "042042")
        mail = box.next()
        post.close()
    assert mail.get_content().strip() == "042042"
    assert len(box.logins) == 1


def test_a_server_that_nobody_vouches_for_gets_neither_password_nor_mail(
    tmp_path: Path, certificate: tuple[ssl.SSLContext, Path]
) -> None:
    before = count("failed")
    with mail_server(certificate[0]) as box:
        post = sending(
            box, tmp_path, smtp_security="starttls", smtp_user="shop",
            smtp_password=SecretStr("pass word"),
        )  # fmt: skip
        post.send("lin@example.com", "Code", "042042")
        post.close()
    assert count("failed") == before + 1
    assert box.logins == []
    assert box.mails.empty()


@pytest.mark.parametrize(
    ("to", "refuses", "security"),
    [
        ("lin@example.com", b"550 no such user lin@example.com", "none"),
        ("lin@example.com\nBcc: all@example.com", b"", "none"),
        ("lin@example.com", b"", "starttls"),  # the server has no TLS: nothing goes in the open
    ],
)
def test_a_mail_that_cannot_be_sent_is_counted_and_named_nowhere(
    tmp_path: Path, to: str, refuses: bytes, security: str
) -> None:
    before = count("failed")
    with mail_server() as box, capture_logs() as logs:
        box.refuses = refuses
        post = sending(box, tmp_path, smtp_security=security)
        post.send(to, "Code", "042042")
        post.close()
    assert count("failed") == before + 1
    assert box.mails.empty()
    assert "lin@" not in str(logs)
    assert "042042" not in str(logs)


def test_a_server_that_is_away_is_no_error_of_the_turn(tmp_path: Path) -> None:
    with mail_server() as box:
        pass
    before = count("failed")
    post = sending(box, tmp_path)
    post.send("lin@example.com", "Code", "042042")
    post.close()
    assert count("failed") == before + 1


def test_no_server_no_mail_and_no_sender_no_server(tmp_path: Path) -> None:
    assert mailer(Settings(_env_file=None, state=tmp_path)) is None
    with pytest.raises(ValidationError, match="SHOPGUIDE_SMTP_FROM"):
        Settings(_env_file=None, state=tmp_path, smtp_host="mail.shop.example")
