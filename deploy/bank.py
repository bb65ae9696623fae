"""A small bank of invented people, so that a fresh installation has somebody in it."""

from dataclasses import dataclass

from deploy.client import Answer, Person


@dataclass(frozen=True)
class Offer:
    """Something an invented person gives, or with ``kind`` request, asks for."""

    title: str
    description: str
    category: str
    minutes: int = 60
    kind: str = "offer"
    pathway: str | None = None


@dataclass(frozen=True)
class Invented:
    """Somebody who does not exist, employed by an organisation that does."""

    first: str
    organisation: str
    region: str
    about: str
    skills_offered: tuple[str, ...]
    skills_wanted: tuple[str, ...]
    listings: tuple[Offer, ...]

    @property
    def email(self) -> str:
        return f"{self.first.lower()}.invented@dev.nhs.uk"


PEOPLE = (
    Invented("Asha", "RJ1", "london", "Ward administrator who keeps the rota.",
        ("Rotas", "Running a handover"), ("Spreadsheets", "Interview practice"),
        (Offer("How a fair rota comes about", "From leave requests to a sheet people trust.",
            "problem-solving"),
         Offer("Help with my first interview in ten years", "A band 5 post; I am out of practice.",
            "leadership", 45, "request", "get-on"))),
    Invented("Ben", "R0A", "north-west", "Information analyst, patient with beginners.",
        ("Spreadsheets", "Data quality"), ("Presenting",),
        (Offer("Pivot tables without fear", "Bring your own sheet; we take it apart together.",
            "digital-and-data"),)),
    Invented("Carys", "RH8", "south-west", "Physiotherapist and mentor.",
        ("Mentoring", "Returning to work"), ("Research methods",),
        (Offer("Mentoring for people coming back from leave", "One hour, no slides.",
            "coaching-and-mentoring", pathway="get-on"),)),
    Invented("Dev", "RTH", "south-east", "Project manager in estates.",
        ("Project plans", "Risk registers"), ("Coaching",),
        (Offer("A project plan on one page", "Bring a project that has lost its way.",
            "projects"),)),
    Invented("Edie", "RRK", "midlands", "Healthcare support worker, band 3.",
        ("British Sign Language for the ward",), ("Functional maths",),
        (Offer("First signs for the ward", "Twenty signs that calm a deaf patient.",
            "problem-solving", 30, pathway="get-in"),
         Offer("Maths for the apprenticeship test", "Fractions, mostly.",
            "problem-solving", 60, "request", "get-ready"))),
    Invented("Femi", "RGT", "east-of-england", "Matron.",
        ("Leading a team", "Difficult conversations"), ("Digital records",),
        (Offer("Shadow a matron for a morning", "See what the diary does not say.",
            "shadowing", 60, pathway="go-further"),)),
    Invented("Grace", "RTD", "north-east-and-yorkshire", "Librarian in a teaching hospital.",
        ("Literature search", "Research methods"), ("Leading a team",),
        (Offer("Your first literature search", "From question to twelve papers in an hour.",
            "digital-and-data"),)),
    Invented("Hal", "RM3", "north-west", "Communications officer.",
        ("Presenting", "Plain English"), ("Spreadsheets",),
        (Offer("Say it in plain English", "Bring a leaflet nobody reads.", "leadership", 45),)),
)  # fmt: skip


SYSTEM = "01a20000-0000-7000-8000-00005a9db0c5"
"""The ready-made system of every local installation."""
AGREES = "Asha"
"""Lets that system act for her."""


def fill(gateway: str) -> int:
    """Let everybody join and publish; safe to repeat. How many they are."""
    for person in PEOPLE:
        _settle_in(gateway, person)
        if person.first == AGREES:
            _agree(gateway, person)
    return len(PEOPLE)


def _agree(gateway: str, invented: Invented) -> None:
    person = Person(gateway, invented.email)
    body = {"client_id": SYSTEM, "scopes": ["listings:read", "exchanges:book"]}
    try:
        person.post("/v1/members/me/consents", body)
    except Answer as answer:  # an installation that is not local has no such system
        if answer.problem.get("code") != "client_not_found":
            raise


def _settle_in(gateway: str, invented: Invented) -> None:
    person = Person(gateway, invented.email)
    try:
        person.post(
            "/v1/members",
            {
                "name": f"{invented.first} Invented",
                "organisation": invented.organisation,
                "region": invented.region,
                "about": invented.about,
                "skills_offered": list(invented.skills_offered),
                "skills_wanted": list(invented.skills_wanted),
            },
            key=f"bank-{invented.email}",
        )
    except Answer as answer:
        if answer.problem.get("code") != "already_joined":
            raise
    published = {item["title"] for item in person.get("/v1/listings", mine="true")["items"]}
    for offer in invented.listings:
        if offer.title not in published:
            person.post("/v1/listings", _listing(offer, invented))


def _listing(offer: Offer, invented: Invented) -> dict[str, object]:
    return {
        "kind": offer.kind,
        "title": offer.title,
        "description": offer.description,
        "category": offer.category,
        "minutes": offer.minutes,
        "online": True,
        "skills": list(invented.skills_offered if offer.kind == "offer" else ()),
        **({"pathway": offer.pathway} if offer.pathway else {}),
    }
