"""Settings of the API. `NIGHTCLERK_API_TOKEN` is what lets it serve beyond this machine."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from services.api.disk import Disk
from services.api.pace import Pace
from services.chassis.addresses.endpoints import EndpointPolicy
from services.chassis.addresses.hosts import NETWORKS
from services.chassis.addresses.policy import among
from services.chassis.errors import WrongSettings
from services.chassis.settings import ServiceSettings
from services.chassis.signing import NAME

GIB = 1024**3
COOKIE = "nightclerk_session"
"""Of a login."""


@dataclass(frozen=True)
class Keeping:
    """How long what is stored. None: for ever."""

    videos: timedelta | None
    scores: timedelta | None
    maxima: timedelta | None
    evidence: timedelta | None
    recordings: timedelta | None
    gigabytes: Mapping[str, float] = field(default_factory=dict)
    """So much of `recordings`, `evidence` and `uploads` of one tenant; 0 and none: no bound."""
    archive: timedelta | None = None


@dataclass(frozen=True)
class Logins:
    """How long a login lasts: at most, and without being used; and the machine's token."""

    lasts: timedelta
    idle: timedelta
    token: str


class ApiSettings(ServiceSettings):
    """Adds to the shared settings what only the API needs."""

    api_host: str = "127.0.0.1"
    api_port: int = Field(default=8080, ge=0, le=65535)
    api_token: SecretStr = SecretStr("")
    """The machine's own key: whoever shows it may do everything, in all tenants."""
    api_open_until_sign_up: bool = False
    """Requests of this machine need no login until the first owner has signed up, even if there is
    a token; without a token it is so always. Only where `api_host` is a loopback address."""
    api_session_h: float = Field(default=720.0, gt=0, le=24 * 366)
    """A login ends after so long, used or not."""
    api_session_idle_h: float = Field(default=168.0, gt=0, le=24 * 366)
    """A login that is not used ends after so long."""
    api_requests_per_min: int = Field(default=3000, ge=0, le=1_000_000)
    """Of one person or key, at each instance; 0: as many as they like."""
    api_max_upload_bytes: int = Field(default=8 * GIB, ge=1)
    api_uploads_at_once: int = Field(default=8, ge=1)
    api_upload_min_bytes_per_s: int = Field(default=16 * 1024, ge=0)
    """An upload that is slower over 20 s is given up, so that it holds no place."""
    api_max_model_bytes: int = Field(default=256 * 1024**2, ge=1)
    """Of a detector that is registered: of its zip, and of what lies in it."""
    api_thumbnails_waiting: int = Field(default=32, ge=1)
    """So many pictures may wait for the two that are decoded at once; further ones get 503."""
    api_disk_reserve_bytes: int = Field(default=16 * 1024**2, ge=0)
    """With a store on this machine: with less room left on the disk of `state_dir` it is full."""
    api_trusted_proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    """Addresses or networks of proxies whose X-Forwarded-Proto and -For are believed."""
    api_keep_videos_days: float = Field(default=90.0, ge=0, le=36_500)
    """Uploads that are older are removed with all that was found in them; 0 keeps them."""
    api_keep_scores_days: float = Field(default=90.0, ge=0, le=36_500)
    """Scores of cameras, clip by clip; 0 keeps them."""
    api_keep_maxima_days: float = Field(default=730.0, ge=0, le=36_500)
    """Scores of cameras by minute and hour, their alerts and conditions; 0 keeps them."""
    api_keep_evidence_days: float = Field(default=90.0, ge=0, le=36_500)
    """Snapshots and evidence of alerts; 0 keeps them."""
    api_keep_audit_days: float = Field(default=730.0, ge=0, le=36_500)
    """Rows of the audit log, by whole days; 0 keeps them. What stays can be verified as before."""
    api_keep_replays_days: float = Field(default=90.0, ge=0, le=36_500)
    """Results of replays, after they ended: scores and alerts of their runs; 0 keeps them for as
    long as those of the live run."""
    api_keep_recordings_days: float = Field(default=30.0, ge=0, le=36_500)
    """Recordings of cameras in the object store; 0 keeps them."""
    api_keep_archive_days: float = Field(default=30.0, ge=0, le=36_500)
    """Embeddings and poses in the archive, by whole days; 0 keeps them."""
    api_keep_videos_gb: float = Field(default=0.0, ge=0)
    """So many GB (10⁹ bytes) of one tenant's uploads are kept, the oldest removed first; 0: no
    bound."""
    api_keep_evidence_gb: float = Field(default=0.0, ge=0)
    """Likewise of the evidence of a tenant's alerts."""
    api_keep_recordings_gb: float = Field(default=0.0, ge=0)
    """Likewise of a tenant's recordings in the object store."""
    api_playback_wait_s: float = Field(default=8.0, gt=0, le=60)
    """Who wants to see a recording waits so long for it, and gets 202 then."""
    api_playback_cache_gb: float = Field(default=4.0, gt=0)
    """Files made for playback are kept up to so many GiB; those with hidden faces up to a quarter
    of it beside them."""
    face_weights: Path | None = None
    """ONNX file of YuNet (OpenCV's FaceDetectorYN): faces that it finds are hidden as well as the
    heads of poses."""
    api_give_up_after_h: float = Field(default=48.0, gt=0)
    """An analysis of which nothing was heard for so long is ended, whatever still waits."""
    target_dead_after_h: float = Field(default=24.0, ge=0)
    """A target is switched off after so many hours in which at least five deliveries failed and
    nothing got through; 0: never for that."""
    head: str = ""
    """As scoring has it: the rules that its heads bring along are shown with policies."""
    api_cors_origins: tuple[str, ...] = ()
    """Web pages of other origins that may use the API, e.g. ["https://shop.example"]."""
    dashboard_url: str = ""
    """Where people reach this API, for links in mails; empty: `api_host` and `api_port`."""
    smtp_host: str = ""
    """Whether mails can be sent: without it links that let people in are shown to whoever asked."""
    sign_on_networks: str = "public"
    """Where providers of single sign-on may be that owners enter: any of public, private, loopback,
    separated by commas. Without https:// only one on loopback is asked."""
    api_presign_s: int = Field(default=3600, ge=1, le=7 * 24 * 3600)
    """How long a link to evidence in the object store works."""

    @field_validator("sign_on_networks")
    @classmethod
    def _is_choice_of_networks(cls, text: str) -> str:
        among(text, NETWORKS)
        return text

    @property
    def providers(self) -> EndpointPolicy:
        """Which providers of single sign-on may be asked."""
        refusal = "A provider {where} may not be asked (NIGHTCLERK_SIGN_ON_NETWORKS)."
        return EndpointPolicy(among(self.sign_on_networks, NETWORKS), refusal)

    @property
    def is_open_until_sign_up(self) -> bool:
        """Whether this machine itself needs no login before anybody has signed up."""
        is_wanted = self.api_open_until_sign_up or not self.api_token.get_secret_value()
        return is_wanted and is_loopback(self.api_host)

    @property
    def logins(self) -> Logins:
        """How long they last."""
        lasts, idle = timedelta(hours=self.api_session_h), timedelta(hours=self.api_session_idle_h)
        return Logins(lasts, idle, self.api_token.get_secret_value())

    evidence_key_file: Path | None = None
    """Ed25519 private key (PEM) that signs proofs of erasure, as it signs evidence; else
    `evidence-key.pem` in `state_dir`, which is made."""

    @property
    def signing_key_file(self) -> Path:
        return self.evidence_key_file or self.state_dir / NAME

    @property
    def public_url(self) -> str:
        """Never of a request: its host is whatever the client says."""
        host = "127.0.0.1" if self.api_host in ("0.0.0.0", "::") else self.api_host
        return self.dashboard_url.rstrip("/") or f"http://{host}:{self.api_port}"

    @property
    def pace(self) -> Pace:
        return Pace(self.api_upload_min_bytes_per_s)

    @property
    def audit_kept(self) -> timedelta | None:
        """How long rows of the audit log are kept. None: for ever."""
        return _days(self.api_keep_audit_days)

    @property
    def replays_kept(self) -> timedelta | None:
        """None: their results go with those of the live run."""
        return _days(self.api_keep_replays_days)

    @property
    def keeping(self) -> Keeping:
        return Keeping(
            _days(self.api_keep_videos_days),
            _days(self.api_keep_scores_days),
            _days(self.api_keep_maxima_days),
            _days(self.api_keep_evidence_days),
            _days(self.api_keep_recordings_days),
            {
                "uploads": self.api_keep_videos_gb,
                "evidence": self.api_keep_evidence_gb,
                "recordings": self.api_keep_recordings_gb,
            },
            archive=_days(self.api_keep_archive_days),
        )

    @property
    def disk(self) -> Disk | None:
        """Under the object store, where that runs on this machine."""
        if not is_loopback(urlsplit(self.s3_endpoint).hostname or ""):
            return None
        return Disk(self.state_dir, self.api_disk_reserve_bytes)

    def require_usable(self) -> None:
        """Raises WrongSettings for an open API on an address others can reach."""
        if not self.api_token.get_secret_value() and not is_loopback(self.api_host):
            raise WrongSettings(
                f"The API has no token, so it serves on loopback only, not on {self.api_host}:"
                " set NIGHTCLERK_API_TOKEN, or leave NIGHTCLERK_API_HOST at 127.0.0.1."
            )


def _days(number: float) -> timedelta | None:
    return timedelta(days=number) if number else None


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach that host name or address."""
    bare = host.strip("[]").lower()
    if bare == "localhost":
        return True
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return False
