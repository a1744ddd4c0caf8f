"""The object store: one suite for the fake and for real S3 servers."""

import io
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.chassis.errors import TransientError
from services.chassis.settings import ServiceSettings
from services.chassis.storage.objects import (
    MemoryObjects,
    ObjectMissing,
    ObjectStore,
    open_object,
)
from services.chassis.storage.s3 import S3Objects
from tests.servers import S3_SERVERS, S3Server

CONTENT = bytes(range(256)) * 4096


def settings_of(server: S3Server, bucket: str) -> ServiceSettings:
    return ServiceSettings(
        s3_endpoint=server.endpoint,
        s3_access_key=server.access_key,
        s3_secret_key=SecretStr(server.secret_key),
        s3_bucket=bucket,
    )


REAL = [pytest.param(name, marks=pytest.mark.integration) for name in S3_SERVERS]


@pytest.fixture(params=["memory", *REAL])
def objects(request: pytest.FixtureRequest, unique: str) -> ObjectStore:
    if request.param == "memory":
        return MemoryObjects()
    return S3Objects.connect(settings_of(request.getfixturevalue(request.param), unique))


def put(objects: ObjectStore, key: str = "videos/1/original", content: bytes = CONTENT) -> None:
    objects.put(key, io.BytesIO(content), "video/mp4")


def test_what_was_put_comes_back(objects: ObjectStore) -> None:
    put(objects)
    found = objects.stat("videos/1/original")
    assert (found.size_bytes, found.content_type) == (len(CONTENT), "video/mp4")
    assert objects.get("videos/1/original") == CONTENT


def test_putting_again_replaces(objects: ObjectStore) -> None:
    put(objects)
    put(objects, content=b"new")
    assert objects.get("videos/1/original") == b"new"


def test_a_file_and_an_empty_object(objects: ObjectStore, tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"abc")
    objects.put_file("a", path, "text/plain")
    put(objects, "empty", b"")
    assert objects.get("a") == b"abc"
    assert objects.stat("empty").size_bytes == 0


@pytest.mark.parametrize(
    ("start", "length"), [(0, 10), (100, 5000), (len(CONTENT) - 3, 100), (len(CONTENT), 5), (7, 0)]
)
def test_ranges(objects: ObjectStore, start: int, length: int) -> None:
    put(objects)
    assert objects.read_range("videos/1/original", start, length) == CONTENT[start : start + length]


def test_a_reader_seeks_like_a_file(objects: ObjectStore) -> None:
    put(objects)
    with open_object(objects, "videos/1/original", buffer_bytes=1000) as reader:
        assert reader.read(5) == CONTENT[:5]
        reader.seek(-5, io.SEEK_END)
        assert reader.read() == CONTENT[-5:]
        reader.seek(300_000)
        assert reader.read(3000) == CONTENT[300_000:303_000]


def test_listing_and_deleting(objects: ObjectStore) -> None:
    for key in ("alerts/1/a", "alerts/1/b", "alerts/2/a"):
        put(objects, key, b"x")
    assert [found.key for found in objects.list("alerts/1/")] == ["alerts/1/a", "alerts/1/b"]
    objects.delete("alerts/1/a")
    objects.delete("alerts/1/a")
    assert [found.key for found in objects.list("alerts/1/")] == ["alerts/1/b"]


def test_an_absent_key_says_so(objects: ObjectStore) -> None:
    for call in (objects.get, objects.stat, lambda key: objects.read_range(key, 0, 1)):
        with pytest.raises(ObjectMissing):
            call("nowhere")


@pytest.mark.integration
def test_what_never_became_whole_is_given_back(s3: S3Server, unique: str) -> None:
    store = S3Objects.connect(settings_of(s3, unique))
    store.put("a/whole", io.BytesIO(b"whole"), "text/plain")
    begun = store._client._create_multipart_upload(unique, "a/half", {})
    store._client._upload_part(unique, "a/half", b"x" * 5_300_000, {}, begun, 1)
    assert store.give_back("a/", datetime(2026, 1, 1, tzinfo=UTC)) == 0
    assert store.give_back("b/", datetime.now(UTC) + timedelta(days=1)) == 0
    assert store.give_back("a/", datetime.now(UTC) + timedelta(days=1)) == 1
    assert store.give_back("a/", datetime.now(UTC) + timedelta(days=1)) == 0
    assert [info.key for info in store.list("a/")] == ["a/whole"]


@pytest.mark.integration
def test_a_presigned_link_needs_no_credentials(s3: S3Server, unique: str) -> None:
    objects = S3Objects.connect(settings_of(s3, unique))
    put(objects)
    with urllib.request.urlopen(objects.presign("videos/1/original", timedelta(minutes=5))) as body:
        assert body.read() == CONTENT


def test_a_store_that_is_away_is_a_transient_error() -> None:
    nowhere = S3Server("http://127.0.0.1:9", "key", "secret")
    with pytest.raises(TransientError):
        S3Objects.connect(settings_of(nowhere, "bucket"))
