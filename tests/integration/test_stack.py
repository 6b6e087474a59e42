"""The local stack does what it promises: closed to others, private, and gone when its owner is gone."""

import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from deploy.local import keys, postgres, servers
from deploy.local import stack as stacks
from models import errors

ROOT = Path(__file__).resolve().parent.parent.parent
HOLD = """
import sys, time
from pathlib import Path
from deploy.local import stack
with stack.running(Path(sys.argv[1]), label_studio=False, prefect=False) as up:
    print(up.postgres_url("postgres"), flush=True)
    time.sleep(600)
"""


def hold(home: Path) -> tuple["subprocess.Popen[str]", str]:
    """A process of its own that runs PostgreSQL in `home`, and the address."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, home], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def answers(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=2):
            return True
    except psycopg.OperationalError:
        return False


@pytest.mark.server
def test_servers_die_with_a_killed_owner_and_the_data_stays(tmp_path: Path) -> None:
    process, url = hold(tmp_path / "home")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE kept")
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    end = time.monotonic() + 10
    while answers(url) and time.monotonic() < end:
        time.sleep(0.1)
    assert not answers(url)
    with stacks.running(tmp_path / "home", label_studio=False, prefect=False) as up:
        assert answers(up.postgres_url("kept"))


@pytest.mark.server
def test_a_home_in_use_is_not_shared(tmp_path: Path) -> None:
    process, url = hold(tmp_path)
    try:
        with (
            pytest.raises(errors.Busy, match="stop the other demo or test run first"),
            stacks.running(tmp_path, label_studio=False, prefect=False),
        ):
            pass
        assert answers(url)
    finally:
        process.terminate()
        process.communicate()


@pytest.mark.server
def test_a_home_with_a_long_path_works(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 30)
    with stacks.running(home, label_studio=False, prefect=False) as up:
        assert answers(up.postgres_url("postgres"))


def test_a_test_has_an_empty_database_of_its_own(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


def test_postgres_lets_nobody_in_without_the_password(postgres_url: str) -> None:
    assert not answers(re.sub(r":[0-9a-f]+@", ":guess@", postgres_url))


def test_keys_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    built = keys.load(tmp_path)
    assert keys.load(tmp_path) == built
    assert stat.S_IMODE((tmp_path / "keys.json").stat().st_mode) == 0o600
    assert built.token not in repr(built)
    assert built.password not in repr(built)


def test_lost_keys_are_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "postgres-18").mkdir()
    (tmp_path / "postgres-18" / "PG_VERSION").write_text("18\n", encoding="utf-8")
    with pytest.raises(errors.SetupFailed, match=r"keys\.json is gone.*remove .* to start afresh"):
        keys.load(tmp_path)


def test_a_taken_port_is_said_in_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        with pytest.raises(errors.SetupFailed) as caught:
            servers.port(number, "Label Studio")
    assert str(caught.value) == (
        f"Label Studio needs port {number} on 127.0.0.1 and cannot have it (Address already in use); "
        "stop what listens there"
    )


def test_a_server_that_ends_while_starting_names_its_log(tmp_path: Path) -> None:
    command = servers.Command(
        name="Prefect",
        words=("sh", "-c", "echo no such table; exit 3"),
        environment={"PATH": os.environ["PATH"]},
        log=tmp_path / "prefect.log",
        folder=tmp_path,
    )
    server = servers.Server(command)
    server.start()
    with pytest.raises(errors.SetupFailed, match=r"Prefect ended while starting; .*prefect\.log"):
        server.wait(lambda: False)
    assert (tmp_path / "prefect.log").read_text(encoding="utf-8") == "no such table\n"


def test_a_users_own_settings_do_not_steer_our_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "https://elsewhere.example/api")
    monkeypatch.setenv("PGHOST", "elsewhere.example")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example")
    monkeypatch.setenv("NO_PROXY", "intranet.example")
    monkeypatch.delenv("no_proxy", raising=False)
    environment = servers.environment(PREFECT_HOME="/ours")
    assert "PREFECT_API_URL" not in environment
    assert "PGHOST" not in environment
    assert environment["PREFECT_HOME"] == "/ours"
    assert environment["NO_PROXY"] == "intranet.example,127.0.0.1,localhost"


def test_label_studio_is_closed_to_strangers(label_studio: Any) -> None:
    with httpx.Client(base_url=label_studio.url, trust_env=False, headers={"Referer": label_studio.url}) as stranger:
        stranger.get("/user/signup/").raise_for_status()
        form = {
            "email": "stranger@example.org",
            "password": "correct horse",
            "csrfmiddlewaretoken": stranger.cookies["csrftoken"],
        }
        assert stranger.post("/user/signup/", data=form).status_code == 403
        assert stranger.get("/api/projects").status_code == 401
        assert stranger.get("/health", headers={"Host": "elsewhere.example"}).status_code == 400
        answer = stranger.get("/health", headers={"Origin": "https://elsewhere.example"})
        assert "access-control-allow-origin" not in answer.headers


def test_label_studio_loads_nothing_from_elsewhere(label_studio: Any) -> None:
    page = httpx.get(f"{label_studio.url}/user/login/", trust_env=False).text
    assert [
        source for source in re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="(https?:[^"]+)"', page)
        if not source.startswith(label_studio.url)
    ] == []  # fmt: skip


def test_a_reviewer_has_an_account_and_the_second_time_the_same(label_studio: Any) -> None:
    first = label_studio.add_reviewer("ada@second-reader.example", "correct horse")
    assert label_studio.add_reviewer("ada@second-reader.example", "correct horse") == first
    assert first != label_studio.token
    headers = {"Authorization": f"Token {first}"}
    who = httpx.get(f"{label_studio.url}/api/current-user/whoami", headers=headers, trust_env=False).json()
    assert who["email"] == "ada@second-reader.example"


def test_another_password_for_a_reviewer_is_refused(label_studio: Any) -> None:
    label_studio.add_reviewer("ben@second-reader.example", "correct horse")
    with pytest.raises(errors.Refused, match=r"ben@second-reader\.example"):
        label_studio.add_reviewer("ben@second-reader.example", "battery staple")


def test_label_studio_comes_back_on_its_address_after_a_crash(own_label_studio: Any) -> None:
    token = own_label_studio.add_reviewer("cleo@second-reader.example", "correct horse")
    own_label_studio.kill()
    try:
        with pytest.raises(httpx.NetworkError):  # refused, or reset by the socket of a worker that is just dying
            httpx.get(f"{own_label_studio.url}/health", trust_env=False)
    finally:
        own_label_studio.start()
    assert own_label_studio.add_reviewer("cleo@second-reader.example", "correct horse") == token


def test_the_prefect_page_talks_to_its_own_server(prefect_api: str) -> None:
    page = prefect_api.removesuffix("/api")
    assert httpx.get(f"{page}/ui-settings", trust_env=False).json()["api_url"] == prefect_api
    assert os.environ["PREFECT_API_URL"] == prefect_api


def test_the_stack_shows_no_secret(stack: stacks.Stack) -> None:
    shown = repr(stack) + repr(stack.cluster)
    hidden = (stack.label_studio_token, stack.label_studio_password, stack.cluster.password)
    assert not any(secret in shown for secret in hidden)


@pytest.mark.server
def test_in_production_no_role_enters_anothers_database(tmp_path: Path) -> None:
    """deploy/production/compose-databases.sh, on a real server."""
    psql = shutil.which("psql", path=str(postgres.binaries()))
    assert psql is not None
    with stacks.running(tmp_path, label_studio=False, prefect=False) as up:
        tools = {"PATH": f"{Path(psql).parent}:{os.environ['PATH']}"}
        server = {"PGHOST": servers.HOST, "PGPORT": str(up.cluster.port), "PGUSER": "postgres"}
        secrets = {
            name: f"it's {name}" for name in ("LABEL_STUDIO_DB_PASSWORD", "PREFECT_DB_PASSWORD", "LEDGER_DB_PASSWORD")
        }
        subprocess.run(
            [ROOT / "deploy" / "production" / "compose-databases.sh"],
            env=tools | server | secrets | {"PGPASSWORD": up.cluster.password},
            check=True,
        )

        def enters(role: str, database: str) -> bool:
            password = secrets[f"{role.upper()}_DB_PASSWORD"]
            try:
                with psycopg.connect(
                    host=servers.HOST, port=up.cluster.port, user=role, password=password, dbname=database
                ):
                    return True
            except psycopg.OperationalError:
                return False

        names = ("label_studio", "prefect", "ledger")
        assert {(role, name) for role in names for name in names if enters(role, name)} == {
            ("label_studio", "label_studio"),
            ("prefect", "prefect"),
            ("ledger", "ledger"),
        }
