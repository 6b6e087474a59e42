"""What can be checked of the production stack without a container engine."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from flows.runtime import settings
from review.report import changes

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "deploy" / "production"
COMPOSE = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
CONTAINERFILE = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
EXAMPLE = (DEPLOY / "env.example").read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE)["services"]


def code(text: str) -> str:
    """Without comments."""
    return re.sub(r"(^|\s)#.*", r"\1", text, flags=re.MULTILINE)


def test_the_production_stack_is_these_four() -> None:
    assert sorted(SERVICES) == ["flows", "label-studio", "postgres", "prefect"]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_service_comes_back_by_itself_and_says_whether_it_is_well(name: str) -> None:
    assert SERVICES[name]["restart"] == "unless-stopped"
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_image_has_a_version(name: str) -> None:
    assert re.fullmatch(r"[a-z-]+:\d[\w.-]*", SERVICES[name]["image"])


def test_every_base_image_has_a_version() -> None:
    bases = re.findall(r"^FROM (\S+)", CONTAINERFILE, re.MULTILINE)
    stages = re.findall(r"^FROM \S+ AS (\S+)", CONTAINERFILE, re.MULTILINE)
    assert [base for base in bases if base not in stages] == ["python:3.11-slim-trixie"]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_no_port_is_open_to_other_machines(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_waits_until_what_it_needs_is_well(name: str) -> None:
    needs = SERVICES[name].get("depends_on", {})
    assert set(needs) <= set(SERVICES)
    assert all(need == {"condition": "service_healthy"} for need in needs.values())


def test_every_setting_of_ours_is_one_that_is_read() -> None:
    known = {settings.PREFIX + field.upper() for field in settings.Settings.model_fields}
    assert {key for key in SERVICES["flows"]["environment"] if key.startswith(settings.PREFIX)} == known


def test_the_example_lists_every_variable_and_no_other() -> None:
    used = set(re.findall(r"\$\{(\w+)", code(COMPOSE)))
    listed = re.findall(r"^(\w+)=", EXAMPLE, re.MULTILINE)
    assert sorted(used) == sorted(listed)


def test_a_variable_without_a_value_stops_the_start_with_one_line() -> None:
    empty = set(re.findall(r"^(\w+)=$", EXAMPLE, re.MULTILINE))
    assert empty  # without a webhook there is no secret for one
    assert empty - {"WEBHOOK_SECRET"} <= set(re.findall(r"\$\{(\w+):\?set it in deploy/production/\.env\}", COMPOSE))


def test_no_secret_is_written_down() -> None:
    secret = re.compile(r"PASSWORD|TOKEN|SECRET|AUTH")
    for service in SERVICES.values():
        for key, value in service["environment"].items():
            if secret.search(key):
                assert re.fullmatch(r"\$\{\w+(:\?[^}]*)?\}", value), key
    for key, value in re.findall(r"^(\w+)=(.*)$", EXAMPLE, re.MULTILINE):
        assert not (secret.search(key) and value), key


def test_passwords_in_addresses_come_from_the_variables() -> None:
    assert re.findall(r"://\w+:([^@\s]+)@", COMPOSE) == ["${PREFECT_DB_PASSWORD}", "${LEDGER_DB_PASSWORD}"]


def test_every_file_that_is_mounted_exists() -> None:
    mounts = [mount.partition(":")[0] for service in SERVICES.values() for mount in service.get("volumes", [])]
    files = [mount for mount in mounts if mount.startswith("./")]
    assert files == ["./compose-databases.sh"]
    assert all((DEPLOY / file).is_file() for file in files)


def test_every_volume_is_declared() -> None:
    mounts = [mount.partition(":")[0] for service in SERVICES.values() for mount in service.get("volumes", [])]
    named = {mount for mount in mounts if re.fullmatch(r"[a-z-]+", mount)}
    assert named == set(yaml.safe_load(COMPOSE)["volumes"])


def test_every_image_of_ours_is_a_stage_of_the_container_file_without_root() -> None:
    stages = dict(re.findall(r"^FROM \S+ AS (\S+)\n(.*?)(?=^FROM|\Z)", CONTAINERFILE, re.MULTILINE | re.DOTALL))
    targets = {service["build"]["target"] for service in SERVICES.values() if "build" in service}
    assert targets == {"flows", "label-studio"}
    for target in targets:
        assert re.findall(r"^USER (\S+)", stages[target], re.MULTILINE) == ["reader"]


def test_every_file_that_is_copied_into_an_image_exists_and_is_let_through() -> None:
    ignore = (DEPLOY / "Containerfile.dockerignore").read_text(encoding="utf-8")
    allowed = re.findall(r"^!(\S+)", ignore, re.MULTILINE)
    for words in re.findall(r"^COPY (?!--from)(.+)", CONTAINERFILE, re.MULTILINE):
        for source in [word for word in words.split() if not word.startswith("--")][:-1]:
            assert (ROOT / source).exists(), source
            assert source.split("/")[0] in allowed, source


def test_packages_are_installed_by_hash_only() -> None:
    joined = CONTAINERFILE.replace("\\\n", " ")
    installs = re.findall(r"(?:uv pip|bin/pip) (?:install|sync) [^&\n]+", joined)
    assert len(installs) == 5
    assert [line for line in installs if "--require-hashes" not in line] == [
        "uv pip install --no-deps --python /opt/venv/bin/python dist/*.whl"
    ]


@pytest.mark.parametrize(
    "script", ["production/compose-databases.sh", "production/compose-label-studio.sh", "setup.sh"]
)
def test_every_script_is_executable_and_reads_as_shell(script: str) -> None:
    file = ROOT / "deploy" / script
    assert file.stat().st_mode & 0o111 == 0o111
    subprocess.run(["sh", "-n", file], check=True)


def test_the_automation_tells_people_of_every_kind_of_news() -> None:
    (automation,) = yaml.safe_load((DEPLOY / "automations.yaml").read_text(encoding="utf-8"))["automations"]
    assert sorted(automation["trigger"]["expect"]) == sorted(f"second-reader.{one}" for one in get_args(changes.News))


def test_docker_compose_accepts_the_file() -> None:
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True).returncode != 0:
        pytest.skip("no docker compose on this machine")
    filled = {key: value or "x" for key, value in re.findall(r"^(\w+)=(.*)$", EXAMPLE, re.MULTILINE)}
    done = subprocess.run(
        [docker, "compose", "--file", DEPLOY / "compose.yaml", "config", "--quiet"],
        env=filled | {"PATH": "/usr/local/bin:/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
