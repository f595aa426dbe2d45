"""The commands about templates: parse, call, print; nothing else."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from promo.command import SET_ASIDE, TEXT, Place, sentences, settings_of


@click.group()
def templates() -> None:
    """The chain's own templates: check them."""


@templates.command("check")
@click.option(
    "--banner", type=TEXT, help="Print this at the head, and use this banner's own templates."
)
@click.option(
    "--language", type=TEXT, help="All cases in this language; else a few in each of the chain's."
)
@click.option(
    "--club", "clubs", type=TEXT, multiple=True, help="This club only; else all of content.yaml."
)
@click.option("--output", type=Place(path_type=Path, file_okay=False),
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

    Each fault is said once, with the formats and cases it was met in. Leaves with 1 if there is
    any.
    """
    from promo import fault_groups, template_check
    from promo.progress import Progress

    settings = template_check.prepared(settings_of(context), banner, language)
    cases = template_check.cases(settings, language, clubs)
    with (
        TemporaryDirectory() as folder,
        template_check.Worker(settings, output or Path(folder)) as worker,
    ):
        each = Progress("check").each("check", cases, singly=False)
        found = [broken for case in each for broken in worker.check(case)]
    groups, forms = fault_groups.grouped(found), len(worker.forms)
    for group in groups:
        click.echo(group.in_words(forms))
    click.echo(fault_groups.summary(groups, len(cases), forms))
    if groups:
        sys.exit(SET_ASIDE)
