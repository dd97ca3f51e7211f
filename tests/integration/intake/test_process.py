"""`python -m services.intake` as an operator runs it."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import aiohttp
import asyncpg
from alembic import command as alembic

from deploy.local import token
from deploy.local.files import CHECKOUT
from deploy.local.keys import Keys
from deploy.local.ports import free
from shared import migrations
from shared.auth import DEVELOPMENT_ISSUER, Role
from shared.contracts.topics import Topic
from tests.integration.intake.test_kafka import published
from tests.integration.intake.world import World, bearer, refund, until


def environment(world: World, port: int) -> dict[str, str]:
    keys = Keys(world.work)
    keys.write_missing()
    return {
        **os.environ,
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "INTAKE_DATABASE_URL": world.dsn,
        "KAFKA_BOOTSTRAP_SERVERS": world.bootstrap,
        "REDRESS_TOPIC_PREFIX": world.prefix,
        "REDRESS_WALLET": "demo",
        "REDRESS_PROFILE": "demo",
        "REDRESS_KEY_RING": str(keys.ring),
        "JWKS_FILE": str(keys.jwks),
        "TOKEN_ISSUER": DEVELOPMENT_ISSUER,
    }


def command(*arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "services.intake", *arguments],
        cwd=CHECKOUT,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@contextlib.contextmanager
def served(env: dict[str, str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A process of its own; its log goes to a file."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.intake"], cwd=CHECKOUT, env=env, stderr=out
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def test_a_process_serves_publishes_and_stops_when_told(connected: World) -> None:
    (port,) = free(1)
    env = environment(connected, port)
    log = connected.work / "intake.log"
    minted = token.mint(Keys(connected.work).issuer, Role.CUSTOMER, "ana", timedelta(minutes=10))
    with served(env, log) as process:
        async with aiohttp.ClientSession() as session:

            async def ready() -> bool:
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(f"http://127.0.0.1:{port}/health/ready") as answer:
                        return answer.status == 200
                return False

            await until(ready, 60)
            async with session.post(
                f"http://127.0.0.1:{port}/v1/disputes",
                json=refund("t-1", statement="CANARY"),
                headers=bearer(minted) | {"Idempotency-Key": "k"},
            ) as answer:
                assert answer.status == 202
                dispute_id = (await answer.json())["disputes"][0]["dispute_id"]
            (event,) = await published(connected, Topic.DISPUTES, 1)
            async with session.get(f"http://127.0.0.1:{port}/health/live") as live:
                assert await live.text() == "ok"
            process.send_signal(signal.SIGTERM)
            ended = await asyncio.to_thread(process.wait, 30)
    assert (event.subject, ended) == (dispute_id, 0)
    assert "CANARY" not in log.read_text()
    assert minted not in log.read_text()


def test_the_environment_is_checked_before_anything_starts() -> None:
    done = command(PATH=os.environ["PATH"], PORT="x")
    assert done.returncode == 1
    assert "INTAKE_DATABASE_URL: Field required" in done.stderr
    assert "PORT: Input should be a valid integer" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_profile_that_is_none_stops_it_with_one_line(world: World) -> None:
    done = command(**environment(world, 1) | {"REDRESS_PROFILE": "nowhere"})
    assert done.returncode == 1
    assert done.stderr.endswith(
        "REDRESS_PROFILE: no profile 'nowhere'; use one of: card-network, cn-nonbank, default, "
        "demo, demo-self-custody, eu-psd2, in-upi, self-custody, uk-app-scam, us-reg-e, us-reg-z, "
        "wechat-pay\n"
    )
    assert "Traceback" not in done.stderr


def test_no_wallet_and_a_wallet_that_is_none_stop_it_with_one_line(world: World) -> None:
    env = environment(world, 1)
    del env["REDRESS_WALLET"]
    missing = command(**env)
    assert (missing.returncode, missing.stderr) == (
        1,
        "The environment is not complete:\nREDRESS_WALLET: Field required\n",
    )
    done = command(**env | {"REDRESS_WALLET": "paypal"})
    assert done.returncode == 1
    assert done.stderr == (
        "REDRESS_WALLET: no wallet 'paypal'; use one of: "
        "alipay, apple-pay, demo, google-pay, tokenpocket, wechat-pay\n"
    )


def test_rules_of_another_kind_of_wallet_are_refused(world: World) -> None:
    done = command(**environment(world, 1) | {"REDRESS_PROFILE": "self-custody"})
    assert done.returncode == 1
    assert done.stderr.startswith("REDRESS_PROFILE: self-custody does not fit the wallet demo: ")
    assert done.stderr.endswith("leave it unset to use demo\n")


def test_an_operators_own_wallet_is_found_and_a_bad_one_refused(
    world: World, tmp_path: Path
) -> None:
    (tmp_path / "wallets").mkdir()
    mine = tmp_path / "wallets" / "mine.toml"
    mine.write_text('version = 1\ninherits = "demo"\nhotline = "none"\n', encoding="utf-8")
    env = environment(world, 1) | {"REDRESS_WALLET": "mine"}
    done = command(**env | {"REDRESS_PROFILES": str(tmp_path)})
    assert (done.returncode, done.stderr) == (
        1,
        "mine.toml, hotline: give the number that people call, of up to 20 digits\n",
    )
    gone = command(**env | {"REDRESS_PROFILES": str(tmp_path / "gone")})
    assert gone.stderr.startswith(f"REDRESS_PROFILES: {tmp_path / 'gone'} is no folder; name one")


def test_a_brand_and_a_hotline_that_are_nobodys_are_refused_in_front_of_people(
    world: World, tmp_path: Path
) -> None:
    (tmp_path / "wallets").mkdir()
    mine = tmp_path / "wallets" / "mine.toml"
    own = {"REDRESS_WALLET": "mine", "REDRESS_PROFILE": "cn-nonbank"}
    env = environment(world, 1) | own | {"REDRESS_PROFILES": str(tmp_path)}
    said = []
    number = 'hotline = "+86 10 1234 5678"'
    for lines in (
        "",
        number,
        'brand = { zh = "北岸", en = "Northbank" }',
        f'{number}\nbrand = {{ zh = "北岸" }}',  # in English it would sign as nobody
    ):
        mine.write_text(f'version = 1\ninherits = "alipay"\n{lines}\n', encoding="utf-8")
        done = command(**env)
        assert done.returncode == 1
        said.append(done.stderr.partition(" are made up")[0].removeprefix("REDRESS_WALLET: the "))
    assert said == [
        "hotline and brand of mine",
        "brand of mine",
        "hotline of mine",
        "brand of mine",
    ]


OLD_ROWS = """
INSERT INTO claims VALUES ('00000000-0000-4000-8000-000000000001', 'ana', 'app', 'customer', now());
INSERT INTO disputes (id, claim_id, reference, customer_id, kind, kind_group, reason,
    transaction_id, opened_at, opening, emitted_at, changed_at)
SELECT gen_random_uuid(), id, '40218853017' || n, 'ana', 'refund_request', 'purchase', 'renewal',
    NULLIF('t-' || n, 't-0'), now(), '{}', now(), now() FROM claims, generate_series(0, 2) AS n
"""


def test_what_the_first_version_stored_is_kept(empty_database: str) -> None:
    settings = migrations.config("intake", empty_database)
    alembic.upgrade(settings, "0001")
    asyncio.run(_executed(empty_database, OLD_ROWS))
    migrations.upgrade("intake", empty_database)
    query = "SELECT reference FROM disputes WHERE slot IS NULL AND holds ORDER BY 1"
    kept = asyncio.run(_fetched(empty_database, query))
    assert [row[0] for row in kept] == ["402188530170", "402188530171", "402188530172"]


async def _executed(dsn: str, sql: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(sql)
    await connection.close()


async def _fetched(dsn: str, sql: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(dsn)
    rows = await connection.fetch(sql)
    await connection.close()
    return list(rows)


async def test_migrating_twice_and_side_by_side_changes_nothing(empty_database: str) -> None:
    env = {"PATH": os.environ["PATH"], "INTAKE_DATABASE_URL": empty_database}
    results = await asyncio.gather(
        *(asyncio.to_thread(command, "migrate", **env) for _ in range(2))
    )
    again = await asyncio.to_thread(command, "migrate", **env)
    assert [done.returncode for done in (*results, again)] == [0, 0, 0], results[0].stderr
    connection = await asyncpg.connect(empty_database)
    try:
        tables = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        )
    finally:
        await connection.close()
    assert [row[0] for row in tables] == [
        "alembic_version",
        "claims",
        "dead_letters",
        "disputes",
        "idempotency",
        "inbox",
        "outbox",
        "stand_ins",
        "timeline",
        "transactions",
    ]


def test_dead_letters_are_listed(world: World) -> None:
    done = command("dead-letters", "list", **environment(world, 1))
    assert (done.returncode, done.stdout) == (0, "")
