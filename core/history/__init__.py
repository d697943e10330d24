"""History: operations and the changes they made."""

from core.history.operations import (
    MANY,
    ChangeRow,
    Operation,
    Stored,
    batch,
    begin,
    current_operation,
    decode,
    encode,
    finish,
    journal,
    operation,
)
from core.history.seals import first_break, seal_finished
from core.language import _
from core.parts import Job

JOBS = [
    Job(key="core.seal", label=_("Seal the history"), run=seal_finished, schedule="*/15 * * * *"),
]

__all__ = [
    "JOBS",
    "MANY",
    "ChangeRow",
    "Operation",
    "Stored",
    "batch",
    "begin",
    "current_operation",
    "decode",
    "encode",
    "finish",
    "first_break",
    "journal",
    "operation",
    "seal_finished",
]
