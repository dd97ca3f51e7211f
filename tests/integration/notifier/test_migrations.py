"""A database with messages in it is brought to the newest revision."""

import asyncio

import asyncpg
from alembic import command

from shared import migrations

OLD_ROW = """
INSERT INTO messages (id, event_id, dispute_id, version, recipient, channel, template, urgency,
    facts) VALUES (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 1, 'ana', 'sms',
    'refund_sent', 'decision', '{}')
"""
SECURITY = OLD_ROW.replace("'decision'", "'security'")


async def test_a_filled_database_takes_messages_about_security(empty_database: str) -> None:
    settings = migrations.config("notifier", empty_database)
    await asyncio.to_thread(command.upgrade, settings, "0001")
    connection = await asyncpg.connect(empty_database)
    try:
        await connection.execute(OLD_ROW)
        await asyncio.to_thread(migrations.upgrade, "notifier", empty_database)
        await connection.execute(SECURITY)
        kept = await connection.fetch("SELECT urgency FROM messages ORDER BY 1")
    finally:
        await connection.close()
    assert [row["urgency"] for row in kept] == ["decision", "security"]


async def test_a_database_made_of_the_widened_first_file_is_brought_up_too(
    empty_database: str,
) -> None:
    settings = migrations.config("notifier", empty_database)
    await asyncio.to_thread(command.upgrade, settings, "0001")
    connection = await asyncpg.connect(empty_database)
    try:
        await connection.execute(
            "ALTER TABLE messages DROP CONSTRAINT messages_urgency, ADD CONSTRAINT messages_urgency"
            " CHECK (urgency IN ('security', 'decision', 'progress'))"
        )
        await connection.execute(SECURITY)
        await asyncio.to_thread(migrations.upgrade, "notifier", empty_database)
        found = await connection.fetchval("SELECT version_num FROM alembic_version")
    finally:
        await connection.close()
    assert found != "0001"
