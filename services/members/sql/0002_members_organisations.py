"""Load the regions, boards and trusts as known in July 2026."""

from yoyo import step

from services.members import directory

__depends__ = {"0001_members"}

steps = [step(directory.load)]
