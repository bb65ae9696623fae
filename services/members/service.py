"""The members service: what it answers."""

from collections.abc import Sequence
from typing import Any

from nameko.extensions import DependencyProvider

from services.bus import idempotency
from services.bus.entrypoints import Bus, every, rpc
from services.contracts import readers
from services.members import (
    access_handlers,
    address_handlers,
    audit_handlers,
    client_handlers,
    consent_handlers,
    cover_handlers,
    handlers,
    invitation_handlers,
    lookup_handlers,
    network_handlers,
    queue_handlers,
    role_handlers,
    session_handlers,
    settings,
    sheet_handlers,
)


class KnownDomains(DependencyProvider):
    """The domains whose people are let in at once, read when the process starts."""

    def setup(self) -> None:
        self.domains = settings.KNOWN_DOMAINS.read()

    def get_dependency(self, worker_ctx: Any) -> tuple[str, ...]:
        return self.domains


class Members:
    name = "members"
    bus = Bus(readers.TOPOLOGY)
    known_domains = KnownDomains()

    @rpc
    def join(self, call: Any, body: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return idempotency.once(
                tx, call.caller, call.key,
                lambda: handlers.join(tx, call.caller, body, self.known_domains),
            )  # fmt: skip

    @rpc
    def me(self, call: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return handlers.me(tx, call.caller)

    @rpc
    def get(self, call: Any, member_id: str) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return handlers.get(tx, call.caller, member_id)

    @rpc
    def update(self, call: Any, body: Any, expected_version: int | None = None) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return idempotency.once(
                tx, call.caller, call.key,
                lambda: handlers.update(tx, call.caller, body, expected_version),
            )  # fmt: skip

    @rpc
    def leave(self, call: Any, choice: str = "fund") -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return handlers.leave(tx, call.caller, choice)

    @rpc
    def list(
        self, call: Any, status: str = "waiting", limit: int = 20, cursor: str | None = None
    ) -> Any:
        page = {"status": status, "limit": limit, "cursor": cursor}
        with self.bus.transaction(call.correlation_id) as tx:
            return handlers.listed(tx, call.caller, page)

    @rpc
    def approve(self, call: Any, member_id: str) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return idempotency.once(
                tx, call.caller, call.key, lambda: handlers.approve(tx, call.caller, member_id)
            )

    @rpc
    def refuse(self, call: Any, member_id: str, reason: str | None = None) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return idempotency.once(
                tx, call.caller, call.key,
                lambda: handlers.refuse(tx, call.caller, member_id, reason),
            )  # fmt: skip

    @rpc
    def set_roles(
        self, call: Any, member_id: str, roles: Sequence[str], reason: str | None = None
    ) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return idempotency.once(
                tx, call.caller, call.key,
                lambda: role_handlers.set_roles(tx, call.caller, member_id, roles, reason),
            )  # fmt: skip

    @rpc
    def identify(self, call: Any, email: str) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return lookup_handlers.identify(tx, call.caller, email)

    @rpc
    def open_session(self, call: Any, token_hash: Any, email: Any, trusted: Any = False) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return session_handlers.open_session(tx, call.caller, token_hash, email, trusted)

    @rpc
    def session(self, call: Any, token_hash: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return session_handlers.current(tx, call.caller, token_hash)

    @rpc
    def close_session(self, call: Any, token_hash: Any, everywhere: Any = False) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return session_handlers.close_session(tx, call.caller, token_hash, everywhere)

    @rpc
    def keep_sign_in_link(self, call: Any, token_hash: Any, email: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return session_handlers.keep_link(tx, call.caller, token_hash, email)

    @rpc
    def forget_link(self, call: Any, token_hash: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return session_handlers.forget_link(tx, call.caller, token_hash)

    @rpc
    def use_sign_in_link(self, call: Any, token_hash: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return session_handlers.use_link(tx, call.caller, token_hash)

    @rpc
    def keep_address_link(self, call: Any, token_hash: Any, email: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return address_handlers.keep_link(tx, call.caller, token_hash, email)

    @rpc
    def add_address(self, call: Any, token_hash: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return address_handlers.add(tx, call.caller, token_hash, self.known_domains)

    @rpc
    def remove_address(self, call: Any, email: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return address_handlers.remove(tx, call.caller, email)

    @rpc
    def make_main_address(self, call: Any, email: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return address_handlers.make_main(tx, call.caller, email)

    @rpc
    def register_client(self, call: Any, body: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return idempotency.once(
                tx, call.caller, call.key, lambda: client_handlers.register(tx, call.caller, body)
            )

    @rpc
    def clients(self, call: Any, limit: int = 20, cursor: str | None = None) -> Any:
        page = {"limit": limit, "cursor": cursor}
        with self.bus.transaction(call.correlation_id) as tx:
            return client_handlers.listed(tx, call.caller, page)

    @rpc
    def replace_client_keys(self, call: Any, client_id: Any, keys: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return client_handlers.replace_keys(tx, call.caller, client_id, keys)

    @rpc
    def withdraw_client(self, call: Any, client_id: Any, reason: Any = None) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return idempotency.once(
                tx, call.caller, call.key,
                lambda: client_handlers.withdraw(tx, call.caller, client_id, reason),
            )  # fmt: skip

    @rpc
    def client_keys(self, call: Any, client_id: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return access_handlers.keys(tx, call.caller, client_id)

    @rpc
    def admit_client(self, call: Any, body: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return access_handlers.admit(tx, call.caller, body)

    @rpc
    def client_access(self, call: Any, token_hash: Any, member_id: Any = None) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return access_handlers.access(tx, call.caller, token_hash, member_id)

    @rpc
    def give_consent(self, call: Any, body: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return idempotency.once(
                tx, call.caller, call.key, lambda: consent_handlers.give(tx, call.caller, body)
            )

    @rpc
    def consents(self, call: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return consent_handlers.listed(tx, call.caller)

    @rpc
    def end_consent(self, call: Any, client_id: Any, scope: Any = None) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return consent_handlers.end(tx, call.caller, client_id, scope)

    @rpc
    def own_invitation(self, call: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return invitation_handlers.own(tx, call.caller)

    @rpc
    def invitation(self, call: Any, token: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return invitation_handlers.find(tx, call.caller, token)

    @rpc
    def networks(self, call: Any, ended: Any = False) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return network_handlers.hosted(tx, call.caller, ended)

    @rpc
    def host_network(self, call: Any, body: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return idempotency.once(
                tx, call.caller, call.key, lambda: network_handlers.host(tx, call.caller, body)
            )

    @rpc
    def end_network(self, call: Any, network_id: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return network_handlers.end(tx, call.caller, network_id)

    @rpc
    def cards(self, call: Any, ids: Sequence[str]) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return lookup_handlers.cards(tx, call.caller, ids)

    @rpc
    def contacts(self, call: Any, ids: Sequence[str]) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return lookup_handlers.contacts(tx, call.caller, ids)

    @rpc
    def skills(self, call: Any, ids: Sequence[str]) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return lookup_handlers.skills(tx, call.caller, ids)

    @rpc
    def representatives(self, call: Any, present: bool = False) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return role_handlers.representatives(tx, call.caller, present)

    @rpc
    def organisations(
        self, call: Any, q: str | None = None, region: str | None = None,
        limit: int = 20, cursor: str | None = None, on: str | None = None,
    ) -> Any:  # fmt: skip
        page = {"q": q, "region": region, "limit": limit, "cursor": cursor, "on": on}
        with self.bus.transaction(call.correlation_id) as tx:
            return lookup_handlers.organisations(tx, page)

    @rpc
    def regions(self, call: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return lookup_handlers.regions(tx)

    @rpc
    def queue(self, call: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return queue_handlers.listed(tx, call.caller)

    @rpc
    def nudge(self, call: Any, member_id: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return idempotency.once(
                tx, call.caller, call.key, lambda: queue_handlers.nudge(tx, call.caller, member_id)
            )

    @rpc
    def find(self, call: Any, q: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return queue_handlers.find(tx, call.caller, q)

    @rpc
    def role_holders(self, call: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return queue_handlers.role_holders(tx, call.caller)

    @rpc
    def cover(self, call: Any, body: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return idempotency.once(
                tx, call.caller, call.key, lambda: cover_handlers.name(tx, call.caller, body)
            )

    @rpc
    def end_cover(self, call: Any, cover_id: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return cover_handlers.end(tx, call.caller, cover_id)

    @rpc
    def covers(self, call: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return cover_handlers.listed(tx, call.caller)

    @rpc
    def check_sheet(self, call: Any, body: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return idempotency.once(
                tx, call.caller, call.key, lambda: sheet_handlers.check(tx, call.caller, body)
            )

    @rpc
    def do_sheet(self, call: Any, sheet_id: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return sheet_handlers.do(tx, call.caller, sheet_id)

    @rpc
    def sheet(self, call: Any, sheet_id: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return sheet_handlers.one(tx, call.caller, sheet_id)

    @rpc
    def sheet_rows(
        self, call: Any, sheet_id: Any, outcome: Any = None, limit: int = 20, cursor: Any = 0
    ) -> Any:
        page = {"outcome": outcome, "limit": limit, "cursor": cursor}
        with self.bus.transaction(call.correlation_id) as tx:
            return sheet_handlers.rows(tx, call.caller, sheet_id, page)

    @rpc
    def audit(self, call: Any, **question: Any) -> Any:
        """Takes the fields of ``services.bus.audit.search``."""
        with self.bus.transaction(call.correlation_id) as tx:
            return audit_handlers.search(tx, call.caller, question)

    @rpc
    def export_audit(self, call: Any, lines: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return audit_handlers.export(tx, call.caller, lines)

    @every(seconds=3_600)
    def tidy(self) -> None:
        with self.bus.transaction() as tx:
            sheet_handlers.forget(tx)
