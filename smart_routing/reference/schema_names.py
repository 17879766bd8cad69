"""Which schemas there are."""

from importlib.resources import files


def schema_names() -> list[str]:
    """Return the names of the current schemas, such as `inbound_message`, sorted."""
    return sorted(entry.name.removesuffix(".avsc") for entry in (files("schemas") / "avro").iterdir() if entry.name.endswith(".avsc"))
