"""A sign for each family of action types, so that a drawing can be read from afar: lines in a square of 16 by 16."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

FAMILIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "1": "routing",
        "2": "messages",
        "3": "e-mail and SMS",
        "4": "distribution",
        "5": "cases and customers",
        "6": "data",
        "7": "time",
        "8": "web service",
        "9": "campaigns",
        "10": "surveys",
        "11": "billing",
    }
)
"""Family by the first number of a type's section."""

_PATHS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "routing": "M8 1.5v4M8 5.5L3 10M8 5.5L13 10M1.5 10h3.5v4h-3.5zM11 10h3.5v4h-3.5z",
        "messages": "M2 2.5h12v8h-7l-3.5 3.5v-3.5h-1.5zM5 5.5h6M5 7.8h4",
        "e-mail and SMS": "M1.5 3h13v10h-13zM1.5 3.5l6.5 5.5l6.5 -5.5",
        "distribution": "M2.5 10v-2.5a5.5 5.5 0 0 1 11 0v2.5M1.8 8.5h2.4v4h-2.4zM11.8 8.5h2.4v4h-2.4zM13 12.5v1.5h-4",
        "cases and customers": "M1.5 13v-10h5l1.5 2h6.5v8zM8 7.2a1.5 1.5 0 1 1 -.01 0M5.2 12.6a2.8 2.2 0 0 1 5.6 0",
        "data": "M2.5 3.6a5.5 2.1 0 1 1 11 0a5.5 2.1 0 1 1 -11 0v8.8a5.5 2.1 0 0 0 11 0v-8.8M2.5 8a5.5 2.1 0 0 0 11 0",
        "time": "M2 3h12v11h-12zM2 6.5h12M5 1.2v3M11 1.2v3M8 8.5v2.2h2",
        "web service": "M8 1.5a6.5 6.5 0 1 1 -.01 0M1.5 8h13M8 1.5a4 6.5 0 0 1 0 13a4 6.5 0 0 1 0 -13",
        "campaigns": "M2 6h2.5l8 -3.5v10l-8 -3.5h-2.5zM5 9.2l1.2 4.3h1.8l-1 -3.6",
        "surveys": "M3 2.5h10v12h-10zM6 1.5h4v2h-4zM5 7.2l1 1l1.6 -2M9 7.2h2.2M5 11.2l1 1l1.6 -2M9 11.2h2.2",
        "billing": "M3 1.5h10v13l-1.7 -1.2l-1.6 1.2l-1.7 -1.2l-1.7 1.2l-1.6 -1.2l-1.7 1.2zM10 5a2.6 2.6 0 1 0 0 4.4M5.2 6.6h3.4M5.2 8.2h3",
    }
)


def family(section: str) -> str:
    """Return the family of a type by its section, `routing` where the section is of none."""
    return FAMILIES.get(section.partition(".")[0], "routing")


def icon(section: str) -> str:
    """Return the sign of a type's family as SVG path data."""
    return _PATHS[family(section)]
