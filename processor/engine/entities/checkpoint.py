"""Checkpoints (§ 1.3)."""

from processor.engine.entities.entity import Entity


class CheckpointDefinition(Entity):
    """A qualification tag."""

    entity_kind = "checkpoint"
