import pytest
from core import records
from core.history import operation

async def test_it(ctx, make_client, make_user):
    id = await make_client(type="person", name=None, last_name="Иванов", first_name="Пётр", lines={"contacts":[{"kind":"phone","value":"8 (916) 204-18-55"},{"kind":"email","value":"A@B.ru"}]})
    row = await records.get(ctx, "core.clients", id)
    print(row)
    page = await records.select(ctx, "core.clients")
    print(page)
    co = await make_client(name="ООО Ромашка", inn="7707083893", lines={"people":[{"person":id,"job":"Директор"}]})
    print((await records.get(ctx,"core.clients",co))["lines"])
