"""The words of the audit: what each service keeps of decisions, as it is asked for and told."""

from collections.abc import Mapping

OF_MESSAGES = ("put_back", "discard")
"""In every service that hears messages."""

ACTIONS: Mapping[str, tuple[str, ...]] = {
    "members": (
        "approve", "refuse", "leave", "import", "import_people", "invite_people",
        "grant", "revoke", "name_cover", "end_cover",
        "add_address", "remove_address", "change_main_address",
        "register", "replace_keys", "withdraw", "consent", "end_consent",
        "export_audit",
    ),
    "exchanges": (
        "resolve_dispute", "escalate_dispute", "settle_dispute", "reverse_exchange",
        "step_for_member", "step_by_system",
        "acknowledge_concern", "note_concern", "refer_concern", "hand_on_concern",
        "escalate_concern", "close_concern",
        *OF_MESSAGES,
    ),
    "ledger": (
        "change_limit", "donate", "from_fund", "back_to_fund", "opening_balance",
        "grant_minutes", "leave_balance",
        *OF_MESSAGES,
    ),
    "notifications": (
        "ask_subscription", "approve_subscription", "end_subscription", *OF_MESSAGES,
    ),
    "reporting": OF_MESSAGES,
}  # fmt: skip
"""By service; a word is never taken back, for its lines stay."""

WORDS = tuple(dict.fromkeys(word for words in ACTIONS.values() for word in words))

BY = ("member", "system", "operator", "rule")
"""By whose hand: a command's where nobody is named, or nobody's: a deadline, or what follows
from something else."""

ABOUT = ("member", "exchange", "concern", "system", "subscription", "message", "region", "none")
"""What a line's subject is."""
