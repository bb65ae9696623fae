"""A missing or contradictory setting is one sentence, and no start."""

import json
from pathlib import Path

import pytest
from joserfc import jwk

from gateway import settings
from services.bus.settings import SettingError

ISSUER = {"issuer": "https://login.test", "jwks_url": "https://login.test/keys", "audience": "tb"}


@pytest.fixture
def key_file(tmp_path: Path, issuer_key: jwk.ECKey) -> str:
    path = tmp_path / "key.json"
    path.write_text(json.dumps(issuer_key.as_dict(private=True)))
    return str(path)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("ISSUERS", "DEV_ISSUER_KEY", "RATE_LIMIT", "HTTP_CONCURRENCY"):
        monkeypatch.delenv(f"TIMEBANK_{name}", raising=False)
    monkeypatch.setenv("TIMEBANK_ENVIRONMENT", "local")
    monkeypatch.setenv("TIMEBANK_PUBLIC_URL", "http://127.0.0.1:8000/")
    return monkeypatch


def refusal() -> str:
    with pytest.raises(SettingError) as caught:
        settings.read()
    return str(caught.value)


def test_a_local_installation_needs_the_development_key_only(
    environment: pytest.MonkeyPatch, key_file: str
) -> None:
    environment.setenv("TIMEBANK_DEV_ISSUER_KEY", key_file)
    found = settings.read()
    assert found.development_key is not None
    assert found.public_url == "http://127.0.0.1:8000"
    assert (found.rate_limit, found.concurrency) == (600, 64)


def test_production_needs_issuers(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("TIMEBANK_ENVIRONMENT", "production")
    assert "TIMEBANK_ISSUERS names nobody" in refusal()
    environment.setenv("TIMEBANK_ISSUERS", json.dumps([ISSUER]))
    assert settings.read().issuers[0].email_claim == "email"


def test_the_development_key_refuses_to_be_used_in_production(
    environment: pytest.MonkeyPatch, key_file: str
) -> None:
    environment.setenv("TIMEBANK_ENVIRONMENT", "production")
    environment.setenv("TIMEBANK_ISSUERS", json.dumps([ISSUER]))
    environment.setenv("TIMEBANK_DEV_ISSUER_KEY", key_file)
    assert "signs in anybody as anybody" in refusal()


def test_production_reads_keys_over_https_only(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("TIMEBANK_ENVIRONMENT", "production")
    environment.setenv(
        "TIMEBANK_ISSUERS", json.dumps([{**ISSUER, "jwks_url": "http://login.test/keys"}])
    )
    assert "not https" in refusal()


def test_an_installation_nobody_could_sign_in_to_does_not_start(
    environment: pytest.MonkeyPatch,
) -> None:
    assert "nobody could sign in" in refusal()


@pytest.mark.parametrize(
    "text",
    ["{}x", '["a"]', '[{"issuer": "x"}]', json.dumps([{**ISSUER, "audience": ""}]),
     json.dumps([{**ISSUER, "extra": "x"}]), json.dumps([ISSUER, ISSUER]), "7"],
)  # fmt: skip
def test_issuers_that_cannot_be_read_are_refused(
    environment: pytest.MonkeyPatch, text: str
) -> None:
    environment.setenv("TIMEBANK_ISSUERS", text)
    assert refusal().startswith("TIMEBANK_ISSUERS cannot be used: ")


def test_a_key_that_is_missing_public_or_of_another_kind_is_refused(
    environment: pytest.MonkeyPatch, tmp_path: Path, issuer_key: jwk.ECKey
) -> None:
    other = jwk.ECKey.generate_key("P-384")
    rsa_like = {"kty": "RSA", "n": "AQAB", "e": "AQAB"}
    for content in (
        None,
        "{}",
        "rubbish",
        issuer_key.as_dict(private=False),
        other.as_dict(),
        rsa_like,
    ):
        path = tmp_path / "wrong.json"
        if content is not None:
            path.write_text(content if isinstance(content, str) else json.dumps(content))
        environment.setenv("TIMEBANK_DEV_ISSUER_KEY", str(path))
        assert refusal().startswith("TIMEBANK_DEV_ISSUER_KEY cannot be used: ")


@pytest.mark.parametrize("text", ["ftp://x", "http://", "http://x/?a=b", " ", "x"])
def test_a_public_url_that_is_none_is_refused(environment: pytest.MonkeyPatch, text: str) -> None:
    environment.setenv("TIMEBANK_PUBLIC_URL", text)
    assert refusal().startswith("TIMEBANK_PUBLIC_URL")


def test_a_missing_public_url_is_named(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("TIMEBANK_PUBLIC_URL")
    assert refusal().startswith("TIMEBANK_PUBLIC_URL is not set")
