"""Says which code is being tested."""

import hashlib
import subprocess

from deploy.local.places import REPOSITORY

UNDER_TEST = tuple(
    f"services/{name}"
    for name in (
        "bus", "contracts", "telemetry", "exchanges", "ledger", "notifications", "reporting",
    )
)  # fmt: skip
"""What F1's cases depend on: other commits leave what they have shown as true as it was."""
DIGITS = 12


def commit() -> str:
    """The commit the code stands at, with a plus where files differ from it."""
    return _git("describe", "--always", "--dirty=+", "--exclude=*", "--abbrev=12") or "unknown"


def tested() -> str:
    """One digest of everything under test; a plus and a second one where it differs from the
    commit."""
    trees = _git("rev-parse", *(f"HEAD:{folder}" for folder in UNDER_TEST))
    changed = _git("status", "--porcelain", "--untracked-files=all", "--", *UNDER_TEST)
    digest = _digest(trees)[:DIGITS]
    if not changed:
        return digest
    new = [line[3:] for line in changed.splitlines() if line.startswith("??")]
    texts = [(REPOSITORY / name).read_text() for name in new]
    return f"{digest}+{_digest(_git('diff', 'HEAD', '--', *UNDER_TEST), *texts)[:4]}"


def _digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def _git(*words: str) -> str:
    done = subprocess.run(
        ("git", *words), cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    return done.stdout.strip()
