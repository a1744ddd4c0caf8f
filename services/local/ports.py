"""Ports on loopback: which are free, and the sentence for the one that is not."""

import json
import random
import socket
from pathlib import Path

from services.local import LocalRuntimeError
from services.local.config import LOOPBACK

QUIET_RANGE = (12_000, 22_000)


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could bind the port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_ports(count: int, twin: int = 0) -> list[int]:
    """So many different ports that nobody holds now, and whose `port + twin` is free as well.

    They lie below the range from which the system takes ports for outgoing connections, so that
    they are still free when a server that ended is started again.
    """
    chosen: list[int] = []
    for port in random.sample(range(*QUIET_RANGE), k=QUIET_RANGE[1] - QUIET_RANGE[0]):
        if is_free(port) and is_free(port + twin):
            chosen.append(port)
        if len(chosen) == count:
            return chosen
    raise LocalRuntimeError(f"this machine has no {count} free ports")


def require_free(port: int, purpose: str, setting: str, host: str = LOOPBACK) -> None:
    """Raise the one sentence when the port is taken."""
    if not is_free(port, host):
        raise LocalRuntimeError(
            f"port {port}, which {purpose} wants, is taken by another program;"
            f" stop that one or choose another port with {setting}=<port>"
        )


def kept_ports(path: Path, names: tuple[str, ...], twin: int = 0) -> dict[str, int]:
    """Ports nobody asks for by number: the same as last time while they are free.

    The choice lies in `path`, because some servers name their state after their port. With `twin`
    every name gets a `name.grpc` so much higher.
    """
    kept = json.loads(path.read_text()) if path.exists() else {}
    if not all(
        name in kept and is_free(kept[name]) and is_free(kept[name] + twin) for name in names
    ):
        kept |= dict(zip(names, free_ports(len(names), twin), strict=True))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(kept))
    ports = {name: int(kept[name]) for name in names}
    return ports | ({f"{name}.grpc": port + twin for name, port in ports.items()} if twin else {})
