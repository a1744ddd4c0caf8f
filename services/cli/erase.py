"""`nightclerk erase`: footage taken away for good, with a proof that anybody can check."""

import json
import time
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from services.api.erasure.proof import ForgedProof, checked
from services.chassis.signing import fingerprint
from services.cli.analyze import Api, Token
from services.cli.client import Client
from services.cli.home import Home
from services.cli.screen import console, give_up
from services.cli.stretches import Moment, stretch
from services.cli.videos import client_of

LOOKS_EVERY_S = 0.5
erase = typer.Typer(
    help="Take footage away for good, and prove it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@erase.command()
def source(  # noqa: PLR0913 - each is an option
    source_id: Annotated[UUID, typer.Argument(help="The camera or uploaded video.")],
    reason: Annotated[str, typer.Option(help="Why; it stands in the proof.")],
    proof: Annotated[Path, typer.Option(help="Where the proof is to be written.", dir_okay=False)],
    since: Moment = None,
    until: Moment = None,
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Erase a stretch of a camera, or all there is of it; of an upload always all."""
    entry: dict[str, Any] = {"source_id": str(source_id), "reason": reason}
    entry |= stretch(since, until)
    with client_of(api, token, home) as client:
        found = _completed(client, client.erase(entry))
    proof.write_text(json.dumps({"proof": found["proof"], "signature": found["signature"]}))
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


def _completed(client: Client, view: dict[str, Any]) -> dict[str, Any]:
    """Once the objects are gone too."""
    while view["state"] != "completed":
        time.sleep(LOOKS_EVERY_S)
        view = client.erasure(view["erasure_id"])
    return view
