"""Measure the product as `smalta serve` runs it: whole pages, signed in, two web processes, beside two baselines in one run.

    python -m benchmarks.speed --clients 100000 --out results/speed-100k.json

Starts a PostgreSQL of its own (or uses SMALTA_BENCH_DATABASE_URL, a server where databases may be created), fills a new
installation with the generated company, serves it, and loads it at 1 and 16 connections. CPU per answer is what compares
on a noisy machine: application and database apart. Baselines: the same SQL by hand on one connection, and the list's HTML
prerendered in a bare Litestar.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from benchmarks import baselines, generate, loadgen

ROOT = Path(__file__).resolve().parent.parent
EMAIL, PASSWORD = "bench@example.com", "a password for benchmarks only"
PORT = 8765
FRAGMENTS = ["иванов", "кузнец", "смирнов", "вектор", "логист", "smith", "trading", "ivanova", "сервис", "петровна"]
OPS = ("list", "deep", "name", "phone", "email", "card", "create", "board")


def main() -> None:
    """Run it all and write the results."""
    chosen = _arguments()
    os.environ["SMALTA_PLUGINS"] = "funnel,exchange"
    with tempfile.TemporaryDirectory(prefix="smalta-bench-") as folder:
        results = asyncio.run(_run(chosen, Path(folder)))
    text = json.dumps(results, ensure_ascii=False, indent=1)
    if chosen.out:
        Path(chosen.out).parent.mkdir(parents=True, exist_ok=True)
        Path(chosen.out).write_text(text, encoding="utf-8")
    print(table(results))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--clients", type=int, default=100_000)
    parser.add_argument("--deals", type=int, default=20_000)
    parser.add_argument("--activities", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--levels", default="1,16")
    parser.add_argument("--ops", default=",".join(OPS))
    parser.add_argument("--out", default="")
    return parser.parse_args()


async def _run(chosen: argparse.Namespace, folder: Path) -> dict[str, Any]:
    env = {**os.environ, "SMALTA_DATA": str(folder), "SMALTA_PORT": str(PORT), "SMALTA_ADMIN_PASSWORD": PASSWORD}
    env["SMALTA_BASE_URL"] = f"http://127.0.0.1:{PORT}"
    server = os.environ.get("SMALTA_BENCH_DATABASE_URL")
    if server:
        env["SMALTA_DATABASE_URL"] = await baselines.new_database(server)
    _smalta(env, "init", "--admin-email", EMAIL)
    took = time.perf_counter()
    _child(env, "benchmarks.filling", str(chosen.clients), str(chosen.deals), str(chosen.activities))
    took = time.perf_counter() - took
    started = time.perf_counter()
    serving = subprocess.Popen([sys.executable, "-m", "core", "serve"], env=env, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        first = _first_answer(started)
        facts = json.loads(_child(env, "benchmarks.filling", "facts"))
        pids = _pids(serving.pid, facts)
        results = {
            "clients": chosen.clients,
            "commit": _commit(),
            "machine": f"{os.cpu_count()} cores",
            "fill_seconds": round(took, 1),
            "first_answer_seconds": round(first, 2),
            "statements": json.loads(_child(env, "benchmarks.filling", "statements")),
        }
        levels = [int(level) for level in chosen.levels.split(",")]
        scenario = _scenario(chosen.clients, facts)
        wanted = chosen.ops.split(",")
        base = f"http://127.0.0.1:{PORT}"
        results["load"] = await loadgen.run(base, scenario, wanted, levels, chosen.seconds, 1.0, pids, 1)
        results["by_hand"] = await baselines.by_hand(facts, chosen.clients, chosen.seconds, pids["db"])
        results["prerendered"] = await baselines.prerendered(base, EMAIL, PASSWORD, chosen.seconds)
        return results
    finally:
        serving.send_signal(signal.SIGTERM)
        serving.wait(40)
        if server:
            await baselines.drop_database(env["SMALTA_DATABASE_URL"])


def _smalta(env: dict[str, str], *words: str) -> None:
    subprocess.run([sys.executable, "-m", "core", *words], env=env, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def _child(env: dict[str, str], module: str, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", module, *words], env=env, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


def _first_answer(started: float) -> float:
    """Seconds from the start of `smalta serve` to the first answer."""
    while time.perf_counter() - started < 60:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/login", timeout=5) as answer:
                if answer.status == 200:
                    return time.perf_counter() - started
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.02)
    raise SystemExit("the product did not answer within a minute")


def _pids(parent: int, facts: dict[str, Any]) -> dict[str, list[int]]:
    """The web processes, the worker and the database server, by their process ids."""
    children = sorted(pid for pid in loadgen.family([parent]) if pid != parent)
    names = {pid: Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip() for pid in children}
    own = [pid for pid in children if not names[pid].startswith("postgres")]
    return {"app": own[:2], "worker": own[2:], "db": [int(facts["postmaster"])]}


def _scenario(clients: int, facts: dict[str, Any]) -> dict[str, Any]:
    picked = random.Random(5)
    sample = [row for row in generate.clients(min(clients, 20_000), 7) if picked.random() < 0.01]
    phones = [str(row[9]) for row in sample]
    emails = [str(row[11]) for row in sample]
    new = {
        "_csrf": "{csrf}",
        "type": "person",
        "last_name": "Новиков",
        "first_name": "Пётр {n}",
        "inn": "",
        "city": "Томск",
    }
    new |= {"lines.contacts.0.kind": "phone", "lines.contacts.0.value": "+79{p}", "name": ""}
    login = {"_csrf": "{form}", "email": EMAIL, "password": PASSWORD}
    return {
        "name": "smalta",
        "headers": {"Accept": "text/html", "Accept-Encoding": "identity"},
        "vars": {
            "id": {"range": [1, clients]},
            "q": {"choice": FRAGMENTS},
            "phone": {"choice": phones},
            "email": {"choice": emails},
            "n": {"seq": 1},
            "p": {"range": [100000000, 999999999]},
        },
        "login": [
            {"path": "/login", "capture": {"form": 'name="_csrf" value="([^"]+)"'}},
            {"method": "POST", "path": "/login", "form": login, "contains": 'class="shell'},
            {"path": "/clients/new", "capture": {"csrf": 'name="_csrf" value="([^"]+)"'}},
        ],
        "ops": {
            "list": [{"path": "/clients", "contains": "</html>"}],
            "deep": [{"path": f"/clients?after={facts['middle']}", "contains": "</html>"}],
            "name": [{"path": "/clients?q={q}", "contains": "</html>"}],
            "phone": [{"path": "/clients?q=%2B{phone}".replace("%2B", ""), "contains": "rowlink"}],
            "email": [{"path": "/clients?q={email}", "contains": "rowlink"}],
            "card": [{"path": "/clients/{id}", "contains": "</html>"}],
            "create": [{"method": "POST", "path": "/clients/new", "form": new, "expect": 303, "redirects": False}],
            "board": [{"path": "/funnel/board", "contains": "</html>"}],
        },
    }


def _commit() -> str:
    found = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return found.stdout.strip()


ODOO = {"list": 37.5, "deep": 104, "name": 281, "phone": 15.8, "email": 96, "card": 61, "create": 26.8, "board": 68}
PRERENDERED = 0.08
"""CPU ms of the prerendered page where the peers were measured: how fast that machine was."""
GOAL = {"list": 3.7, "deep": 10, "name": 28, "phone": 1.6, "email": 9.6, "card": 6.1, "create": 2.7, "board": 6.8}


def table(results: dict[str, Any]) -> str:
    """The results as a table in Markdown."""
    lines = [
        f"{results['clients']:,} clients · commit {results['commit']} · first answer {results['first_answer_seconds']} s",
        "",
        "| operation | app + db CPU ms | app | db | goal | times less than Odoo 19 | by the prerendered page | p50 / p95 ms (1) | p50 / p95 ms (16) | req/s (16) | statements | SQL by hand, ms |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    prerendered = results["prerendered"]["cpu_ms"] or PRERENDERED
    for name, levels in results["load"]["ops"].items():
        one, many = levels.get("c1", {}), levels.get("c16", levels.get("c1", {}))
        whole = one["app_cpu_ms"] + one["db_cpu_ms"]
        lines.append(
            f"| {name} | **{whole:.2f}** | {one['app_cpu_ms']:.2f} | {one['db_cpu_ms']:.2f} | {GOAL[name]} "
            f"| {ODOO[name] / max(whole, 0.01):.1f} | {ODOO[name] / PRERENDERED / (whole / prerendered):.1f} | {one['p50_ms']:.1f} / {one['p95_ms']:.1f} "
            f"| {many['p50_ms']:.1f} / {many['p95_ms']:.1f} | {many['rps']:.0f} | {results['statements'].get(name, '')} "
            f"| {results['by_hand'].get(name, '')} |"
        )
    memory = results["load"]["memory"]
    lines += [
        "",
        f"Memory (PSS): two web processes {memory['app']['pss_mb']} MB, worker {memory['worker']['pss_mb']} MB, PostgreSQL {memory['db']['pss_mb']} MB. Prerendered list in a bare Litestar: {results['prerendered']['cpu_ms']} ms CPU an answer.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
