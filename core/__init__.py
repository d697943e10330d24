"""The platform: accounts, permissions, the client record, and the machinery that plugins hang on."""

__version__ = "0.1.0"

CORE_API = 1
"""Raised only when a hook breaks; a plugin's manifest names the one it was written for."""

CORE_API_OLDEST = 1
"""The oldest hook contract that this core still serves."""
