"""What a request says of a camera, and what becomes of it: pure, but for the sealing of passwords.

A camera is what `sources.v1` has of it: its SourceConfigured.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from schemas.clips import ClipSpec, Grid
from schemas.sources import CameraSettings, Polygon, Recording, SourceConfigured, Transport, Zone
from services.api.access.stores import Place
from services.api.tables import ADDRESS_CHARS, NAME_CHARS
from services.chassis.addresses import (
    AddressFault,
    AddressPolicy,
    CameraAddress,
    Credentials,
    parse,
    parse_kept,
)
from services.chassis.sealing import Sealing

FRAMES = ClipSpec().frames
FOLDERS_ORIGIN = datetime(2000, 1, 1, tzinfo=UTC)
"""What is dropped into a folder was recorded before; its clips lie where they belong."""

SETTINGS = tuple(CameraSettings.model_fields)


def _shown(name: str) -> str:
    name = "".join(letter for letter in name if letter.isprintable()).strip()
    if not name:
        raise ValueError("a camera needs a name")
    return name


def _taken(spec: ClipSpec) -> ClipSpec:
    """What no detector takes is refused here; the rest depends on the heads (docs)."""
    if spec.frames != FRAMES:
        raise ValueError(f"every network takes clips of {FRAMES} frames")
    if spec.hop > spec.frames:
        raise ValueError("with a hop beyond the clip's frames, moments between clips go unseen")
    return spec


def _apart(zones: tuple[Zone, ...]) -> tuple[Zone, ...]:
    if len({zone.name for zone in zones}) < len(zones):
        raise ValueError("two zones have the same name")
    return zones


Name = Annotated[str, Field(min_length=1, max_length=NAME_CHARS), AfterValidator(_shown)]
Address = Annotated[str, Field(min_length=1, max_length=ADDRESS_CHARS)]
Word = Annotated[SecretStr, Field(max_length=512)]
Spec = Annotated[ClipSpec, AfterValidator(_taken)]
Masks = Annotated[tuple[Polygon, ...], Field(max_length=32)]
Zones = Annotated[tuple[Zone, ...], Field(max_length=32), AfterValidator(_apart)]


class CameraEntry(BaseModel):
    """A camera to be added, to the store named, else to one's own. User name and password may stand
    in the address, typed as they are, or in their own fields; they are kept sealed and never
    answered.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "Till 1",
                    "address": "rtsp://192.168.1.20/stream2",
                    "record_address": "rtsp://192.168.1.20/stream1",
                    "username": "admin",
                    "password": "p@ss:word",
                    "motion_gate": True,
                }
            ]
        },
    )

    name: Name
    store_id: UUID | None = None
    address: Address
    record_address: Address | None = None
    username: Word = SecretStr("")
    password: Word = SecretStr("")
    spec: Spec = ClipSpec()
    is_paused: bool = False
    transport: Transport = "auto"
    masks: Masks = ()
    masks_recordings: bool = False
    zones: Zones = ()
    motion_gate: bool = False
    recording: Recording = "ring"


class CameraChange(BaseModel):
    """What is to change of a camera; what is not named stays. `null` takes `record_address`,
    `username` or `password` away. With an address on another host, credentials go unless they are
    given again. Another clip spec begins a new grid.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name | None = None
    store_id: UUID | None = None
    address: Address | None = None
    record_address: Address | None = None
    username: Word | None = None
    password: Word | None = None
    spec: Spec | None = None
    is_paused: bool | None = None
    transport: Transport | None = None
    masks: Masks | None = None
    masks_recordings: bool | None = None
    zones: Zones | None = None
    motion_gate: bool | None = None
    recording: Recording | None = None

    def given(self, name: str) -> bool:
        return name in self.model_fields_set


def configured(
    entry: CameraEntry,
    source_id: UUID,
    place: Place,
    now: datetime,
    policy: AddressPolicy,
    sealing: Sealing,
) -> SourceConfigured:
    """The camera that is asked for. Raises AddressFault, SealingFault."""
    username, password = entry.username.get_secret_value(), entry.password.get_secret_value()
    address, credentials = parse(entry.address, username, password)
    record = entry.record_address
    grid = Grid.begun(source_id, now, entry.spec)
    return SourceConfigured(
        source_id=source_id,
        source_kind="camera",
        tenant_id=place.tenant_id,
        store_id=place.store_id,
        name=entry.name,
        origin_at=FOLDERS_ORIGIN if address.kind == "folder" else grid.origin_at,
        spec=entry.spec,
        address=_allowed(address, policy).text,
        record_address=_record_address(record, credentials, policy) if record else None,
        credentials=sealing.seal(credentials),
        camera=CameraSettings(**{name: getattr(entry, name) for name in SETTINGS}),
        is_paused=entry.is_paused,
        configured_at=now,
    )


def changed(
    camera: SourceConfigured,
    change: CameraChange,
    now: datetime,
    policy: AddressPolicy,
    sealing: Sealing,
) -> SourceConfigured:
    """The camera as it shall be: same id, same history. Raises AddressFault, SealingFault."""
    fields: dict[str, Any] = {
        name: getattr(change, name)
        for name in ("name", "store_id", "spec", "is_paused")
        if getattr(change, name) is not None
    }
    settings = camera.camera or CameraSettings()
    wanted = {name: getattr(change, name) for name in SETTINGS if getattr(change, name) is not None}
    fields["camera"] = settings.model_copy(update=wanted)
    fields["configured_at"] = max(now, camera.configured_at + timedelta(microseconds=1))
    is_folder = camera.origin_at == FOLDERS_ORIGIN
    if change.spec is not None and change.spec != camera.spec and not is_folder:
        grid = Grid.begun(camera.source_id, fields["configured_at"], change.spec)
        fields["origin_at"] = grid.origin_at
    if change.model_fields_set & {"address", "record_address", "username", "password"}:
        fields |= _reached(camera, change, policy, sealing)
    return camera.model_copy(update=fields)


def _reached(
    camera: SourceConfigured, change: CameraChange, policy: AddressPolicy, sealing: Sealing
) -> dict[str, Any]:
    """Addresses and credentials as they shall be."""
    before = parse_kept(camera.address or "")
    address, typed = parse(change.address) if change.address else (before, Credentials())
    kept = camera.credentials if address.host == before.host else None
    if typed or change.given("username") or change.given("password"):
        credentials = _credentials(address, typed, change, kept, sealing)
        kept = sealing.seal(credentials)
    record = camera.record_address
    if change.given("record_address") and change.record_address:
        found = sealing.open(kept)
        record = _record_address(change.record_address, found, policy)
    elif change.given("record_address"):
        record = None
    text = _allowed(address, policy).text
    return {"address": text, "record_address": record, "credentials": kept}


def _credentials(
    address: CameraAddress,
    typed: Credentials,
    change: CameraChange,
    kept: bytes | None,
    sealing: Sealing,
) -> Credentials:
    """Of fields that are not given, those in the address count, then those kept."""
    is_whole = bool(typed) or (change.given("username") and change.given("password"))
    before = Credentials() if is_whole else sealing.open(kept)
    given = {
        name: (secret.get_secret_value() if (secret := getattr(change, name)) else "")
        for name in ("username", "password")
        if change.given(name)
    }
    username = given.get("username", typed.username or before.username)
    password = given.get("password", typed.password or before.password)
    return parse(address.text, username, password)[1] if username or password else Credentials()


def _record_address(text: str, credentials: Credentials, policy: AddressPolicy) -> str:
    """The stream to record: of the same camera, so with the same user name and password."""
    address, typed = parse(text)
    if typed and typed != credentials:
        raise AddressFault(
            "The stream to record takes the user name and password of the one to watch: give them "
            "once, in their own fields."
        )
    return _allowed(address, policy).text


def _allowed(address: CameraAddress, policy: AddressPolicy) -> CameraAddress:
    """Raises AddressFault."""
    policy.check_entered(address)
    return address
