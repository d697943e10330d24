"""What the tables declare in Python is what the migrations made in the database."""

from __future__ import annotations

from piccolo.columns import Array, ForeignKey
from piccolo.table import TABLE_REGISTRY

from core import database
from core.testing import Installation


async def test_every_declared_column_is_in_the_database_and_the_other_way_round(installation: Installation) -> None:
    rows = await database.fetch(
        "SELECT table_name, column_name, is_nullable FROM information_schema.columns WHERE table_schema = 'public'"
    )
    stored: dict[str, dict[str, bool]] = {}
    for row in rows:
        stored.setdefault(row["table_name"], {})[row["column_name"]] = row["is_nullable"] == "YES"
    wrong = []
    for table in TABLE_REGISTRY:
        name = table._meta.tablename
        if not table.__module__.startswith(("core.", "plugins.")) or name not in stored:
            continue
        declared = {column._meta.name for column in table._meta.columns}
        wrong += [f"{name}.{column} is not in the database" for column in declared - set(stored[name])]
        wrong += [f"{name}.{column} is not declared" for column in set(stored[name]) - declared]
        for column in table._meta.columns:
            may_be_null = stored[name].get(column._meta.name)
            plain = not isinstance(column, ForeignKey | Array) and not column._meta.primary_key
            if plain and may_be_null is not None and may_be_null != column._meta.null:
                wrong.append(f"{name}.{column._meta.name}: NULL is {may_be_null} there, {column._meta.null} here")
    assert not wrong, "\n".join(sorted(wrong))


async def test_every_foreign_key_says_what_happens_on_delete_and_has_an_index(installation: Installation) -> None:
    wrong = await database.fetch(
        """SELECT c.conrelid::regclass AS "table", a.attname AS "column", c.confdeltype FROM pg_constraint c
        JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
        WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace AND NOT c.conrelid::regclass::text LIKE 'procrastinate%'
        AND (c.confdeltype = 'a' OR NOT EXISTS (
            SELECT 1 FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1]))"""
    )
    assert not [f"{row['table']}.{row['column']}" for row in wrong]


async def test_plugins_refer_to_core_without_holding_it_back(installation: Installation) -> None:
    """A foreign key of a plugin to a table of core is CASCADE or SET NULL."""
    rows = await database.fetch(
        """SELECT c.conrelid::regclass::text AS "from", c.confrelid::regclass::text AS "to", c.confdeltype FROM pg_constraint c
        WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace"""
    )
    wrong = [
        f"{row['from']} → {row['to']}"
        for row in rows
        if row["to"].startswith("core_")
        and not row["from"].startswith(("core_", "procrastinate_"))
        and row["confdeltype"] not in (b"c", b"n", "c", "n")
    ]
    assert not wrong


async def test_every_filter_of_a_list_has_an_index(installation: Installation) -> None:
    from core import records
    from core.records import LineListField

    indexed = await database.fetch(
        """SELECT t.relname AS "table", a.attname AS "column" FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY(i.indkey)"""
    )
    known = {(row["table"], row["column"]) for row in indexed}
    missing = [
        f"{view.name}.{name}"
        for view in records.views()
        if not view.ownerless
        for name in view.filters
        if not isinstance(view.fields[name], LineListField) and (view.name, name) not in known
    ]
    assert not missing
