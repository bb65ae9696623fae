"""Says which code is being tested."""

import subprocess

from deploy.local.places import REPOSITORY


def commit() -> str:
    """The commit the code stands at, with a plus where files differ from it."""
    words = ("git", "describe", "--always", "--dirty=+", "--exclude=*", "--abbrev=12")
    done = subprocess.run(words, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
