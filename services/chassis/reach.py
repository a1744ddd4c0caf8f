"""Whether the servers that the settings name answer, said within seconds and in one sentence.

For the moment before something starts: whoever is at work waits and tries again.
"""

import socket
from collections.abc import Callable, Mapping

from services.chassis.errors import TransientError, WrongSettings
from services.chassis.settings import KafkaSettings, ServiceSettings

WAIT_S = 5.0


def require_kafka(settings: KafkaSettings) -> None:
    """Raises TransientError when no broker answers in WAIT_S."""
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import AdminClient

    from services.chassis.streaming.clients import Complaints, client_config, unreachable

    complaints = Complaints("reach")
    config = client_config(settings, "reach") | {"error_cb": complaints.listen}
    client = AdminClient(config)
    try:
        client.list_topics(timeout=WAIT_S)
    except KafkaException as error:
        client.poll(0)  # now it tells what it complains of
        raise unreachable(settings, error, complaints) from None


def require_store(settings: ServiceSettings) -> None:
    """Raises TransientError when it is away, WrongSettings when it refuses the keys."""
    import urllib3
    from minio.error import MinioException, S3Error

    from services.chassis.storage.s3 import S3Objects, client_of

    where = f"{settings.s3_endpoint} (NIGHTCLERK_S3_ENDPOINT)"
    patience = urllib3.PoolManager(timeout=WAIT_S / 2, retries=urllib3.Retry(total=1))
    try:
        S3Objects(client_of(settings, patience), settings.s3_bucket).ensure_bucket()
    except S3Error as error:
        raise WrongSettings(
            f"The S3 store at {where} refuses the bucket {settings.s3_bucket}: {error.message}."
        ) from None
    except (urllib3.exceptions.HTTPError, MinioException, OSError) as error:
        raise TransientError(f"No S3 store answers at {where}: {_last_words(error)}.") from None


def require_database(settings: ServiceSettings) -> None:
    """Raises TransientError when it is away, WrongSettings for an address that is none."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

    from services.chassis.storage.database import connect

    address = settings.database_url.get_secret_value()
    try:
        where = make_url(address).render_as_string(hide_password=True)
        connect(address).connect().close()
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
        raise WrongSettings(
            "NIGHTCLERK_DATABASE_URL is no address of a database that can be used: "
            f"{_last_words(error)}."
        ) from None
    except (DBAPIError, OSError) as error:
        cause = getattr(error, "orig", None) or error
        raise TransientError(
            f"No database answers at {where} (NIGHTCLERK_DATABASE_URL): {_last_words(cause)}."
        ) from None


def require_port(host: str, port: int, setting: str) -> None:
    """Raises WrongSettings when this process cannot listen there; 0 is any port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise WrongSettings(
                f"{setting} is {port}: {host}:{port} cannot be listened on, {reason}."
            ) from None


REACH: Mapping[str, Callable[[ServiceSettings], None]] = {
    "kafka": require_kafka,
    "store": require_store,
    "database": require_database,
}


def _last_words(error: BaseException) -> str:
    """What a library wraps in layers, without them: the innermost reason, in one line."""
    reason = getattr(error, "reason", None)
    if isinstance(reason, BaseException):
        return _last_words(reason)
    text = " ".join(str(error.args[-1] if error.args else error).split())
    return text.rstrip(".") or type(error).__name__
