"""The commands that keep a house: backup, restore, migrate: parse, call, print; nothing else."""

from pathlib import Path

import click

from promo.command import Place, sentences, settings_of

FOLDER = Place(path_type=Path, file_okay=False)


@click.command()
@click.option("--to", type=FOLDER, help="Where the backup's folder is made; else paths.backups.")
@click.option(
    "--with-secrets",
    "secrets",
    is_flag=True,
    help="Put the list-code keys in, too: who has them can make lists that open.",
)
@click.pass_context
@sentences
def backup(context: click.Context, to: Path | None, *, secrets: bool) -> None:
    """Make a backup of the house, while tills and nights are at work.

    Nobody waits for it. It is a folder named by moment and schema, there as a whole or not at all;
    keep a copy on another machine. Without the list-code keys, which are left out, no printed list
    opens: keep code.key elsewhere.
    """
    from promo import backing_up
    from promo.house import House

    settings = settings_of(context)
    house = House.open(settings)
    made = backing_up.back_up(settings, house.engine, to or settings.paths.backups, secrets=secrets)
    found = made.manifest
    click.echo(
        f"{made.folder}: {found.rows:,} rows in {len(found.tables)} tables, {len(found.files):,} "
        f"files with {found.bytes / 1e6:,.1f} MB, deliveries through {found.delivery}"
    )
    if not secrets:
        click.echo("The list-code keys are not in it: keep code.key elsewhere.", err=True)


@click.command()
@click.argument("folder", type=FOLDER)
@click.option("--into", type=FOLDER, help="A new folder for the house, with the settings it had.")
@click.option("--check", is_flag=True, help="Only say whether the backup is whole.")
@click.pass_context
@sentences
def restore(context: click.Context, folder: Path, into: Path | None, *, check: bool) -> None:
    """Make the house in the backup FOLDER again, on SQLite or PostgreSQL, whichever it was on.

    Without --into, in the places that the settings of --config name. The database is the one that
    PROMO_DATABASE_URL or a file database.url beside the settings names. A house that is there is
    never touched.
    """
    from promo import backups, restoring

    if check:
        found = backups.verified(folder)
        click.echo(f"{folder} is whole: {found.rows:,} rows and {len(found.files):,} files of "
                   f"{found.made}, version {found.revision}.")  # fmt: skip
        return
    if into is not None:
        done = restoring.into(folder, into)
    else:
        done = restoring.by_settings(folder, settings_of(context))
    click.echo(
        f"{done.folder}: restored as it was at {done.manifest.made}, with {done.manifest.rows:,} "
        f"rows, deliveries through {done.manifest.delivery}"
    )
    if not done.has_keys:
        click.echo("It has no list-code keys, and no printed list opens without those it had: put "
                   f"them into {done.folder / 'code.key'}.", err=True)  # fmt: skip


@click.command()
@click.pass_context
@sentences
def migrate(context: click.Context) -> None:
    """Bring the database of an older promo to this one's version, after a backup of it.

    Stop the service first. What fails leaves the database as it was.
    """
    from promo import database, migrating
    from promo.files import only_one

    settings = settings_of(context)
    with only_one(settings.paths.state / "promo.lock", "migrate"):
        done = migrating.run(settings, database.connect(settings.database_url))
    if done.backup is None:
        click.echo(f"The database is at version {done.now} already: nothing was to be done.")
    else:
        click.echo(f"The database was at version {done.before}, and is at {done.now}. As it was, "
                   f"it is in {done.backup}.")  # fmt: skip
