"""`nightclerk secrets`: the key that seals what is secret, replaced by another."""

import typer

from services.cli.analyze import Api, Token
from services.cli.home import Home
from services.cli.screen import console
from services.cli.videos import client_of

secrets = typer.Typer(
    help="The key that seals secrets.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@secrets.callback()
def group() -> None:
    """The key that seals secrets."""


@secrets.command()
def rotate(api: Api = "", token: Token = "", home: Home = None) -> None:
    """Seal all secrets anew with the first of the keys in NIGHTCLERK_SECRET_KEY."""
    with client_of(api, token, home) as client:
        told = client.rotate_secrets()
    rows = ", ".join(f"{count} {name}" for name, count in told["renewed"].items())
    console.print(f"[green]sealed anew[/] {rows or 'nothing'}", soft_wrap=True, highlight=False)
    for name in told["lost"]:
        console.print(f"[red]no key opens[/] {name}", soft_wrap=True, highlight=False)
    if told["renewed"] or told["waiting"]:
        waiting = f"{told['waiting']} still wait to be told to the services"
        console.print(f"{waiting}: run it again before the former key goes.", highlight=False)
    elif not told["lost"]:
        console.print("The former key is needed no more.", highlight=False)
    if told["lost"]:
        raise typer.Exit(1)
