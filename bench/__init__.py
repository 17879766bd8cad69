"""Measures the engine against its peers: the same messages, the same flow, the same Kafka."""
