#!/usr/bin/env bash
# Label Studio 1.23.2: what a person types into a <Number> is not what is stored. At each key the control reads what stands there and
# writes it back, so a zero after the point, or a point that nothing follows yet, is gone before the next digit comes: 558.06 is kept as
# 5586. A value that is put in at once, as by a test's fill() or by a prediction, is kept as it is, so only people meet it. Who reviews
# amounts takes a <TextArea> for them.
#
# Needs Chromium; CHROMIUM names it where it is not called chromium.
set -euo pipefail
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; sleep 1; rm -rf "$folder"' EXIT
chromium=$(command -v "${CHROMIUM:-chromium}") || { echo "needs Chromium; name it with CHROMIUM" >&2; exit 2; }
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet label-studio==1.23.2 playwright==1.65.2
port=$("$folder/env/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export LABEL_STUDIO_BASE_DATA_DIR="$folder/data" COLLECT_ANALYTICS=false LATEST_VERSION_CHECK=false SENTRY_DSN= FRONTEND_SENTRY_DSN=
"$folder/env/bin/label-studio" init -q --username ann@example.org --password a-Pass-word-9 \
    --user-token 0123456789abcdef0123456789abcdef01234567 --enable-legacy-api-token >"$folder/log" 2>&1
"$folder/env/bin/label-studio" start --no-browser --internal-host 127.0.0.1 --port "$port" >>"$folder/log" 2>&1 &
server=$!
cat >"$folder/seen.py" <<'PYTHON'
import json
import sys
import time
import urllib.request
from importlib.metadata import version

from playwright.sync_api import sync_playwright

URL, CHROMIUM = sys.argv[1:]
FORM = '<View><Text name="text" value="$text"/><Number name="amount" toName="text"/></View>'


def ask(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": "Token 0123456789abcdef0123456789abcdef01234567", "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(URL + path, data, headers), timeout=60) as answer:
        return json.load(answer)


def kept(page, project, how):
    """What is stored of an amount that somebody puts into a new task."""
    task = ask(f"/api/projects/{project}/import?return_task_ids=true", [{"text": "558.06"}])["task_ids"][0]
    page.goto(f"{URL}/projects/{project}/data?task={task}")
    page.get_by_test_id("bottombar-submit-button").wait_for()
    page.wait_for_load_state("networkidle")
    how(page.locator("input[type=number]"))
    page.get_by_test_id("bottombar-submit-button").click()
    page.get_by_test_id("bottombar-update-button").wait_for()
    (item,) = ask(f"/api/tasks/{task}")["annotations"][0]["result"]
    return item["value"]["number"]


for _ in range(240):
    try:
        urllib.request.urlopen(URL + "/health", timeout=5)
        break
    except OSError:
        time.sleep(0.5)
with sync_playwright() as playwright:
    page = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"]).new_page()
    page.goto(f"{URL}/user/login/")
    page.fill("input[name=email]", "ann@example.org")
    page.fill("input[name=password]", "a-Pass-word-9")
    page.click("button[type=submit]")
    page.wait_for_url(lambda address: "/user/login" not in address)
    project = ask("/api/projects", {"title": "Amounts", "label_config": FORM})["id"]
    typed = kept(page, project, lambda box: box.press_sequentially("558.06", delay=60))
    filled = kept(page, project, lambda box: box.fill("558.06"))
print(f"label-studio {version('label-studio')}: 558.06 typed is kept as {typed}, put in at once as {filled}")
assert (typed, filled) == (5586, 558.06), (typed, filled)
PYTHON
"$folder/env/bin/python" "$folder/seen.py" "http://127.0.0.1:$port" "$chromium"
