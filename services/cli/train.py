"""`nightclerk train`: a head from features and labels, by the one loop that trains all heads."""

import json
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from services.cli.analyze import Api, Token
from services.cli.figures import summary
from services.cli.home import Home
from services.cli.screen import console, err, give_up
from services.rules.cards import HEADS, require_head
from services.training.datasets import FORMATS, LabelError
from services.training.features import FeatureError
from services.training.journal import journal
from services.training.loop import Heard, Plan, Round, TrainingError
from services.training.recipe import Recipe, load
from services.training.recipe import train as trained_by
from services.training.split import SplitError
from services.training.store import store


def train(  # noqa: PLR0913 - the options of a command
    head: Annotated[str | None, typer.Option(help=f"One of {', '.join(HEADS)}.")] = None,
    features: Annotated[
        Path | None, typer.Option(help="Folder that `nightclerk extract` wrote.")
    ] = None,
    labels: Annotated[Path | None, typer.Option(help=f"{FORMATS[0].upper()}{FORMATS[1:]}.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of what comes out; heads/NAME if not said.")
    ] = None,
    label_rate: Annotated[
        float | None, typer.Option(help="Frames a second that labels count; each format has one.")
    ] = None,
    test_share: Annotated[
        float, typer.Option(min=0, max=0.8, help="Sources kept for the test; 0: you have others.")
    ] = 0.2,
    alarms_per_day: Annotated[
        float, typer.Option(min=0, help="False alarms a camera and day that the mark allows.")
    ] = 1.0,
    steps: Annotated[int, typer.Option(min=1, help="Stop here at the latest.")] = 3000,
    seed: Annotated[int, typer.Option(help="Equal seeds give equal weights.")] = 0,
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="A setting of the head, as lr=0.001.")
    ] = None,
    from_reviews: Annotated[
        bool, typer.Option("--from-reviews", help="From what people said of their own cameras.")
    ] = False,
    label: Annotated[
        str | None, typer.Option(help="With --from-reviews: what it finds, as theft.")
    ] = None,
    store_name: Annotated[
        str | None, typer.Option("--store", help="With --from-reviews: of this store only.")
    ] = None,
    backbone: Annotated[
        str, typer.Option(help="With --from-reviews: whose embeddings.")
    ] = "i3d_k400",
    days: Annotated[
        int, typer.Option(min=1, max=366, help="With --from-reviews: how far back.")
    ] = 30,
    register: Annotated[
        bool, typer.Option("--register", help="With --from-reviews: hand it in as a candidate.")
    ] = False,
    api: Api = "",
    token: Token = "",
    home: Home = None,
) -> None:
    """Train a head on features and labels, and judge it on sources that it has not seen; or on
    what people marked (--from-reviews).
    """
    if from_reviews:
        from services.cli import from_reviews as reviewed

        if label is None or head or features or labels:
            raise typer.BadParameter("--from-reviews takes --label, and no features nor labels")
        folder = out or Path("heads") / label
        asked = reviewed.Asked(label, store_name, folder, backbone, days, register)
        reviewed.run(asked, api, token, home)
        return
    if head is None or features is None or labels is None:
        raise typer.BadParameter("name --head, --features and --labels, or --from-reviews")
    recipe = Recipe(
        head=head,
        features=features,
        labels=labels,
        frame_rate=label_rate,
        test_share=test_share,
        alarms_per_day=alarms_per_day,
        plan=Plan(steps=steps, seed=seed, device="cuda" if torch.cuda.is_available() else "cpu"),
        overrides=overrides(setting or ()),
        command=shlex.join(["nightclerk", *sys.argv[1:]]),
    )
    try:
        require_head(head)
        run(recipe, out or Path("heads") / head)
    except (FeatureError, LabelError, SplitError, TrainingError, TypeError, ValueError) as error:
        give_up(error)


def run(recipe: Recipe, out: Path) -> None:
    matched = load(recipe)
    if matched.without_features:
        err.print(f"[yellow]{matched.without_features} labelled videos have no features[/]")
    settings = {"head": recipe.head, "seed": recipe.plan.seed, **recipe.overrides}
    with journal(out, settings) as written, live(recipe) as heard:
        result = trained_by(recipe, matched, written, heard)
        store(out, recipe, result)
    metrics = result.card.metrics
    console.print(
        summary({part: metrics[part] for part in ("validation", "test") if part in metrics})
    )
    console.print(f"{result.card.model_id} is in {out}", highlight=False, soft_wrap=True)


def overrides(settings: "tuple[str, ...] | list[str]") -> dict[str, Any]:
    """`lr=0.001` as a number, `variant=ekosman` as a word. Raises typer.BadParameter."""
    found = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not (name and equals):
            raise typer.BadParameter(f"{setting!r} is not NAME=VALUE")
        try:
            found[name] = json.loads(value)
        except json.JSONDecodeError:
            found[name] = value
    return found


@contextmanager
def live(recipe: Recipe) -> Iterator[Heard]:
    """A bar with the latest figures, while a person looks on."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task(recipe.head, total=recipe.plan.steps)

        def heard(now: Round) -> None:
            told = (
                f"{recipe.head} step {now.step} loss {now.loss:.4f} "
                f"AUC {now.auc:.3f} best {now.best_auc:.3f}"
            )
            progress.update(task, completed=now.step, description=told)

        yield heard
