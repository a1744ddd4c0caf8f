"""The targets in force: those of the environment, and those that people configured."""

import json
import threading
from collections.abc import Sequence
from uuid import UUID

from schemas.base import Message
from schemas.targets import TargetConfigured
from services.alerts.core.deliveries import Target
from services.chassis.sealing import Sealing, SealingFault
from services.chassis.telemetry import logs

log = logs.get("targets")
PURPOSE = "target"


class TargetDirectory:
    """`on_target` hears of every target from the view of targets.v1, from any thread."""

    def __init__(self, fixed: Sequence[Target], sealing: Sealing) -> None:
        self._fixed = {target.target_id: target for target in fixed}
        self._sealing = sealing
        self._lock = threading.Lock()
        self._configured: dict[UUID, Target] = {}
        self._off: dict[UUID, Target] = {}

    def on_target(self, key: str, message: Message | None) -> None:
        """A target was configured, switched off, or removed when there is no message."""
        try:
            target_id = UUID(key)
        except ValueError:
            return
        target = self._opened(message) if isinstance(message, TargetConfigured) else None
        with self._lock:
            self._configured.pop(target_id, None)
            self._off.pop(target_id, None)
            if target is not None and isinstance(message, TargetConfigured):
                listed = self._configured if message.is_enabled else self._off
                listed[target_id] = target

    def all(self) -> tuple[Target, ...]:
        """Who may be notified; those that are switched off are left out."""
        with self._lock:
            return (*self._fixed.values(), *self._configured.values())

    def switched_off(self) -> tuple[Target, ...]:
        """Who may be notified once they are switched on again."""
        with self._lock:
            return tuple(self._off.values())

    def get(self, target_id: UUID) -> Target | None:
        with self._lock:
            return self._fixed.get(target_id) or self._configured.get(target_id)

    def _opened(self, message: TargetConfigured) -> Target | None:
        """None for one whose seal is not ours to open."""
        try:
            address = self._sealing.open_secret(PURPOSE, message.address).decode()
            sealed = message.secrets
            listed = json.loads(self._sealing.open_secret(PURPOSE, sealed)) if sealed else []
        except SealingFault as error:
            log.warning(
                "a target cannot be read", target_id=str(message.target_id), error=str(error)
            )
            return None
        return Target(
            message.channel,
            address,
            message.name if message.channel == "email" else "",
            identity=message.target_id,
            tenant_id=message.tenant_id,
            label=message.shown,
            secrets=tuple(listed),
            language=message.language,
            wants=message.wants,
            pacing=message.pacing,
            after_s=message.after_s,
        )
