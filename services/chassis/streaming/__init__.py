"""Kafka: records in, messages out, dead letters aside."""
