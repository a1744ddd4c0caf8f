"""The object store on any S3 server (SeaweedFS, MinIO, AWS), through minio-py."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.error import MinioException, S3Error

from services.chassis.errors import TransientError, WrongSettings
from services.chassis.storage.objects import ObjectInfo, ObjectMissing

if TYPE_CHECKING:
    from services.chassis.settings import ServiceSettings

T = TypeVar("T")
PART_BYTES = 8 * 1024 * 1024


class S3Objects:
    """One bucket of an S3 server. Safe to share between threads."""

    def __init__(self, client: Minio, bucket: str) -> None:
        self._client, self._bucket = client, bucket

    @classmethod
    def connect(cls, settings: ServiceSettings) -> S3Objects:
        """Raises TransientError when the server cannot be reached, WrongSettings for no address."""
        store = cls(client_of(settings, _http()), settings.s3_bucket)
        store._guard("", store.ensure_bucket)
        return store

    def put(self, key: str, stream: BinaryIO, content_type: str) -> ObjectInfo:
        self._guard(
            key,
            lambda: self._client.put_object(
                self._bucket,
                key,
                stream,
                -1,
                content_type,
                part_size=PART_BYTES,
                num_parallel_uploads=1,  # its threads never end when the stream breaks off
            ),
        )
        return self.stat(key)

    def put_file(self, key: str, path: Path, content_type: str) -> ObjectInfo:
        self._guard(
            key, lambda: self._client.fput_object(self._bucket, key, str(path), content_type)
        )
        return self.stat(key)

    def get(self, key: str) -> bytes:
        return self._guard(key, lambda: self._read(key, 0, 0))

    def read_range(self, key: str, start: int, length: int) -> bytes:
        if length <= 0:
            return b""
        return self._guard(key, lambda: self._read(key, start, length))

    def stat(self, key: str) -> ObjectInfo:
        found = self._guard(key, lambda: self._client.stat_object(self._bucket, key))
        return ObjectInfo(
            key, found.size or 0, found.content_type or "application/octet-stream", found.etag or ""
        )

    def delete(self, key: str) -> None:
        self._guard(key, lambda: self._client.remove_object(self._bucket, key))

    def list(self, prefix: str) -> Iterable[ObjectInfo]:
        found = self._guard(
            prefix,
            lambda: list(self._client.list_objects(self._bucket, prefix, recursive=True)),
        )
        return [
            ObjectInfo(
                item.object_name or "", item.size or 0, item.content_type or "", item.etag or ""
            )
            for item in found
        ]

    def give_back(self, prefix: str, before: datetime) -> int:
        return self._guard(prefix, lambda: self._abort_uploads(prefix, before))

    def _abort_uploads(self, prefix: str, before: datetime) -> int:
        """minio-py aborts what breaks off, unless that fails too, as on a full disk. For what is
        left behind it has these two calls alone.
        """
        listed = self._client._list_multipart_uploads(self._bucket, prefix=prefix).uploads
        old = [one for one in listed if (one.initiated_time or before) < before]
        for one in old:
            self._client._abort_multipart_upload(self._bucket, one.object_name, one.upload_id or "")
        return len(old)

    def presign(self, key: str, expires: timedelta) -> str:
        return self._guard(
            key, lambda: str(self._client.presigned_get_object(self._bucket, key, expires))
        )

    def ensure_bucket(self) -> None:
        """Raises what minio-py does: it is for the start, where that becomes a sentence."""
        if not self._client.bucket_exists(self._bucket):
            try:
                self._client.make_bucket(self._bucket)
            except S3Error as error:
                if error.code not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
                    raise

    def _read(self, key: str, start: int, length: int) -> bytes:
        response = self._client.get_object(self._bucket, key, offset=start, length=length)
        try:
            return bytes(response.read())
        finally:
            response.close()
            response.release_conn()

    def _guard(self, key: str, call: Callable[[], T]) -> T:
        """Translate the client's errors into the port's."""
        try:
            return call()
        except S3Error as error:
            if error.code in ("NoSuchKey", "NoSuchObject"):
                raise ObjectMissing(key) from error
            if error.code == "InvalidRange":
                return b""  # type: ignore[return-value]
            if error.code in ("AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"):
                raise
            raise TransientError(f"object store: {error.code} {error.message}") from error
        except (urllib3.exceptions.HTTPError, MinioException, ConnectionError) as error:
            raise TransientError(f"object store: {error}") from error


def client_of(settings: ServiceSettings, http: urllib3.PoolManager) -> Minio:
    """The client of minio-py. Raises WrongSettings for an endpoint that is no address."""
    address = urlsplit(settings.s3_endpoint)
    if address.scheme not in ("http", "https") or not address.netloc:
        raise WrongSettings(
            f"NIGHTCLERK_S3_ENDPOINT is {settings.s3_endpoint!r}: it must be http(s)://host:port."
        )
    return Minio(
        address.netloc,
        access_key=settings.s3_access_key,
        secret_key=settings.s3_secret_key.get_secret_value(),
        region=settings.s3_region,
        secure=address.scheme == "https",
        http_client=http,
    )


def _http() -> urllib3.PoolManager:
    return urllib3.PoolManager(
        timeout=urllib3.Timeout(connect=5, read=60),
        maxsize=16,
        retries=urllib3.Retry(total=3, backoff_factor=0.2, status_forcelist=[500, 502, 503, 504]),
    )
