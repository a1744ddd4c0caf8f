"""MQTT 3.1.1: one message an alert, at least once (QoS 1), never retained. `mqtts://` is TLS."""

import socket
import ssl
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from schemas.targets import ChannelName
from services.alerts.channels.webhook import connecting_to
from services.alerts.core import hook
from services.alerts.core.deliveries import Receipt
from services.alerts.core.notice import Notice
from services.chassis.addresses import AddressFault
from services.chassis.addresses.endpoints import PORTS, Connecting, EndpointPolicy
from services.chassis.deadline import Deadline

STEP_S = 0.2


class MqttChannel:
    """A connection for each message, as mails have: alerts are rare."""

    name: ChannelName = "mqtt"

    def __init__(self, policy: EndpointPolicy, trust: ssl.SSLContext | None = None) -> None:
        self._policy, self._trust = policy, trust or ssl.create_default_context()

    def send(self, notice: Notice, deadline: Deadline) -> Receipt:
        connecting = connecting_to(notice.target, self._policy)
        try:
            return self._publish(notice, connecting, deadline)
        except AddressFault as error:
            return Receipt(False, str(error), again=True)
        except (OSError, ValueError) as error:
            return Receipt(False, f"{type(error).__name__}: {error}", again=True)

    def _publish(self, notice: Notice, connecting: Connecting, deadline: Deadline) -> Receipt:
        address = urlsplit(notice.target.address)
        client = _PinnedClient(connecting, deadline, f"nightclerk-{notice.delivery_id.hex[:12]}")
        if address.username:
            client.username_pw_set(unquote(address.username), unquote(address.password or ""))
        if address.scheme == "mqtts":
            client.tls_set_context(self._trust)
        try:
            client.connect(address.hostname or "", address.port or PORTS[address.scheme])
            client.turn_until(client.is_answered)
            if client.refusal:
                return Receipt(False, f"refused by the broker ({client.refusal})", again=True)
            sent = client.publish(address.path.strip("/"), hook.payload(notice), qos=1)
            client.turn_until(sent.is_published)
            client.disconnect()
            return Receipt(True, f"taken by {address.hostname}")
        finally:
            client.close_now()


class _PinnedClient(mqtt.Client):
    """Connects to what is allowed alone, and hands the connection to the deadline before TLS."""

    def __init__(self, connecting: Connecting, deadline: Deadline, name: str) -> None:
        super().__init__(CallbackAPIVersion.VERSION2, client_id=name, reconnect_on_failure=False)
        self._connecting, self._deadline = connecting, deadline
        self._answered = False
        self.refusal = 0
        """The code of CONNACK with which the broker refused."""
        self.on_connect = self._on_connack

    def is_answered(self) -> bool:
        return self._answered

    def turn_until(self, is_over: Callable[[], bool]) -> None:
        """Raises ConnectionError when the broker, or the deadline, ended the connection."""
        while not is_over():
            if self.loop(STEP_S) != MQTTErrorCode.MQTT_ERR_SUCCESS and not is_over():
                raise ConnectionError("the broker ended the connection")

    def _on_connack(self, *arguments: Any) -> None:
        self.refusal, self._answered = int(arguments[3].value), True

    def _create_socket_connection(self) -> socket.socket:
        """Called by `connect`; the certificate is checked against the name that it was given."""
        seconds = self._deadline.seconds
        return self._connecting.connect(self._host, self._port, seconds, self._deadline.guard)

    def _ssl_wrap_socket(self, tcp_sock: socket.socket) -> ssl.SSLSocket:
        """Closed when the handshake fails, where paho's own is left open."""
        assert self._ssl_context is not None
        return self._ssl_context.wrap_socket(tcp_sock, server_hostname=self._host)

    def close_now(self) -> None:
        """Whatever state it is in."""
        self._sock_close()
