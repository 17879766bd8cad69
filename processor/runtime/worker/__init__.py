"""The worker: the partition processor on Kafka, and the Faust app that hosts it."""
