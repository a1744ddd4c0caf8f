"""`nightclerk erase`: footage taken away for good, with a proof that anybody can check."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from services.api.erasure.proof import ForgedProof, checked
from services.chassis.signing import fingerprint
from services.cli.analyze import Api, Token
from services.cli.client import Client
from services.cli.home import Home
from services.cli.places import identified
from services.cli.screen import console, give_up
from services.cli.stretches import SinceMoment, UntilMoment, stretch
from services.cli.videos import client_of

LOOKS_EVERY_S = 0.5
erase = typer.Typer(
    help="Take footage away for good, and prove it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@erase.command("source")
def erase_source(  # noqa: PLR0913 - each is an option
    source: Annotated[
        str, typer.Argument(help="A camera, by id or name, or a video by its id.", metavar="SOURCE")
    ],
    reason: Annotated[str, typer.Option(help="Why; it stands in the proof.")],
    proof: Annotated[Path, typer.Option(help="Where the proof is to be written.", dir_okay=False)],
    since: SinceMoment = None,
    until: UntilMoment = None,
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Erase a stretch of a camera, or all there is of it; of an upload always all."""
    entry: dict[str, Any] = {"reason": reason} | stretch(since, until)
    with client_of(api, token, home) as client:
        entry["source_id"] = str(identified(client, source))
        with _kept(proof) as file:  # nothing is erased whose proof has no place
            view = client.erase(entry)
            console.print(f"erasing, {view['erasure_id']}", soft_wrap=True, highlight=False)
            found = _completed(client, view)
            json.dump({"proof": found["proof"], "signature": found["signature"]}, file)
    told = json.loads(found["proof"])
    rows = sum(told["rows"].values())
    console.print(
        f"[green]erased[/] {len(told['objects'])} objects, {rows} rows; proof: {proof}",
        soft_wrap=True,
        highlight=False,
    )


@erase.command()
def verify(
    file: Annotated[Path, typer.Argument(help="A proof, as `erase source` writes it.")],
    key: Annotated[str, typer.Option("--key", help="The signer's public key.")] = "",
) -> None:
    """Check that a proof was not changed, and say who signed it."""
    try:
        found = json.loads(file.read_text())
        told = checked(found["proof"].encode(), found["signature"], key or None)
    except (ValueError, KeyError, TypeError, AttributeError):
        give_up("That is no proof of an erasure.")
    except ForgedProof as error:
        give_up(str(error))
    sentence = f"Good: {told['source_name']}, {told['since']} to {told['until']}, erased for"
    console.print(f"{sentence} {told['asked_by']} at {told['completed_at']}.", highlight=False)
    console.print(f"Signed by {fingerprint(told['public_key'])}.", highlight=False)


@contextmanager
def _kept(path: Path) -> Iterator[TextIO]:
    """A new file, which goes again where nothing came to be written. Raises OSError."""
    with path.open("x") as file:
        try:
            yield file
        except BaseException:
            path.unlink()
            raise


def _completed(client: Client, view: dict[str, Any]) -> dict[str, Any]:
    """Once the objects are gone too."""
    while view["state"] != "completed":
        time.sleep(LOOKS_EVERY_S)
        view = client.erasure(view["erasure_id"])
    return view
