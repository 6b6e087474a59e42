"""The Label Studio server of the local stack, in an environment of its own, and accounts on it."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from deploy.local import postgres, servers
from deploy.local.template import Template
from models import errors

OVERRIDE = "SECOND_READER_LABEL_STUDIO_BIN"  # the label-studio program to use instead of the one `make` installs
DATABASE = "label_studio"
_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The first account, made with the database."""

    email: str
    password: str = field(repr=False)
    token: str = field(repr=False)


def service(
    home: Path,
    *,
    owner: Owner,
    secret_key: str,
    cluster: postgres.Cluster,
    port: int,
    keep: bool,
    log: Path,
    inherit: tuple[int, ...] = (),
) -> servers.Service:
    """Label Studio on `port` under gunicorn, its files below `home`; with `keep` it goes on with last time's projects.

    Raises SetupFailed if it is not installed.
    """
    program, package, version = _installed()
    folder = home / "label-studio"
    folder.mkdir(parents=True, exist_ok=True)
    url = f"http://{servers.HOST}:{port}"
    template = Template(cluster, DATABASE, version)

    def environment(database: str) -> dict[str, str]:
        return servers.environment(
            LABEL_STUDIO_BASE_DATA_DIR=str(folder),
            LABEL_STUDIO_HOST=url,
            SECRET_KEY=secret_key,
            DJANGO_SETTINGS_MODULE="core.settings.label_studio",
            PYTHONPATH=str(package),
            DJANGO_DB="default",
            POSTGRE_NAME=database,
            POSTGRE_USER="postgres",
            POSTGRE_PASSWORD=cluster.password,
            POSTGRE_HOST=servers.HOST,
            POSTGRE_PORT=str(cluster.port),
            # The first account, read by `init`; not on the command line, where every process could see it.
            LABEL_STUDIO_USERNAME=owner.email,
            LABEL_STUDIO_PASSWORD=owner.password,
            LABEL_STUDIO_USER_TOKEN=owner.token,
            # It calls nobody, lets nobody in uninvited, reads no files. By default it does all three.
            COLLECT_ANALYTICS="false",
            SENTRY_DSN="",
            FRONTEND_SENTRY_DSN="",
            LATEST_VERSION_CHECK="false",
            LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK="true",
            ALLOWED_HOSTS=f"{servers.HOST},localhost",
            CORS_ALLOW_ALL_ORIGINS="false",
            LOCAL_FILES_SERVING_ENABLED="false",
            LOG_LEVEL="WARNING",
        )

    def command(*words: str, database: str) -> servers.Command:
        return servers.Command(
            name="Label Studio",
            words=words,
            environment=environment(database),
            log=log,
            folder=folder,
            inherit=inherit,
        )

    filling = command(str(program), "init", "-q", "--enable-legacy-api-token", database=template.making)
    return servers.Service(
        name="Label Studio",
        fill=None if template.ready else filling,
        settle=lambda: template.settle(keep=keep),
        serve=command(
            *(str(program.with_name("python")), "-m", "gunicorn", "core.wsgi:application"),
            *("--bind", f"{servers.HOST}:{port}", "--workers", "2", "--threads", "4", "--preload"),
            *("--limit-request-line", "8190", "--timeout", "300", "--graceful-timeout", "3"),
            *(
                "--keep-alive",
                "65",
            ),  # else a client that pauses for two seconds may meet a connection that is just closing
            *("--no-control-socket", "--log-level", "warning"),
            database=DATABASE,
        ),
        url=url,
        health=f"{url}/health",
    )


def add_account(url: str, owner: Owner, email: str, password: str) -> str:
    """The API token of the account `email`, signed up by the organisation's invitation link if there is none yet.

    Raises Refused if there is one with another password, or the password is too weak (8 characters at least).
    """
    with httpx.Client(base_url=url, timeout=60.0, trust_env=False, headers={"Referer": url}) as browser:
        if not _posted(browser, "/user/login/", email, password):
            with httpx.Client(base_url=url, timeout=60.0, trust_env=False) as api:
                invitation = api.get("/api/invite", headers={"Authorization": f"Token {owner.token}"})
                invitation.raise_for_status()
            if not _posted(browser, f"/user/signup/?token={invitation.json()['token']}", email, password):
                raise errors.Refused(
                    f"Label Studio took no account {email!r}: it has another password, or this one is too weak"
                )
        answer = browser.get("/api/current-user/token")
        answer.raise_for_status()
        return str(answer.json()["token"])


def _posted(browser: httpx.Client, path: str, email: str, password: str) -> bool:
    """Fill in a page's form; whether it was taken: then it redirects, else the page comes back with 200."""
    browser.get(path).raise_for_status()
    form = {"email": email, "password": password, "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
    answer = browser.post(path, data=form)
    if not answer.is_redirect:
        answer.raise_for_status()
    return answer.is_redirect


def _installed() -> tuple[Path, Path, str]:
    """The program, the folder of its package, its version."""
    program = Path(os.environ.get(OVERRIDE) or _ROOT / ".venv-label-studio" / "bin" / "label-studio").absolute()
    installed = sorted(program.parent.parent.glob("lib/python3*/site-packages/label_studio-*.dist-info"))
    if not program.is_file() or not installed:
        raise errors.SetupFailed(f"{program}: no Label Studio there; run `make demo` or `make test`, which install it")
    version = re.sub(r"^label_studio-|\.dist-info$", "", installed[0].name)
    return program, installed[0].with_name("label_studio"), version
