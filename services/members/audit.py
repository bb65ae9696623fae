"""The audit: what is written down of people and systems."""

ABOUT_PEOPLE = (
    "approve", "refuse", "leave", "import", "grant", "revoke", "name_cover", "end_cover",
    "add_address", "remove_address", "change_main_address",
)  # fmt: skip
ABOUT_NOBODY = ("import_people", "invite_people", "export_audit")
ABOUT_SYSTEMS = ("register", "replace_keys", "withdraw", "consent", "end_consent")
"""Everything that is written down; a word is never taken back, for its lines stay."""

MOST_EXPORTED = 5_000
"""Lines of one export: it travels as one answer, and a spreadsheet is read by a person."""
