"""`python -m core` is the command `smalta`."""

from core.cli import main

main()
