"""A Kafka that asks for SASL_SSL: certificates of its own authority, two users."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trustme
from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AdminClient,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from services.chassis.settings import SaslMechanism, ServiceSettings
from services.chassis.streaming.clients import client_config
from services.local.jars import class_path
from services.local.java import find_java
from services.local.kafka import KafkaNode
from services.local.ports import free_ports
from tests.servers import running

PASSWORDS = {"admin": "admin-secret", "night": "night-secret"}
SCRAM = {
    "SCRAM-SHA-256": ScramMechanism.SCRAM_SHA_256,
    "SCRAM-SHA-512": ScramMechanism.SCRAM_SHA_512,
}
PLAIN_LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"
SCRAM_LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule required"


@dataclass(frozen=True)
class SecuredNode(KafkaNode):
    """A node whose clients, itself included, must show who they are, over TLS."""

    client_auth: str = "none"

    def properties(self) -> dict[str, str]:
        users = " ".join(f'user_{name}="{secret}"' for name, secret in PASSWORDS.items())
        admin = f'username="admin" password="{PASSWORDS["admin"]}"'
        plain = super().properties()
        return plain | {
            "listeners": plain["listeners"].replace("PLAINTEXT:", "SASL_SSL:"),
            "advertised.listeners": plain["advertised.listeners"].replace("PLAINTEXT", "SASL_SSL"),
            "listener.security.protocol.map": "SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "SASL_SSL",
            "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
            "sasl.mechanism.inter.broker.protocol": "PLAIN",
            "listener.name.sasl_ssl.plain.sasl.jaas.config": f"{PLAIN_LOGIN} {admin} {users};",
            "listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config": f"{SCRAM_LOGIN};",
            "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": f"{SCRAM_LOGIN};",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self.folder / "broker.pem"),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.folder / "ca.pem"),
            "ssl.client.auth": self.client_auth,
        }


@dataclass(frozen=True)
class SecuredKafka:
    """Where it is, and what its clients need."""

    bootstrap: str
    folder: Path

    def settings(self, mechanism: SaslMechanism = "SCRAM-SHA-512", **more: Any) -> ServiceSettings:
        return ServiceSettings(
            **{
                "kafka_bootstrap": self.bootstrap,
                "kafka_security": "sasl_ssl",
                "kafka_sasl_mechanism": mechanism,
                "kafka_username": "night",
                "kafka_password": PASSWORDS["night"],
                "kafka_ca_file": self.folder / "ca.pem",
                "kafka_certificate_file": self.folder / "client.pem",
                "kafka_key_file": self.folder / "client.pem",
                "state_dir": self.folder / "state",
                **more,
            }
        )


@contextmanager
def running_secured_kafka(folder: Path) -> Iterator[SecuredKafka]:
    """It asks for a client's certificate too."""
    port, controller = free_ports(2)
    node = SecuredNode(folder, port, controller, find_java(), class_path(), "required")
    folder.mkdir(parents=True, exist_ok=True)
    write_certificates(folder)
    node.prepare()
    secured = SecuredKafka(node.bootstrap, folder)
    as_admin = secured.settings(
        "PLAIN", kafka_username="admin", kafka_password=PASSWORDS["admin"], kafka_timeout_s=2
    )
    admin = AdminClient(client_config(as_admin, "test"))
    with running(list(node.command()), folder / "kafka.log", lambda: answers(admin)):
        add_scram_users(admin)
        yield secured


def write_certificates(folder: Path) -> None:
    """ca.pem; broker.pem and client.pem with certificate and key, as Kafka and librdkafka read."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    for name in ("broker", "client"):
        leaf = authority.issue_cert("127.0.0.1", common_name=name)
        key = load_pem_private_key(leaf.private_key_pem.bytes(), None)
        pkcs8 = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        chain = b"".join(blob.bytes() for blob in leaf.cert_chain_pems)
        (folder / f"{name}.pem").write_bytes(pkcs8 + chain)


def add_scram_users(admin: AdminClient) -> None:
    for mechanism in SCRAM.values():
        added = UserScramCredentialUpsertion(
            "night", ScramCredentialInfo(mechanism, 4096), PASSWORDS["night"].encode()
        )
        for future in admin.alter_user_scram_credentials([added]).values():
            future.result(30)


def answers(admin: AdminClient) -> bool:
    try:
        return bool(admin.list_topics(timeout=2).brokers)
    except KafkaException:
        return False
