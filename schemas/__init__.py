"""The wire contract: every message that crosses Kafka, and the registry of topics.

Importable on its own: pydantic and msgpack only, no array library and no client.
Within a major version only optional fields may be added (docs/decisions/0002).
"""
