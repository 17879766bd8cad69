"""`smart-routing reference`: the pages in `docs/reference` that are generated."""

from pathlib import Path

import click

from processor.engine.errors import DocumentRefused
from smart_routing.reference.pages import FOLDER, NAMED, pages


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; end with status 1 where a page is not what would be written.")
@click.option(
    "--checkout",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="Folder of the project's sources; the current one, unless it is given.",
)
def reference(check: bool, checkout: Path) -> None:
    """Write the reference of action types, definitions, lint codes, reasons, topics and records.

    The pages come from docstrings, parameters' types, tables and schemas; the types' examples are executed, and what they do is shown.
    """
    missing = [str(folder) for folder in (FOLDER, NAMED) if not (checkout / folder).is_dir()]
    if missing:
        raise click.ClickException(f"{checkout.resolve()}: expected the project's sources; found no {' and no '.join(missing)}")
    try:
        written = pages(checkout)
    except DocumentRefused as refused:
        raise click.ClickException(f"an example: {refused}") from refused
    stale = [name for name, text in written.items() if _text(checkout / FOLDER / name) != text]
    if check:
        if stale:
            raise click.ClickException(f"{', '.join(stale)}: not what the sources say; run `smart-routing reference`")
        click.echo(f"{len(written)} pages are what the sources say.")
        return
    for name in stale:
        (checkout / FOLDER / name).write_text(written[name], "utf-8")
    click.echo(f"{len(stale)} of {len(written)} pages written: {', '.join(stale) or 'nothing has changed'}.")


def _text(path: Path) -> str | None:
    return path.read_text("utf-8") if path.is_file() else None
