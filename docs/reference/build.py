"""Write the reference pages from the code: hooks, parts, settings, commands. A test compares them with what stands here.

python docs/reference/build.py
"""

from __future__ import annotations

import dataclasses
import inspect
import os
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import click

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent))
os.environ["SMALTA_LANGUAGE"] = "en"
os.environ["LANGUAGE"] = os.environ["LC_ALL"] = "C"

from core.parts import Setting  # noqa: E402
from core.plugins import Registry  # noqa: E402

HEAD = "<!-- Written by docs/reference/build.py from the code; change the docstrings there. -->\n\n"


def pages() -> dict[str, str]:
    """File name → its text."""
    return {
        "hooks.md": HEAD + hooks(),
        "parts.md": HEAD + parts(),
        "settings.md": HEAD + settings(),
        "commands.md": HEAD + commands(),
    }


def hooks() -> str:
    """Every hook with its signature and docstring."""
    from core import hookspecs
    from core.plugins import hook_names

    lines = ["# Hooks", "", inspect.getdoc(hookspecs) or "", ""]
    for name in hook_names():
        hook = getattr(hookspecs.Hooks, name)
        returns = str(inspect.signature(hook).return_annotation).replace("parts.", "")
        anchor = re.sub(r"\W", "", returns.removeprefix("list")).lower().removeprefix("type")
        lines += [f"## `{name}() -> {returns}`", "", inspect.getdoc(hook) or "", ""]
        lines += [f"Part: [`{returns.removeprefix('list[').removesuffix(']')}`](parts.md#{anchor})", ""]
    return "\n".join(lines)


def parts() -> str:
    """Every part with its attributes."""
    from core import parts as module

    source = inspect.getsource(module)
    lines = ["# Parts", "", inspect.getdoc(module) or "", ""]
    for name, part in vars(module).items():
        if not (inspect.isclass(part) and dataclasses.is_dataclass(part) and part.__module__ == module.__name__):
            continue
        lines += [f"## {name}", "", inspect.getdoc(part) or "", ""]
        rows = [_attribute(source, name, field) for field in dataclasses.fields(part)]
        if rows:
            lines += ["| attribute | type | default | what it is |", "|---|---|---|---|", *rows, ""]
    return "\n".join(lines)


def _attribute(source: str, owner: str, field: dataclasses.Field[Any]) -> str:
    default = "required"
    if field.default is not dataclasses.MISSING:
        default = f"`{field.default!r}`"
    elif field.default_factory is not dataclasses.MISSING:
        default = f"`{field.default_factory()!r}`"
    body = re.search(rf"class {owner}\b.*?(?=\n@dataclass|\nclass |\Z)", source, re.S)
    text = re.search(rf'\n    {field.name}:[^\n]*\n    """(.*?)"""', body[0] if body else "", re.S)
    words = " ".join(text[1].split()) if text else ""
    kind = str(field.type).replace("|", "\\|")
    return f"| `{field.name}` | `{kind}` | {default} | {words} |"


def settings() -> str:
    """Every key of the site file with its environment variable, and every choice made in the product."""
    from core import settings as module

    source = inspect.getsource(module.Settings)
    base = tomllib.loads((module.FOLDER / "base.toml").read_text(encoding="utf-8"))
    lines = ["# Settings", "", inspect.getdoc(module) or "", ""]
    lines += ["| key | environment | default | what it is |", "|---|---|---|---|"]
    for name in module.Settings.model_fields:
        found = re.search(rf'\n    {name}:[^\n]*\n    """(.*?)"""', source, re.S)
        words = " ".join(found[1].split()) if found else _comment(module.FOLDER / "base.toml", name)
        lines.append(f"| `{name}` | `SMALTA_{name.upper()}` | `{base.get(name, '')!r}` | {words} |")
    lines += ["", "## Made in the product", "", "Settings → Installation; plugins add theirs.", ""]
    lines += ["| key | owner | kind | default | what it is |", "|---|---|---|---|---|"]
    built = _registry()
    for part in built.of(Setting):
        label = f"{part.label}. {part.hint}" if part.hint else str(part.label)
        lines.append(f"| `{part.key}` | {built.owner(part)} | {part.kind} | `{part.default!r}` | {label} |")
    return "\n".join([*lines, ""])


def _comment(file: Path, name: str) -> str:
    """The comment above a key."""
    found = re.search(rf"((?:^# .*\n)+){name} =", file.read_text(encoding="utf-8"), re.M)
    return " ".join(found[1].replace("# ", "").split()) if found else ""


def _registry() -> Registry:
    from core.app import assemble
    from core.plugins import registry
    from core.settings import current

    return registry() if registry().owned else assemble(current())


def commands() -> str:
    """Every command with its arguments and options, core's and those of the bundled plugins."""
    from core.cli import smalta

    root = click.Context(smalta, info_name="smalta")
    lines = ["# Commands", "", "`smalta COMMAND`, or `python -m core COMMAND`; `--help` shows each.", ""]
    for name in smalta.list_commands(root):
        command = smalta.get_command(root, name)
        if command is not None:
            lines += _command(command, f"smalta {name}")
    return "\n".join(lines)


def _command(command: click.Command, path: str) -> list[str]:
    usage = command.collect_usage_pieces(click.Context(command, info_name=path))
    lines = [f"## `{' '.join([path, *usage])}`", "", inspect.cleandoc(command.help or ""), ""]
    options = [param for param in command.params if isinstance(param, click.Option)]
    if options:
        lines += ["| option | what it does |", "|---|---|"]
        lines += [f"| `{', '.join(option.opts)}` | {' '.join((option.help or '').split())} |" for option in options] + [
            ""
        ]
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            lines += _command(command.commands[name], f"{path} {name}")
    return lines


def main() -> None:
    """Write the pages."""
    for name, text in pages().items():
        (HERE / name).write_text(text.rstrip() + "\n", encoding="utf-8")
        print(f"docs/reference/{name}")


if __name__ == "__main__":
    main()
