"""The settings of members."""

import json
from pathlib import Path

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


def test_of_the_ready_made_systems_key_only_the_public_half_is_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "key.json"
    key = {"kty": "EC", "crv": "P-256", "x": "a", "y": "b", "kid": "one"}
    file.write_text(json.dumps({**key, "d": "secret", "alg": "ES256"}))
    monkeypatch.setenv("TIMEBANK_DEV_CLIENT_KEY", str(file))
    assert settings.DEVELOPMENT_CLIENT_KEY.read() == key
    monkeypatch.delenv("TIMEBANK_DEV_CLIENT_KEY")
    assert settings.DEVELOPMENT_CLIENT_KEY.read() is None


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"kty": "EC"}'])
def test_a_file_without_a_key_stops_the_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "key.json").write_text(content)
    monkeypatch.setenv("TIMEBANK_DEV_CLIENT_KEY", str(tmp_path / "key.json"))
    with pytest.raises(SettingError):
        settings.DEVELOPMENT_CLIENT_KEY.read()
