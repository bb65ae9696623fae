"""What the listings of a made-up bank are about."""

TOPICS = (
    "spreadsheets", "pivot tables", "budgets", "rotas", "minutes", "interviews", "applications",
    "presentations", "facilitation", "feedback", "coaching", "supervision", "audits", "dashboards",
    "statistics", "surveys", "newsletters", "websites", "procurement", "contracts", "risk",
    "safeguarding", "infection control", "discharge", "triage", "handover", "wards", "theatres",
    "pharmacy", "dementia", "palliative care", "community nursing", "social work", "housing",
    "volunteers", "charities", "grants", "research", "evidence", "guidelines", "pathways",
    "waiting lists", "outpatients", "digital records", "privacy", "accessibility", "translation",
    "equality", "apprentices", "mentors", "leadership", "strategy", "projects", "timelines",
    "workshops", "conflict", "resilience", "sleep", "menopause", "retirement", "commuting",
)  # fmt: skip
VERBS = (
    "Help with", "Learn about", "Shadow me on", "Practise", "Untangle", "An introduction to",
    "Second pair of eyes on", "Honest talk about", "Plan", "Improve", "Review", "Present",
    "Mentoring in", "Start with", "Beyond the basics of", "Questions about", "A morning of",
)  # fmt: skip
WHOM = (
    "nurses", "managers", "therapists", "porters", "doctors", "midwives", "analysts", "carers",
    "administrators", "students", "paramedics",
)  # fmt: skip
