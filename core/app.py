"""The application. Read `create_app` from top to bottom to see how an installation is put together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar

from core import database, own, parts, plugins, settings, ui
from core.logs import configure_logs
from core.plugins import Registry
from core.settings import Settings


def create_app() -> Litestar:
    """The web application of this installation, as an ASGI application; the server runs one in each process."""
    # What this installation is: files, then environment.
    chosen = settings.current()

    # Who takes part: core's own parts, then the enabled plugins' in order.
    registry = assemble(chosen)

    # What they answer: pages and endpoints that parts declare or that follow from kinds of record, files, health.
    routes = [*registry.of(parts.Route), *ui.derived_routes(registry), *_api_routes(registry)]
    handlers = [*ui.handlers(routes), *ui.static_handlers(), *ui.health_handlers()]

    # How it is served: Litestar finds the handler; no schema page, no logging thread, no compression of its own.
    app = Litestar(handlers, openapi_config=None, logging_config=None, lifespan=[_life], debug=False)

    # What surrounds everything: known hosts, headers, counting, error pages.
    app.asgi_handler = ui.Shield(app.asgi_router, chosen)
    return app


def assemble(chosen: Settings) -> Registry:
    """Load what the settings enable and make it the registry of this process."""
    registry = plugins.load(chosen.plugins, own, extra_folders=chosen.plugin_folders, strict=chosen.strict)
    plugins.install(registry)
    ui.forget_caches()
    ui.check_theme()
    return registry


def _api_routes(registry: Registry) -> list[parts.Route]:
    """The API that follows from the kinds of record."""
    room = own.room("api")
    return list(room.derived_routes(registry)) if room else []


@asynccontextmanager
async def _life(app: Litestar) -> AsyncIterator[None]:
    """While the application serves: logs as JSON, and the pool open unless whoever started it opened one already."""
    configure_logs()
    if database.engine.pool is not None:
        yield
        return
    await database.open_pool(settings.current().database_url)
    try:
        yield
    finally:
        await database.close_pool()
