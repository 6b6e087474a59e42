#!/bin/sh
# Label Studio in its container: migrations and the first account (both do nothing if done), then the server.
set -eu

label-studio init -q --enable-legacy-api-token
package=$(python -c 'import importlib.util as u; print(u.find_spec("label_studio").submodule_search_locations[0])')
export PYTHONPATH="$package" DJANGO_SETTINGS_MODULE=core.settings.label_studio
exec python -m gunicorn core.wsgi:application --bind "${BIND:-0.0.0.0:8080}" --workers 2 --threads 4 --preload \
    --limit-request-line 8190 --timeout 300 --worker-tmp-dir /tmp --no-control-socket --log-level warning
