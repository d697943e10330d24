"""What every test has: the fixtures of `core.testing`."""

from __future__ import annotations

pytest_plugins = ["core.testing"]
