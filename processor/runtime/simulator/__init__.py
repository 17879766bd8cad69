"""Conversations without a broker: the worker's engine in virtual time, connectors' answers by script, tests of flows as data."""
