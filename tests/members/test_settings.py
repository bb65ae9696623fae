"""The one setting of members."""

import pytest

from services.bus.settings import SettingError
from services.members import settings


def test_the_health_services_domains_are_known_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIMEBANK_KNOWN_DOMAINS", raising=False)
    assert settings.KNOWN_DOMAINS.read() == ("nhs.net", "nhs.uk")


def test_domains_are_a_comma_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIMEBANK_KNOWN_DOMAINS", "NHS.net, care.example.org")
    assert settings.KNOWN_DOMAINS.read() == ("nhs.net", "care.example.org")


@pytest.mark.parametrize("text", ["", " ", ",", "nhs", "@nhs.uk", "*.nhs.uk", "a b.org"])
def test_what_is_no_domain_stops_the_process(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("TIMEBANK_KNOWN_DOMAINS", text)
    with pytest.raises(SettingError):
        settings.KNOWN_DOMAINS.read()
