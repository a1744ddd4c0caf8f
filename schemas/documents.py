"""Documents made from the classes and the registry: JSON Schemas, AsyncAPI, the table of topics.

Pure: every function returns the whole document, the same at every call.
"""

import base64
import json
import re
from collections.abc import Iterable
from typing import Any

from schemas.base import Message
from schemas.topics import DAY_MS, HOUR_MS, MIB, TOPICS, Topic, dead_letters

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCHEMA_FORMAT = "application/schema+json;version=draft-2020-12"
PLAIN_KEY = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")


def all_topics() -> tuple[Topic, ...]:
    """Every topic of the registry, each followed by its dead-letter twin."""
    return tuple(topic for one in TOPICS for topic in (one, dead_letters(one)))


def all_messages() -> tuple[type[Message], ...]:
    """Every message class that some topic carries, once."""
    return tuple(dict.fromkeys(message for topic in all_topics() for message in topic.messages))


def json_schema(message: type[Message]) -> dict[str, Any]:
    """What a reader may count on: `type` is always there, unknown keys are allowed."""
    schema = _plain(message.model_json_schema())
    schema["required"] = ["type", *schema["required"]]
    name = message.type_name()
    return {"$schema": DIALECT, "$id": f"urn:nightclerk:schema:{name}", **schema}


def _plain(node: Any) -> Any:
    """Without the titles that only repeat the names of fields."""
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    keep_title = node.get("type") == "object"
    return {
        name: {field: _plain(value) for field, value in content.items()}
        if name == "properties"
        else _plain(content)
        for name, content in node.items()
        if name != "title" or keep_title
    }


def view(message: Message) -> dict[str, Any]:
    """A message for people's eyes: JSON, with msgpack `bin` as base64."""
    return {name: _view(value) for name, value in message.wire().items()}


def _view(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, list | tuple):
        return [_view(item) for item in value]
    if isinstance(value, dict):
        return {name: _view(item) for name, item in value.items()}
    return value


def asyncapi(version: str) -> dict[str, Any]:
    """AsyncAPI 3.0 with the Kafka bindings 0.5.0."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Nightclerk",
            "version": version,
            "description": "Every topic of Nightclerk. Values are msgpack maps that the JSON "
            "Schemas describe; headers are CloudEvents 1.0 attributes in Kafka binary mode.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/msgpack",
        "servers": {
            "local": {
                "host": "127.0.0.1:9092",
                "protocol": "kafka",
                "description": "The broker that `nightclerk up` starts.",
            }
        },
        "channels": {topic.name: _channel(topic) for topic in all_topics()},
        "operations": dict(_operations()),
        "components": {
            "messages": {message.__name__: _message(message) for message in all_messages()},
            "messageTraits": {"cloudEvents": {"headers": _headers()}},
        },
    }


def _channel(topic: Topic) -> dict[str, Any]:
    return {
        "address": topic.name,
        "description": topic.description,
        "messages": {
            message.__name__: {"$ref": f"#/components/messages/{message.__name__}"}
            for message in topic.messages
        },
        "bindings": {
            "kafka": {
                "bindingVersion": "0.5.0",
                "topic": topic.name,
                "topicConfiguration": _topic_configuration(topic),
            }
        },
    }


def _topic_configuration(topic: Topic) -> dict[str, Any]:
    size = {"max.message.bytes": topic.max_message_bytes}
    if topic.is_compacted:
        return {"cleanup.policy": ["compact"], **size}
    kept = {"retention.ms": topic.retention_ms, "retention.bytes": topic.retention_bytes}
    return {"cleanup.policy": ["delete"], **kept, **size}


def _operations() -> Iterable[tuple[str, dict[str, Any]]]:
    for topic in all_topics():
        channel = {"$ref": f"#/channels/{topic.name}"}
        name = topic.name.replace(".", "_").replace("-", "_")
        for service in topic.producers:
            yield f"{service}_sends_{name}", {"action": "send", "channel": channel}
        for service in topic.consumers:
            yield f"{service}_receives_{name}", {"action": "receive", "channel": channel}


def _message(message: type[Message]) -> dict[str, Any]:
    name = message.type_name()
    return {
        "name": name,
        "title": message.__name__,
        "summary": (message.__doc__ or "").strip().split("\n\n")[0].replace("\n    ", " "),
        "contentType": "application/msgpack",
        "payload": {
            "schemaFormat": SCHEMA_FORMAT,
            "schema": {"$ref": f"./json/{name}.json"},
        },
        "bindings": {
            "kafka": {
                "bindingVersion": "0.5.0",
                "key": {"type": "string", "description": f"the message's `{message.KEY}`"},
            }
        },
        "traits": [{"$ref": "#/components/messageTraits/cloudEvents"}],
    }


def _headers() -> dict[str, Any]:
    text = {"type": "string"}
    return {
        "type": "object",
        "required": ["ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time"],
        "properties": {
            "ce_specversion": {"type": "string", "const": "1.0"},
            "ce_id": {"type": "string", "format": "uuid"},
            "ce_type": {**text, "description": "the message's `type`"},
            "ce_source": {**text, "description": "/nightclerk/<service>"},
            "ce_time": {"type": "string", "format": "date-time"},
            "content-type": {"type": "string", "const": "application/msgpack"},
            "traceparent": {**text, "description": "W3C trace context, version 00"},
        },
    }


def yaml(document: Any, indent: str = "") -> str:
    """Block-style YAML 1.2 of plain JSON values; scalars and odd keys as JSON, which is YAML."""
    if isinstance(document, dict) and document:
        return "".join(
            f"{indent}{_key(name)}:{_nested(value, indent)}" for name, value in document.items()
        )
    return "".join(f"{indent}-{_nested(value, indent)}" for value in document)


def _nested(value: Any, indent: str) -> str:
    if isinstance(value, dict | list | tuple) and value:
        return "\n" + yaml(value, indent + "  ")
    return f" {json.dumps(value, ensure_ascii=False)}\n"


def _key(name: str) -> str:
    return name if PLAIN_KEY.fullmatch(name) else json.dumps(name)


def topics_table() -> str:
    """The registry as a page of Markdown."""
    rows = [
        f"| `{topic.name}` | {topic.key} | {', '.join(m.__name__ for m in topic.messages)} "
        f"| {', '.join(topic.producers)} → {', '.join(topic.consumers)} "
        f"| {_keeps(topic)} | {_size(topic.max_message_bytes)} |"
        for topic in all_topics()
    ]
    head = "| topic | key | messages | from → to | keeps | largest message |"
    return "\n".join(
        (
            "# Topics",
            "",
            "Generated from `schemas/topics.py` by `make schemas`; do not edit.",
            "",
            "Values are msgpack maps. Each message's `type` names its JSON Schema in",
            "`schemas/json/<type>.json`; golden payloads lie in `schemas/examples/`. The first",
            "consumer of a topic owns its dead letters (decision 0005); `operator` is a person.",
            "`NIGHTCLERK_KAFKA_PARTITIONS` says how many partitions a topic gets when it is made.",
            "",
            head,
            "|---|---|---|---|---|---|",
            *rows,
            "",
        )
    )


def _keeps(topic: Topic) -> str:
    if topic.is_compacted:
        return "the latest of each key"
    days, hours = divmod(topic.retention_ms, DAY_MS)
    time = f"{days} d" if days else f"{hours // HOUR_MS} h"
    bound = topic.retention_bytes
    return f"{time}, {_size(bound)} a partition" if bound > 0 else time


def _size(size_bytes: int) -> str:
    return f"{size_bytes // MIB} MiB"
