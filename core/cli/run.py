"""Running the product: serve, worker."""

from __future__ import annotations

import asyncio

import click

from core import plugins, settings
from core.cli.session import check_migrated, in_pool, load_registry, open_database
from core.cli.words import say
from core.context import Refuse
from core.language import _
from core.plugins import Registry


@click.command(help=_("Serve the installation: web processes, and a worker for background jobs."))
@click.option("--host", help=_("The address to listen on; 0.0.0.0 for all."))
@click.option("--port", type=click.IntRange(0, 65535), help=_("The port to listen on; 0 for any that is free."))
@click.option("--web-processes", type=click.IntRange(1, 64), help=_("How many processes answer requests."))
@click.option("--worker/--no-worker", default=True, help=_("Whether background jobs are done here too."))
def serve(host: str | None, port: int | None, web_processes: int | None, worker: bool) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    given = {"host": host, "port": port, "web_processes": web_processes}
    settings.install(
        settings.current().model_copy(update={key: value for key, value in given.items() if value is not None})
    )
    from core.app import create_app
    from core.logs import configure_logs
    from core.serving import Supervisor, bind

    _require_secret()
    chosen = settings.current()
    with bind(chosen.host, chosen.port) as listening:
        settings.install(chosen.model_copy(update={"port": listening.getsockname()[1]}))
        app = create_app()
        with open_database() as used:
            asyncio.run(in_pool(used.dsn, check_migrated(plugins.registry())))
            _tell(plugins.registry())
            configure_logs()
            Supervisor(app, used, listening, web=chosen.web_processes, worker=worker).run()


@click.command(help=_("Do background jobs; more of them may run, on any machine that reaches the database."))
def worker() -> None:
    """Work until SIGTERM or Ctrl-C."""
    registry = load_registry()
    _require_secret()
    with open_database() as used:
        asyncio.run(in_pool(used.dsn, check_migrated(registry)))
        from core.logs import configure_logs
        from core.worker import run_worker

        say(_("The worker is at work; Ctrl-C stops it."))
        configure_logs()
        asyncio.run(run_worker(used.dsn))


def _tell(registry: Registry) -> None:
    for problem in registry.problems:
        say(_("The plugin %(name)s was left out: %(reason)s"), name=problem.plugin, reason=problem.reason)
    say(_("Smalta is at %(address)s; Ctrl-C stops it."), address=settings.current().address())


def _require_secret() -> None:
    if not settings.current().secret_key:
        raise Refuse(_("This installation has no secret key: run smalta init, or set SMALTA_SECRET_KEY."))
