"""`nightclerk evidence`: what is kept of an alert, checked by anybody who has the pack."""

from pathlib import Path
from typing import Annotated

import typer

from services.alerts.pack.manifest import Tampered
from services.alerts.pack.verifying import verify as verified
from services.chassis.signing import NAME, fingerprint, public_text, signing_key
from services.cli.home import Home, running_settings
from services.cli.screen import console, give_up

evidence = typer.Typer(
    help="Evidence packs: check one, show the key that signs them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@evidence.command()
def verify(
    file: Annotated[Path, typer.Argument(help="A pack, as the page or the API gives it.")],
    key: Annotated[
        str, typer.Option("--key", help="The signer's public key, or a file that holds it.")
    ] = "",
) -> None:
    """Check that nothing in a pack was changed, added or left out, and who signed it."""
    try:
        found = verified(file, _public_key(key) if key else None)
    except Tampered as error:
        give_up(str(error))
    except FileNotFoundError:
        give_up(f"There is no file {file}.")
    manifest = found.manifest
    console.print(
        f"Good: {len(manifest.files)} files of alert {manifest.alert_id}, "
        f"unchanged since {manifest.sealed_at}.",
        soft_wrap=True,
        highlight=False,
    )
    known = "the key that you named" if key else "compare it with `nightclerk evidence key`"
    console.print(f"Signed by {found.signer}: {known}.", soft_wrap=True, highlight=False)


@evidence.command("key")
def show_key(
    path: Annotated[
        Path | None, typer.Option("--file", help="NIGHTCLERK_EVIDENCE_KEY_FILE, where it is set.")
    ] = None,
    home: Home = None,
) -> None:
    """Print the public key that this stack signs evidence with, and its short form."""
    path = path or running_settings(home).state / NAME
    if not path.exists():
        give_up(f"There is no {path} yet: it is made with the first evidence.")
    public_key = public_text(signing_key(path).public_key())
    console.print(public_key, soft_wrap=True, highlight=False)
    console.print(fingerprint(public_key), soft_wrap=True, highlight=False)


def _public_key(text: str) -> str:
    """Given as it is, or in a file's first line."""
    path = Path(text)
    return path.read_text().split()[0] if path.is_file() else text
