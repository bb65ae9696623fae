"""The closed lists of words every service and screen uses the same way."""

REGIONS = (
    "london",
    "south-west",
    "south-east",
    "midlands",
    "east-of-england",
    "north-west",
    "north-east-and-yorkshire",
)
NATIONAL = "national"
"""Where what belongs to no region goes: an eighth set of queues."""

ROUTES = (*REGIONS, NATIONAL)

CATEGORIES = (
    "leadership",
    "digital-and-data",
    "projects",
    "coaching-and-mentoring",
    "shadowing",
    "problem-solving",
)
PATHWAYS = ("get-ready", "get-in", "get-on", "go-further")

LISTING_KINDS = ("offer", "request")
LISTING_STATES = ("open", "paused", "closed", "expired")

EXCHANGE_STATES = (
    "requested",
    "accepted",
    "unfunded",
    "booked",
    "awaiting_confirmation",
    "completed",
    "disputed",
    "settled",
    "declined",
    "withdrawn",
    "expired",
    "cancelled",
    "lapsed",
    "no_show",
    "reversed",
)
EXCHANGE_ACTIONS = (
    "accept",
    "decline",
    "amend",
    "withdraw",
    "ask_fund",
    "reschedule",
    "cancel",
    "done",
    "no_show",
    "confirm",
    "dispute",
    "resolve",
    "reverse",
    "thank",
    "remind",
)
FEEDBACK = ("yes", "partly", "no")
"""What somebody may say to whether it helped."""
CONCERN_SEVERITIES = ("low", "serious", "safeguarding")

NEXT_ACTORS = ("giver", "receiver", "both", "rep", "national", "ledger")

MEMBER_STATUSES = ("waiting", "approved", "refused", "left")
ROLES = ("member", "coordinator", "rep", "national", "senate", "integrator")

TRANSFER_KINDS = ("exchange", "grant", "donation", "fund", "reversal", "leaving")
HOLD_STATES = ("held", "refused", "posted", "released")

MINUTES_STEP = 15
MINUTES_MIN = 15
MINUTES_MAX = 1440
"""Minutes of one exchange: a multiple of 15 from 15 to 1,440 (24 hours)."""
