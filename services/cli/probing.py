"""`nightclerk camera test`: opens a camera here, without a stack, and says what it gives."""

from pathlib import Path
from typing import TYPE_CHECKING

from services.chassis.addresses import AddressFault, parse
from services.chassis.environment import read
from services.chassis.settings import ServiceSettings
from services.cli.screen import console, give_up
from services.ingest.sources.port import SourceLost
from services.ingest.sources.probe import Found, probe

if TYPE_CHECKING:
    from schemas.sources import Transport


def show_probe(
    typed: str, secret: tuple[str, str], transport: "Transport", picture: Path, as_json: bool
) -> None:
    """One sentence, and the first picture in a file; what is wrong ends the command with code 1."""
    try:
        address, credentials = parse(typed, *secret)
        policy = read(ServiceSettings).addresses
        policy.check_entered(address)
        found = probe(address, credentials, transport, policy)
    except (AddressFault, SourceLost) as error:
        give_up(error)
    picture.write_bytes(found.jpeg)
    if as_json:
        console.print_json(data=as_dict(found, picture))
    else:
        console.print(sentence(found, picture), soft_wrap=True, highlight=False, markup=False)


def sentence(found: Found, picture: Path) -> str:
    rate = f"{found.frame_rate:.1f} pictures a second" if found.frame_rate else "an unknown rate"
    return (
        f"It gives {found.codec} of {found.width}x{found.height} at {rate}; the first picture came "
        f"after {found.took_s:.1f} s and lies in {picture}."
    )


def as_dict(found: Found, picture: Path) -> dict[str, str | int | float | None]:
    names = ("codec", "width", "height", "frame_rate", "took_s")
    return {name: getattr(found, name) for name in names} | {"picture": str(picture)}
