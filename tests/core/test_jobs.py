"""Jobs on a real queue: written with the transaction, tried again, parked, taken over from a dead worker."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from core import accounts, database, jobs, own, plugins, worker
from core.context import Context, Denied, Missing, Refuse
from core.testing import Installation, MakeUser, anonymous_client, write_plugin
from core.worker import Pace

PLUGIN = '''
"""Jobs that do what tests want to see."""
import asyncio
from core import jobs
from core.context import Refuse
from core.database import execute, fetch_value
from core.hookspecs import hookimpl
from core.parts import Job

async def write(ctx, *, text):
    await execute("INSERT INTO yard_done (job, text, actor, source) VALUES ($1, $2, $3, $4)",
                  jobs.current_job(), text, ctx.user_id, ctx.source)

async def rest(ctx):
    """A worker that starts makes up for the run of last night: it must be able to."""

async def stumble(ctx, *, times):
    await write(ctx, text="try")
    if await fetch_value("SELECT count(*) FROM yard_done WHERE job = $1", jobs.current_job()) <= times:
        raise ValueError("first line\\nthe ladder broke")
    await write(ctx, text="done")

async def refuse(ctx):
    await write(ctx, text="try")
    raise Refuse("The box %(box)s is empty.", box="B")

async def slow(ctx, *, seconds):
    await write(ctx, text="begun")
    steps = int(seconds / 0.05)
    for step in range(steps):
        await jobs.progress(step, steps, "Moving boxes")
        await asyncio.sleep(0.05)
    await write(ctx, text="ended")

@hookimpl
def register_jobs():
    return [
        Job(key="yard.write", label="Write it down", run=write),
        Job(key="yard.stumble", label="Stumble", run=stumble, retries=3),
        Job(key="yard.refuse", label="Refuse", run=refuse),
        Job(key="yard.slow", label="Take time", run=slow),
        Job(key="yard.killer", label="Kill the worker", run=slow, retries=1),
        Job(key="yard.nightly", label="Every night", run=rest, schedule="30 3 * * *"),
    ]
'''

WORKER = """
import asyncio, logging, sys
from contextlib import suppress
from pathlib import Path
from core import jobs, own, plugins, settings, worker
logging.basicConfig(level=logging.INFO)
dsn, folder = sys.argv[1:3]
settings.install(settings.read(settings.FOLDER / "test.toml"))
plugins.install(plugins.load(["yard"], own, extra_folders=[Path(folder)], strict=True))
pace = worker.Pace(poll=0.3, heartbeat=0.3, lease=1.5, rescue=0.3, first_retry=0.1, patience=float(sys.argv[3]))
asyncio.run(worker.run_worker(dsn, pace=pace))
"""

QUICK = Pace(poll=0.2, heartbeat=0.3, lease=1.5, rescue=0.2, first_retry=0.0, patience=5)


@pytest.fixture(scope="module")
def lab_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plugins")
    write_plugin(folder, "yard", PLUGIN)
    return folder


@pytest.fixture(autouse=True)
async def lab(installation: Installation, lab_folder: Path) -> None:
    plugins.install(plugins.load(["yard"], own, extra_folders=[lab_folder], strict=True))
    await database.execute(
        """DROP TABLE IF EXISTS yard_done;
        CREATE TABLE yard_done (id BIGSERIAL, job BIGINT, text TEXT, actor BIGINT, source TEXT);
        DELETE FROM procrastinate_jobs; DELETE FROM procrastinate_workers"""
    )


Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start_worker(installation: Installation, lab_folder: Path, tmp_path: Path) -> Iterator[Start]:
    """Worker processes of their own, ended with the test."""
    started: list[subprocess.Popen[bytes]] = []
    program = tmp_path / "worker_program.py"
    program.write_text(WORKER)

    def start(patience: float = 5) -> subprocess.Popen[bytes]:
        log = (tmp_path / f"worker{len(started)}.log").open("wb")
        with log:
            process = subprocess.Popen(
                [sys.executable, str(program), installation.dsn, str(lab_folder), str(patience)],
                env={**os.environ, "PYTHONPATH": str(plugins.ROOT)},
                stdout=log,
                stderr=log,
            )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait(10)


async def work(installation: Installation) -> None:
    await worker.run_worker(installation.dsn, pace=QUICK, wait=False, signals=False)


async def done(job: int | None) -> list[str]:
    return [row["text"] for row in await database.fetch("SELECT text FROM yard_done WHERE job = $1 ORDER BY id", job)]


async def until(true: Callable[[], Awaitable[bool]], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not await true():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.1)


async def state_of(job: int | None) -> str:
    return str(await database.fetch_value("SELECT status::text FROM procrastinate_jobs WHERE id = $1", job))


# --- deferring ----------------------------------------------------------------------------------------------------


async def test_a_job_is_written_with_its_transaction(installation: Installation) -> None:
    with suppress(ZeroDivisionError):
        async with database.transaction():
            await jobs.defer("yard.write", text="lost")
            raise ZeroDivisionError
    async with database.transaction():
        number = await jobs.defer("yard.write", text="kept")
        assert await database.fetch_value("SELECT count(*) FROM procrastinate_jobs") == 1
    await work(installation)
    assert await done(number) == ["kept"]
    assert await state_of(number) == "succeeded"


async def test_an_unknown_job_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(LookupError, match=r"yard\.nothing"):
        await jobs.defer("yard.nothing")


async def test_a_job_that_waits_already_is_not_added_and_the_transaction_lives(installation: Installation) -> None:
    async with database.transaction():
        first = await jobs.defer("yard.write", text="one", once="yard.write")
        assert await jobs.defer("yard.write", text="two", once="yard.write") is None
    assert await jobs.defer("yard.write", text="three", once="yard.write") is None
    await work(installation)
    assert await done(first) == ["one"]
    assert await jobs.defer("yard.write", text="four", once="yard.write") is not None


async def test_a_job_acts_with_the_rights_of_its_user(installation: Installation, make_user: MakeUser) -> None:
    user = await make_user(role="sales")
    number = await jobs.defer("yard.write", text="mine", as_user=user.id)
    await work(installation)
    row = await database.fetch_row("SELECT actor, source FROM yard_done WHERE job = $1", number)
    assert row is not None
    assert tuple(row) == (user.id, "job")


async def test_the_job_of_a_user_who_left_is_parked(
    installation: Installation, ctx: Context, make_user: MakeUser
) -> None:
    await make_user(role="admin")  # the last one could not leave
    user = await make_user(role="sales")
    number = await jobs.defer("yard.write", text="mine", as_user=user.id)
    await accounts.set_active(ctx, user.id, False)
    await work(installation)
    assert (await jobs.get(ctx, number or 0)).error == "The user who asked for this has left."
    assert await done(number) == []


async def test_a_job_of_tomorrow_is_not_run_today(installation: Installation, ctx: Context) -> None:
    tomorrow = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    number = await jobs.defer("yard.write", text="later", run_at=tomorrow)
    await work(installation)
    assert await done(number) == []
    job = await jobs.get(ctx, number or 0)
    assert (job.state, job.scheduled_at) == ("scheduled", tomorrow)


# --- failing ------------------------------------------------------------------------------------------------------


async def test_a_failing_job_is_tried_again_until_it_works(installation: Installation) -> None:
    number = await jobs.defer("yard.stumble", times=2)
    for _again in range(4):
        await work(installation)
    assert await done(number) == ["try", "try", "try", "done"]


async def test_a_job_that_never_works_is_parked_with_its_owner_and_error(
    installation: Installation, ctx: Context
) -> None:
    number = await jobs.defer("yard.stumble", times=99)
    for _again in range(6):
        await work(installation)
    job = await jobs.get(ctx, number or 0)
    assert (job.state, job.owner, job.attempts, job.error) == ("failed", "yard", 4, "the ladder broke")
    await jobs.retry(ctx, job.id)
    assert await state_of(job.id) == "todo"
    await work(installation)
    assert len(await done(job.id)) == 5


async def test_the_pause_between_attempts_grows() -> None:
    from procrastinate.jobs import Job

    from core.worker import Retry

    def pause(attempts: int) -> float:
        job = Job(id=1, queue="q", lock=None, queueing_lock=None, task_name="t", task_kwargs={}, attempts=attempts)
        decision = Retry(9, 10).get_retry_decision(exception=ValueError(), job=job)
        assert decision is not None
        assert decision.retry_at is not None
        return (decision.retry_at - dt.datetime.now(dt.UTC)).total_seconds()

    assert [round(pause(attempts)) for attempts in range(7)] == [10, 30, 90, 270, 810, 2430, 3600]


async def test_a_refusal_is_not_repeated(installation: Installation, ctx: Context) -> None:
    number = await jobs.defer("yard.refuse")
    await work(installation)
    await work(installation)
    assert await done(number) == ["try"]
    assert (await jobs.get(ctx, number or 0)).error == "The box B is empty."


async def test_the_log_of_a_failure_tells_no_arguments(
    installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    await jobs.defer("yard.stumble", times=99)
    await jobs.defer("yard.write", text="s3cret")
    with caplog.at_level("DEBUG"):
        await work(installation)
    assert "yard.stumble of yard, failed" in caplog.text
    assert "s3cret" not in caplog.text


# --- looking after the queue --------------------------------------------------------------------------------------


async def test_the_queue_is_closed_to_others_but_a_job_is_open_to_whoever_started_it(
    ctx: Context, make_user: MakeUser
) -> None:
    starter, other = [await (await make_user(role="sales")).context() for _number in range(2)]
    assert starter is not None
    assert other is not None
    number = await jobs.defer("yard.write", text="mine", as_user=starter.user_id) or 0
    assert (await jobs.get(starter, number)).state == "waiting"
    with pytest.raises(Missing):
        await jobs.get(other, number)
    with pytest.raises(Denied):
        await jobs.overview(other)
    for act in (jobs.cancel, jobs.retry):
        with pytest.raises(Denied):
            await act(starter, number)
    await jobs.cancel(ctx, number)
    assert await state_of(number) == "cancelled"
    with pytest.raises(Refuse, match="already ended"):
        await jobs.cancel(ctx, number)


async def test_schedules_are_listed_with_their_next_time(ctx: Context) -> None:
    nightly = next(entry for entry in (await jobs.overview(ctx)).schedules if entry.key == "yard.nightly")
    assert (nightly.owner, nightly.next_at.hour, nightly.next_at.minute) == ("yard", 3, 30)


async def test_old_finished_jobs_are_forgotten(installation: Installation, ctx: Context) -> None:
    old, young = [await jobs.defer("yard.write", text="x") for _number in range(2)]
    await work(installation)
    await database.execute("UPDATE procrastinate_events SET at = at - interval '2 days' WHERE job_id = $1", old)
    await next(job for job in jobs.JOBS if job.key == "core.jobs.clean").run(ctx)
    assert await database.fetch_value("SELECT array_agg(id) FROM procrastinate_jobs") == [young]


async def test_a_command_gets_the_progress_that_a_job_would_show() -> None:
    told: list[tuple[int, int, str]] = []
    with jobs.progress_to(lambda *now: told.append(now)):
        for number in range(1000):
            await jobs.progress(number, 1000)
        await jobs.progress(1000, 1000, "Ready")
    assert told == [(0, 1000, ""), (1000, 1000, "Ready")]


# --- workers that come and go -------------------------------------------------------------------------------------


async def test_the_job_of_a_killed_worker_is_finished_by_another(start_worker: Start, ctx: Context) -> None:
    number = await jobs.defer("yard.slow", seconds=1.5) or 0
    first = start_worker()

    async def begun() -> bool:
        return (await jobs.get(ctx, number)).done > 5

    await until(begun)
    job = await jobs.get(ctx, number)
    assert (job.state, job.total, job.note) == ("running", 30, "Moving boxes")
    first.send_signal(signal.SIGKILL)
    start_worker()

    async def ended() -> bool:
        return await state_of(number) == "succeeded"

    await until(ended)
    assert await done(number) == ["begun", "begun", "ended"]


async def test_a_job_that_kills_its_workers_is_parked(start_worker: Start, ctx: Context) -> None:
    number = await jobs.defer("yard.killer", seconds=60) or 0
    for attempt in range(2):
        worker = start_worker()

        async def begun(times: int = attempt + 1) -> bool:
            return len(await done(number)) == times

        await until(begun)
        worker.send_signal(signal.SIGKILL)
    start_worker()

    async def parked() -> bool:
        return await state_of(number) == "failed"

    await until(parked)
    assert (await jobs.get(ctx, number)).error == "The worker stopped in the middle of the job."


async def test_a_worker_that_is_asked_to_stop_finishes_what_it_began(start_worker: Start) -> None:
    number = await jobs.defer("yard.slow", seconds=1.5) or 0
    worker = start_worker()

    async def begun() -> bool:
        return await state_of(number) == "doing"

    await until(begun)
    worker.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(worker.wait, 10) == 0
    assert await done(number) == ["begun", "ended"]
    assert await database.fetch_value("SELECT count(*) FROM procrastinate_workers") == 0


async def test_a_job_too_long_to_wait_for_is_given_back(start_worker: Start) -> None:
    number = await jobs.defer("yard.slow", seconds=60) or 0
    worker = start_worker(patience=0.5)

    async def begun() -> bool:
        return len(await done(number)) == 1

    await until(begun)
    worker.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(worker.wait, 10) == 0
    assert await state_of(number) == "todo"


async def test_a_running_job_is_cancelled_on_request(start_worker: Start, ctx: Context) -> None:
    number = await jobs.defer("yard.slow", seconds=60) or 0
    start_worker()

    async def begun() -> bool:
        return len(await done(number)) == 1

    await until(begun)
    await jobs.cancel(ctx, number)

    async def stopped() -> bool:
        return (await jobs.get(ctx, number)).state == "cancelled"

    await until(stopped)
    assert await done(number) == ["begun"]


async def test_two_workers_do_each_job_once(start_worker: Start) -> None:
    start_worker()
    start_worker()
    async with database.transaction():
        numbers = [await jobs.defer("yard.write", text="x") for _number in range(200)]

    async def empty() -> bool:
        return await database.fetch_value("SELECT count(*) FROM procrastinate_jobs WHERE status <> 'succeeded'") == 0

    await until(empty)
    written = await database.fetch("SELECT job FROM yard_done ORDER BY job")
    assert [row["job"] for row in written] == sorted(number for number in numbers if number)


async def test_a_worker_outlives_the_loss_of_its_connections(start_worker: Start) -> None:
    worker = start_worker()
    first = await jobs.defer("yard.write", text="before")

    async def done_of(number: int | None) -> bool:
        return await state_of(number) == "succeeded"

    await until(lambda: done_of(first))
    await database.execute(
        """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()"""
    )
    second = await jobs.defer("yard.write", text="after")
    await until(lambda: done_of(second))
    assert worker.poll() is None


# --- pages ---------------------------------------------------------------------------------------------------------


@pytest.fixture
async def keeper(installation: Installation, make_user: MakeUser, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An administrator's browser on the application with the plugin of these tests."""
    from core import app

    built = plugins.registry()
    monkeypatch.setattr(app, "assemble", lambda _chosen: built)
    user = await make_user(role="admin", name="Anna Keeper", language="ru")
    session = await accounts.start_session(user.id)
    async with anonymous_client(app.create_app()) as client:
        client.cookies.set(accounts.cookie_name(), session.token)
        client.headers["X-CSRF-Token"] = session.csrf
        yield client


async def test_the_page_shows_what_runs_waits_and_failed(
    installation: Installation, keeper: httpx.AsyncClient, ctx: Context
) -> None:
    tomorrow = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    failed = await jobs.defer("yard.refuse")
    await work(installation)
    await jobs.defer("yard.write", text="x")
    await jobs.defer("yard.slow", seconds=1, run_at=tomorrow)
    page = await keeper.get("/settings/jobs")
    assert page.status_code == 200
    for text in (
        "Refuse",
        "The box B is empty.",
        "Write it down",
        "Take time",
        "Every night",
        "30 3 * * *",
        "Повторить",
    ):
        assert text in page.text
    assert "<!doctype html>" in page.text
    part = await keeper.get("/settings/jobs", headers={"HX-Request": "true", "HX-Request-Type": "partial"})
    assert part.text.strip().startswith('<div id="queue"')
    again = await keeper.post(f"/settings/jobs/{failed}/retry", data={"back": "list"})
    assert (again.status_code, again.headers["Location"]) == (303, "/settings/jobs")
    assert await state_of(failed) == "todo"


async def test_the_page_of_a_job_follows_it_to_its_end(
    start_worker: Start, keeper: httpx.AsyncClient, ctx: Context
) -> None:
    number = await jobs.defer("yard.slow", seconds=1.5) or 0
    assert 'hx-trigger="every' in (await keeper.get(f"/settings/jobs/{number}")).text
    start_worker()

    async def moved() -> bool:
        page = (await keeper.get(f"/settings/jobs/{number}")).text
        return "Moving boxes" in page and "/ 30" in page

    await until(moved)

    async def ended() -> bool:
        page = (await keeper.get(f"/settings/jobs/{number}")).text
        return 'hx-trigger="every' not in page and "Готово" in page

    await until(ended)
    assert (await keeper.get("/settings/jobs/999999999")).status_code == 404


async def test_a_job_is_cancelled_from_its_page(keeper: httpx.AsyncClient) -> None:
    number = await jobs.defer("yard.write", text="x")
    answer = await keeper.post(f"/settings/jobs/{number}/cancel")
    assert answer.headers["Location"] == f"/settings/jobs/{number}"
    assert "Отменено" in (await keeper.get(f"/settings/jobs/{number}")).text
