from core import records, clients
async def test_card(ctx, make_client, http):
    p = await make_client(type="person", name=None, last_name="Иванов", first_name="Пётр", lines={"contacts":[{"kind":"phone","value":"8 (916) 204-18-55"},{"kind":"email","value":"A@B.ru"}]})
    co = await make_client(name="ООО Ромашка", inn="7707083893", lines={"people":[{"person":p,"job":"Директор"}]})
    await clients.add_entry(ctx, p, "call", direction="in", minutes=5, body="привет", outcome="решили")
    await records.update(ctx,"core.clients",p,{"city":"Казань"})
    for id in (p,co):
        r = await http.get(f"/clients/{id}"); print(r.status_code); __import__("pathlib").Path(f"/tmp/card{id}.html").write_text(r.text)
        ok=r.status_code==200; print("" if ok else r.text[-300:])
    r = await http.get(f"/api/v1/clients/{p}/timeline"); print(r.text); assert r.status_code==200
    for u in (f"/clients/{p}/timeline?show=call", f"/clients/{p}/entries/1/edit", f"/clients/{p}/lines/contacts", f"/clients/{co}/lines/people","/clients/duplicates?inn=7707083893","/clients/new","/","/clients"):
        r = await http.get(u, headers={"HX-Request":"true","HX-Request-Type":"partial"}); print(u,r.status_code, len(r.text)); ok=r.status_code==200; print("" if ok else r.text[-300:])
