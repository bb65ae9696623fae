"""Proves where a webhook may be sent to, and where never."""

import pytest

from services.notifications import address, errors


@pytest.mark.parametrize("text", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_a_public_address_may_be_reached(text: str) -> None:
    assert address.permitted(text)


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1", "::1", "::ffff:127.0.0.1", "0.0.0.0", "::", "10.1.2.3", "172.16.0.1",
        "192.168.1.1", "169.254.169.254", "fe80::1", "fe80::1%eth0", "fd00::1", "fec0::1",
        "100.64.0.1", "224.0.0.1", "ff02::1", "240.0.0.1", "255.255.255.255", "192.0.2.1",
        "198.18.0.1", "2001:db8::1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2", "not an address", "",
    ],
)  # fmt: skip
def test_everything_else_may_not(text: str) -> None:
    assert not address.permitted(text)


def test_this_machine_may_be_reached_where_that_is_wanted_and_nothing_else_inside() -> None:
    assert address.permitted("127.0.0.1", loopback=True)
    assert address.permitted("::1", loopback=True)
    assert not address.permitted("10.1.2.3", loopback=True)
    assert not address.permitted("169.254.169.254", loopback=True)


@pytest.mark.parametrize(
    "url",
    [
        "https://rota.example.nhs.uk/hook",
        "https://rota.example:8443/a?b=c",
        "https://8.8.8.8/",
        "https://[2606:4700:4700::1111]/",
        "https://rota.example./",
        f"https://{'a' * 63}.example/",
    ],
)
def test_a_receiver_is_a_place_on_the_public_net_by_https(url: str) -> None:
    assert address.receiver(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://rota.example/hook", "ftp://rota.example/", "rota.example", "https://", "https:///x",
        "https://user:word@rota.example/", "https://rota.example/#part", "https://127.0.0.1/",
        "https://[::1]/", "https://10.0.0.1/", "https://localhost/", "https://gateway.internal/",
        "https://printer.local/", "https://rota.example:99999/", "https://rota.example/a b",
        "https://rota.example/\r\nX-Evil: 1", "https://röta.example/", "https://[nonsense/",
        f"https://rota.example/{'a' * 2_000}", "http://127.0.0.1:9/", "https://a..b.org/",
        "https://.rota.example/", f"https://{'a' * 64}.example/", "https://./",
    ],
)  # fmt: skip
def test_no_other_place_is_taken_as_a_receiver(url: str) -> None:
    with pytest.raises(errors.BadReceiver):
        address.receiver(url)


def test_a_developers_receiver_needs_no_https_on_the_same_machine_only() -> None:
    assert address.receiver("http://127.0.0.1:8080/hook", loopback=True)
    assert address.receiver("http://localhost:8080/hook", loopback=True)
    with pytest.raises(errors.BadReceiver):
        address.receiver("http://rota.example/hook", loopback=True)
