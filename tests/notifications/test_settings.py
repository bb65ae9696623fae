"""A wrong mail setting ends the process in one sentence."""

import pytest

from services.bus.settings import SettingError
from services.notifications import settings

GOOD = {
    "TIMEBANK_SMTP_URL": "smtp://127.0.0.1:2525",
    "TIMEBANK_PUBLIC_URL": "http://127.0.0.1:8000/",
}


@pytest.fixture(autouse=True)
def _installation(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)


def test_what_has_a_default_need_not_be_set() -> None:
    found = settings.read()
    assert found == settings.Mail(
        "smtp://127.0.0.1:2525", "http://127.0.0.1:8000",
        "Talent Timebank <no-reply@timebank.invalid>",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TIMEBANK_SMTP_URL", None),
        ("TIMEBANK_SMTP_URL", ""),
        ("TIMEBANK_SMTP_URL", "mail.example.org"),
        ("TIMEBANK_SMTP_URL", "smtp://user:secret@mail.example.org"),
        ("TIMEBANK_PUBLIC_URL", "timebank.example"),
        ("TIMEBANK_MAIL_FROM", "nobody"),
        ("TIMEBANK_MAIL_FROM", "A <a@example.org>\nBcc: b@example.org"),
        ("TIMEBANK_MAIL_BATCH", "0"),
        ("TIMEBANK_MAIL_BATCH", "many"),
        ("TIMEBANK_MAIL_LEASE", "30"),
        ("TIMEBANK_SMTP_TIMEOUT", "11"),
        ("TIMEBANK_MAIL_RETRY_SCHEDULE", "1,soon"),
    ],
)
def test_a_setting_that_is_missing_wrong_or_contradictory_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str | None
) -> None:
    if value is None:
        monkeypatch.delenv(name)
    else:
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingError) as caught:
        settings.read()
    assert "TIMEBANK_" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_password_may_be_sent_where_the_line_is_encrypted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TIMEBANK_SMTP_URL", "smtps://user:secret@mail.example.org")
    assert settings.read().smtp_url.startswith("smtps://")


BROKER = "amqp://timebank:secret@broker.example:5672/bank"


def test_subscribers_are_told_the_brokers_own_address_without_its_user(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TIMEBANK_AMQP_URL", BROKER)
    found = settings.read_subscribing()
    assert found == settings.Subscribing(None, "amqp://broker.example:5672/bank", "bank")
    monkeypatch.setenv("TIMEBANK_FEED_URL", "amqps://feed.example:5671/bank")
    assert settings.read_subscribing().feed_url == "amqps://feed.example:5671/bank"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TIMEBANK_BROKER_MANAGEMENT_URL", "http://admin:secret@broker.example:15672"),
        ("TIMEBANK_BROKER_MANAGEMENT_URL", "broker.example"),
        ("TIMEBANK_WEBHOOK_TARGETS", "loopback"),
        ("TIMEBANK_WEBHOOK_TARGETS", "everywhere"),
        ("TIMEBANK_WEBHOOK_TIMEOUT", "60"),
        ("TIMEBANK_FEED_URL", "https://feed.example"),
    ],
)
def test_what_would_be_dangerous_outside_a_local_installation_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv("TIMEBANK_AMQP_URL", BROKER)
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingError) as caught:
        settings.read_subscribing()
    assert name in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_local_installation_may_do_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIMEBANK_AMQP_URL", BROKER)
    monkeypatch.setenv("TIMEBANK_ENVIRONMENT", "local")
    monkeypatch.setenv("TIMEBANK_BROKER_MANAGEMENT_URL", "http://admin:word@127.0.0.1:15672")
    monkeypatch.setenv("TIMEBANK_WEBHOOK_TARGETS", "loopback")
    found = settings.read_subscribing()
    assert (found.management_url, found.loopback) == ("http://admin:word@127.0.0.1:15672", True)
