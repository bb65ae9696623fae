"""Proves that notifications hears, sends and answers on a real broker, database and mail server."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest

from services.bus.caller import Caller, service_in
from services.bus.entrypoints import Bus
from services.bus.rpc import RpcError
from services.notifications import handlers, service
from tests.bus import running
from tests.notifications.scene import Others, Pair, Postbox


@pytest.fixture
def bus(
    monkeypatch: pytest.MonkeyPatch,
    service_database: Callable[[str], str],
    vhost: str,
    postbox: Postbox,
    others: Others,
) -> Iterator[Bus]:
    place = {
        "AMQP_URL": vhost,
        "DATABASE_URL": service_database("services.notifications"),
        "SMTP_URL": postbox.url,
        "PUBLIC_URL": "https://timebank.example",
        "REGIONS": "london",
    }
    with running.running(monkeypatch, service.Notifications, **place) as found:
        ask = found.client.call

        def call(asked: str, method: str, **arguments: Any) -> Any:
            if asked == "notifications":
                return ask(asked, method, **arguments)
            return others(asked, method, **arguments)

        monkeypatch.setattr(found.client, "call", call)
        yield found


def _publish(bus: Bus, pair: Pair) -> None:
    """Say the events as exchanges would, by way of an outbox."""
    with bus.transaction() as tx:
        for event in pair.undisturbed():
            contract = handlers.SUBSCRIPTIONS[event.type].schema
            whole = pair.whole(contract, **vars(event.data))
            tx.emit(
                contract, region="london", subject=event.subject, data=whole,
                event_id=UUID(event.id),
            )  # fmt: skip


def test_an_exchange_is_told_by_mail_and_in_the_list(bus: Bus, postbox: Postbox) -> None:
    pair = Pair()
    _publish(bus, pair)
    mails = running.eventually(lambda: postbox.mails() if len(postbox.mails()) == 6 else None)
    assert len({str(mail["X-Timebank-Notice"]) for mail in mails}) == 6
    giver = Caller(id=pair.giver_id, region="london", approved=True)
    page = bus.call("notifications", "notices", caller=giver)
    assert len(page["items"]) == 3
    item = page["items"][0]
    read = bus.call("notifications", "read_notice", caller=giver, notice_id=item["id"])
    assert read["read_at"]
    unread = bus.call("notifications", "notices", caller=giver, unread=True)
    assert len(unread["items"]) == 2


def test_a_refusal_crosses_by_its_code(bus: Bus) -> None:
    with pytest.raises(RpcError) as caught:
        bus.call("notifications", "notices", caller=service_in("london"))
    assert caught.value.code == "not_a_member"
    nobody = Caller(id=Pair().giver_id, region="london")
    with pytest.raises(RpcError) as caught:
        bus.call("notifications", "read_notice", caller=nobody, notice_id="1")
    assert caught.value.code == "not_found"


def test_a_link_to_sign_in_is_sent_at_once_to_whoever_asks(bus: Bus, postbox: Postbox) -> None:
    link = "https://timebank.example/sign-in/link/abc"
    bus.call(
        "notifications",
        "send_sign_in_link",
        caller=service_in("london"),
        email="new@example.org",
        link=link,
    )
    (mail,) = postbox.mails()
    assert mail["To"] == "new@example.org"
    assert mail["List-Unsubscribe"] is None
    parts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
    assert len(parts) == 2
    assert all(link in part for part in parts)


def test_only_our_own_pages_are_linked_to_and_only_for_our_own_services(
    bus: Bus, postbox: Postbox
) -> None:
    for caller, link, code in (
        (service_in("london"), "https://elsewhere.example/sign-in/link/abc", "invalid"),
        (service_in("london"), "https://timebank.example.elsewhere/", "invalid"),
        (
            Caller(region="london", email="a@nhs.net"),
            "https://timebank.example/sign-in/link/abc",
            "not_allowed",
        ),
    ):
        with pytest.raises(RpcError) as refused:
            bus.call(
                "notifications", "send_sign_in_link", caller=caller, email="a@nhs.net", link=link
            )
        assert refused.value.code == code
    assert not postbox.mails()


def test_choices_are_kept(bus: Bus) -> None:
    somebody = Caller(id=Pair().giver_id, region="london")
    bus.call("notifications", "set_preferences", caller=somebody, body={"email": False})
    assert bus.call("notifications", "preferences", caller=somebody)["email"] is False
