"""Events are what the OpenAPI document says they are, whatever their messages come to be."""

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from schemas.base import Message
from schemas.samples import samples
from services.api.app import described
from services.api.events.content import TOPICS, Event, event_of
from services.api.events.listener import Notice
from services.api.events.views import SHAPES, FollowedEvent
from services.api.events.wire import as_json

KIND_OF = {message: kind for kind, topic in TOPICS.items() for message in topic.messages}


def told(message: Message) -> Event | None:
    kind = KIND_OF.get(type(message))
    return event_of(kind, message) if kind else None


EVENTS = [event for event in map(told, samples()) if event is not None]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_an_event_has_what_its_shape_says_and_nothing_else(event: Event) -> None:
    shape = SHAPES[event.name]
    exactly: type[BaseModel] = type(shape.__name__, (shape,), {}, extra="forbid")
    content = exactly.model_validate_json(event.text)
    assert content.model_dump(mode="json").keys() == event.data.keys()
    line = as_json(Notice("0", event.name, event.text))
    assert FollowedEvent.model_validate_json(line).root.event == event.name


def test_every_event_has_a_shape() -> None:
    by_messages = {event.name for event in EVENTS}
    assert by_messages | {"ready", "gap", "heartbeat"} == SHAPES.keys()
    with pytest.raises(ValidationError):
        TypeAdapter(FollowedEvent).validate_python({"id": "0", "event": "other", "data": {}})


def test_the_document_names_them() -> None:
    document = described().openapi()
    schemas = document["components"]["schemas"]
    answer = document["paths"]["/api/v1/events"]["get"]["responses"]["200"]
    name = answer["content"]["text/event-stream"]["x-itemSchema"]["$ref"].rpartition("/")[2]
    mapped = schemas[name]["discriminator"]["mapping"]
    assert mapped.keys() == SHAPES.keys()
    assert {each.rpartition("/")[2] for each in mapped.values()} <= document["components"][
        "schemas"
    ].keys()
