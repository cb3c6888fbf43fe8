"""``pki``: what of the fortress's keys and certificates a person may want to hold."""

from __future__ import annotations

import sys

import typer

from festning.cli.app import app, invocation
from festning.cli.operate import surroundings

pki_app = typer.Typer(help="The fortress's certificates.", no_args_is_help=True)
app.add_typer(pki_app, name="pki")


@pki_app.callback()
def pki() -> None:
    """The fortress's certificates."""


@pki_app.command()
def ca(context: typer.Context) -> None:
    """Print the authority that signs the services' certificates, as PEM: for browsers and curl --cacert."""
    from festning.workflows.authorities import web_authority  # noqa: PLC0415 (each verb loads only what it needs)

    called = invocation(context)
    certificate = web_authority(called.file, surroundings(), lab=called.lab)
    if called.screen.as_json:
        called.screen.json({"authority": "web", "certificate": certificate})
    else:
        sys.stdout.write(certificate)
