"""The pages of the frame itself, as parts."""

from __future__ import annotations

from core.language import _
from core.parts import SIGNED_IN, NavItem, Permission, Route
from core.ui import admin, palette, today
from core.ui.installation import MANAGE

ROUTES = [
    Route(key="core.today", path="/", permission=SIGNED_IN, handler=today.today),
    Route(key="core.palette", path="/palette", permission=SIGNED_IN, handler=palette.options),
    Route(key="core.search", path="/search", permission=SIGNED_IN, handler=palette.search),
    Route(key="core.menu", path="/menu", permission=SIGNED_IN, handler=admin.menu),
    Route(key="core.settings", path="/settings", permission=SIGNED_IN, handler=admin.index),
    Route(key="core.plugins", path=admin.PLUGINS, permission=MANAGE, handler=admin.show_plugins),
    Route(key="core.installation", path=admin.INSTALLATION, permission=MANAGE, handler=admin.show_installation),
    Route(
        key="core.installation.save",
        path=admin.INSTALLATION,
        permission=MANAGE,
        handler=admin.save_installation,
        methods=("POST",),
    ),
]

NAVIGATION = [
    NavItem(key="core.today", label=_("Today"), permission=SIGNED_IN, href="/", icon="layout-dashboard", order=0),
    NavItem(
        key="core.installation",
        label=_("Installation"),
        permission=MANAGE,
        href=admin.INSTALLATION,
        icon="sliders-horizontal",
        hint=_("The name of the company and what else holds for everybody."),
        order=200,
    ),
    NavItem(
        key="core.plugins",
        label=_("Plugins"),
        permission=MANAGE,
        href=admin.PLUGINS,
        icon="puzzle",
        hint=_("What is installed, what each plugin adds, and what was left out and why."),
        order=290,
    ),
]

PERMISSIONS = [Permission(key=MANAGE, label=_("Settings and plugins of the installation"))]
