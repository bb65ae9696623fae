"""What the regions are called, in answers and on pages alike."""

from collections.abc import Mapping

NAMES: Mapping[str, str] = {
    "london": "London",
    "south-west": "South West",
    "south-east": "South East",
    "midlands": "Midlands",
    "east-of-england": "East of England",
    "north-west": "North West",
    "north-east-and-yorkshire": "North East and Yorkshire",
}
