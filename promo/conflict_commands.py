"""The command about what stores gave twice while their line was down: parse, call, print."""

from typing import TYPE_CHECKING, Any

import click

from promo.command import DAY, TEXT, sentences, settings_of
from promo.counting import counted

if TYPE_CHECKING:
    from datetime import date

    from promo.config import Settings


@click.command()
@click.option("--since", type=DAY, help="Only those found on this day (UTC) or later.")
@click.option("--offer", type=TEXT, help="Only this offer's.")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON lines.")
@click.pass_context
@sentences
def conflicts(
    context: click.Context, since: "date | None", offer: str | None, *, as_json: bool
) -> None:
    """Say what stores gave while their line was down and ought not have, and who bears it.

    The kinds are told in docs/offline.md. Money is what the conflict is about.
    """
    import json

    from promo import database
    from promo.checkout.pack.conflicts import listed
    from promo.person.rows import plain

    settings = settings_of(context)
    engine = database.connect(settings.database_url)
    database.check_schema(engine)
    with engine.connect() as connection:
        found = listed(connection, since, offer)
    engine.dispose()
    if not as_json:
        _show(found, settings)
        return
    for each in found:
        click.echo(json.dumps({name: plain(value) for name, value in each.items()}))


def _show(found: list[dict[str, Any]], settings: "Settings") -> None:
    """A line each, as long as it is: a table would fold ids where nobody can search for them."""
    borne: dict[str, int] = {}
    for each in found:
        bearer = each["bearer"] or "nobody"
        borne[bearer] = borne.get(bearer, 0) + each["money"]
        click.echo(
            f"{each['at']:%Y-%m-%d}  {each['kind']:14}  {each['offer'] or 'the whole of it'}  "
            f"store {each['store']}, till {each['till']}, {each['day']}, {each['transaction']} "
            f"({each['verb']})  {counted(each['uses'], 'use')}, "
            f"{settings.in_words(each['money'])}, {bearer} bears it"
        )
    shares = "".join(f"; {bearer} {settings.in_words(money)}"
                     for bearer, money in sorted(borne.items()))  # fmt: skip
    click.echo(f"{counted(len(found), 'conflict')}{shares}.")
