"""The commands about templates: parse, call, print; nothing else."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from promo.command import SET_ASIDE, sentences, settings_of


@click.group()
def templates() -> None:
    """The chain's own templates: check them."""


@templates.command("check")
@click.option("--banner", help="Print this at the head, and use this banner's own templates.")
@click.option("--language", help="All cases in this language; else a few in each of the chain's.")
@click.option("--club", "clubs", multiple=True, help="This club only; else all of content.yaml.")
@click.option("--output", type=click.Path(path_type=Path, file_okay=False),
              help="Keep what is rendered in this folder.")  # fmt: skip
@click.pass_context
@sentences
def check(
    context: click.Context,
    banner: str | None,
    language: str | None,
    clubs: tuple[str, ...],
    output: Path | None,
) -> None:
    """Render edge cases with the chain's templates in every format, and say what breaks.

    Leaves with 1 if anything does.
    """
    from promo import template_check
    from promo.progress import Progress

    settings = template_check.prepared(settings_of(context), banner, language)
    cases = template_check.cases(settings, language, clubs)
    faults = 0
    with (
        TemporaryDirectory() as folder,
        template_check.Worker(settings, output or Path(folder)) as worker,
    ):
        for case in Progress("check").each("check", cases):
            for broken in worker.check(case):
                faults += 1
                click.echo(str(broken))
    click.echo(f"{len(cases)} cases in {len(worker.forms)} formats: {faults or 'no'} faults.")
    if faults:
        sys.exit(SET_ASIDE)
