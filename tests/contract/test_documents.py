"""The committed documents are what the classes say, and valid by their own standards."""

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from schemas import documents, generate
from schemas.base import Message
from schemas.codec import decode
from schemas.samples import samples
from schemas.topics import Topic

HERE = generate.HERE
MESSAGES = documents.all_messages()


def topic_of(message: type[Message]) -> Topic:
    return next(topic for topic in documents.all_topics() if message in topic.messages)


@pytest.mark.parametrize("path", generate.files(), ids=lambda path: path.name)
def test_the_committed_file_is_what_would_be_generated(path: Path) -> None:
    assert path.read_bytes() == generate.files()[path], "run make schemas"


def test_nothing_lies_in_the_generated_folders_that_is_not_generated() -> None:
    assert generate.strays(generate.files()) == []


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.type_name())
def test_a_schema_is_valid_draft_2020_12_and_asks_for_the_type(message: type[Message]) -> None:
    schema = documents.json_schema(message)
    Draft202012Validator.check_schema(schema)
    assert "type" in schema["required"]
    assert schema["properties"]["type"]["const"] == message.type_name()


def test_every_message_has_a_golden_example() -> None:
    assert {sample.type for sample in samples()} == {one.type_name() for one in MESSAGES}


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.type)
def test_a_golden_example_shows_every_field(sample: Message) -> None:
    assert set(sample.wire()) == set(type(sample).model_fields)


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.type)
def test_a_golden_payload_decodes_to_the_equal_message(sample: Message) -> None:
    payload = (HERE / "examples" / f"{sample.type}.msgpack").read_bytes()
    assert decode(topic_of(type(sample)), payload) == sample


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.type)
def test_a_golden_example_obeys_its_committed_schema(sample: Message) -> None:
    schema = json.loads((HERE / "json" / f"{sample.type}.json").read_text("utf-8"))
    shown = json.loads((HERE / "examples" / f"{sample.type}.json").read_text("utf-8"))
    checker = Draft202012Validator.FORMAT_CHECKER
    assert list(Draft202012Validator(schema, format_checker=checker).iter_errors(shown)) == []


def test_asyncapi_reads_as_yaml_and_its_references_lead_somewhere() -> None:
    document = yaml.safe_load((HERE / "asyncapi.yaml").read_text("utf-8"))
    assert document == documents.asyncapi(generate.VERSION)
    for reference in references(document):
        file, _, pointer = reference.partition("#")
        if file:
            assert (HERE / file).is_file(), reference
            continue
        target = document
        for step in pointer.strip("/").split("/"):
            target = target[step]


def references(node: object) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [found for value in node.values() for found in references(value)]
    if isinstance(node, list):
        return [found for value in node for found in references(value)]
    return []
