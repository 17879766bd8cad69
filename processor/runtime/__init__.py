"""The edges that drive the engine: the worker on Kafka, replay and audit of what it wrote."""
