"""Contacts that were entered before there were keys are found once their keys were made."""

import asyncio

from leads.duplicates.match_keys import REVISION
from leads.duplicates.renewing_keys import renew_keys, renew_some

OLD = {"name": "Phạm Minh", "email": "minh@donga.example", "phone": "0912 345 678", "company": "CTCP Đông Á"}
FORGET = """
    UPDATE contact SET mail_key = NULL, phone_key = NULL, tax_code_key = NULL, person_key = NULL, company_key = NULL,
                       keys_revision = 0, state = state - 'phone_e164'
"""


async def test_keys_are_made_in_the_background_without_a_new_version(world, done):
    lead = done(await world.importer.post("/v1/leads", {"prospect": OLD}))
    contact = done(await world.importer.get(f"/v1/contacts/{lead['contact']}"))
    async with world.connect() as connection:
        await connection.execute(FORGET)
    asked = {"phone": "+84 912 345 678"}
    assert done(await world.importer.post("/v1/leads:check-duplicates", asked))["duplicates"] == []
    assert await renew_some(world.resources) == 1
    assert await renew_some(world.resources) == 0
    [found] = done(await world.importer.post("/v1/leads:check-duplicates", asked))["duplicates"]
    assert (found["lead"], found["strength"]) == (lead["id"], "certain")
    assert done(await world.importer.get(f"/v1/contacts/{lead['contact']}"))["version"] == contact["version"]
    async with world.connect() as connection:
        assert await connection.fetchval("SELECT min(keys_revision) FROM contact") == REVISION


async def test_the_loop_goes_on_until_told_to_stop(world, done):
    done(await world.importer.post("/v1/leads", {"prospect": OLD}))
    async with world.connect() as connection:
        await connection.execute(FORGET)
        stop = asyncio.Event()
        task = asyncio.create_task(renew_keys(world.resources, stop))
        while await connection.fetchval("SELECT min(keys_revision) FROM contact") != REVISION:
            await asyncio.sleep(0.05)
        stop.set()
        await task
