"""``saveline slack``: setting up the app at Slack."""

from __future__ import annotations

import io
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer
from ruamel.yaml import YAML

from saveline.actions import slack_setup
from saveline.cli import door, output
from saveline.cli.door import Json
from saveline.core.errors import Missing
from saveline.files.slack_manifest import manifest as made
from saveline.notify.channels.slack_api import WANTED

app = typer.Typer(help="Set up the app at Slack.", no_args_is_help=True)


@app.command()
def manifest(
    url: Annotated[
        str, typer.Option(help="Where Saveline is reached from the internet, for signed HTTP; without it Socket Mode.")
    ] = "",
    json: Json = False,
) -> None:
    """Print the app's manifest: paste it at api.slack.com/apps → Create New App → From a manifest."""
    parts = urlsplit(url)
    if url and (parts.scheme != "https" or not parts.netloc):
        raise Missing(f"{url!r}: expected an address like https://saveline.example.com, which Slack can reach")
    found = made(WANTED, url)
    if json:
        output.emit_json(found)
    else:
        typer.echo(_yaml(found), nl=False)


@app.command()
def people(json: Json = False) -> None:
    """Print, for everybody in people.yaml without a Slack id, the id that Slack knows for their address."""
    found = slack_setup.missing_ids(door.open_desk())
    if json:
        output.emit_json(found)
        return
    output.table(("Person", "Address", "Write into people.yaml"), [(f.name, f.email, f.line) for f in found])
    if not found:
        output.say("Everybody has a Slack id.")


def _yaml(value: Any) -> str:
    printer, out = YAML(), io.StringIO()
    printer.indent(mapping=2, sequence=4, offset=2)
    printer.width = 400
    printer.dump(value, out)
    return out.getvalue()
