"""History: operations and the changes they made."""

from core.history.operations import (
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

__all__ = [
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
