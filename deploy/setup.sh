#!/bin/sh
# Makes the Python environments, from hashed locks: .venv for us, .venv-label-studio for Label Studio.
#
#     deploy/setup.sh [label-studio]
#
# With SECOND_READER_PREFECT=newest it makes .venv-prefect-newest instead of .venv: the same packages, and over them those
# of deploy/prefect-newest.lock, the newest Prefect that we accept and what it needs.
#
# An environment carries a stamp of what it was made from, written last. With the right stamp nothing is done; with
# another one or none (the lock has changed, an earlier set-up was interrupted) the environment is made anew.
# PYTHON names the Python to use; UV_* and PIP_* settings are respected.
set -eu
cd "$(dirname "$0")/.."

stop() {
    echo "set-up: $*" >&2
    exit 1
}

[ "$(uname -s)" = Linux ] || stop "this is $(uname -s); the local stack runs on Linux only (a container or a virtual machine will do)"

usable() { command -v "$1" >/dev/null 2>&1 && "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

python() {
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if usable "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    found=$("${PYTHON:-python3}" --version 2>/dev/null || echo none)
    stop "Python 3.11 or later is needed (found: $found); install one, or name it: make PYTHON=/path/to/python3.11 ..."
}

# What an environment is made from: these files, the interpreter, the place (scripts hold their environment's path).
stamp() {
    { cat "$@" deploy/setup.sh pyproject.toml; echo "$interpreter"; "$interpreter" -VV; pwd; } | sha256sum | cut -d ' ' -f 1
}

made() { [ "$(cat "$1/stamp" 2>/dev/null)" = "$2" ]; }

# Run a step quietly; if it fails, one line that says why as far as its output tells.
step() {
    "$@" >>"$log" 2>&1 && return
    if grep -qiE 'no space left|os error 28|quota exceeded' "$log"; then
        stop "the disk is full; make room (4 GB are needed) and run it again"
    elif grep -qiE 'hash mismatch|do not match the hashes' "$log"; then
        stop "a downloaded package is not the one in the lock file (hash mismatch); see $log"
    elif grep -qiE 'failed to (fetch|download)|connect|resolve|network|timed? ?out|certificate|no matching distribution' "$log"; then
        stop "packages cannot be downloaded; check the network, or the package index your pip or uv is set to, and run it again (details: $log)"
    fi
    stop "it failed; see the end of $log"
}

room() {
    free=$(df -Pk . | awk 'NR == 2 { print int($4 / 1024) }')
    [ "$free" -ge 4096 ] || stop "only $free MB are free here; make room (4 GB are needed)"
    "$interpreter" -c 'import venv, ensurepip' 2>/dev/null ||
        stop "$interpreter has no venv module; install it (on Debian and Ubuntu: apt-get install python3-venv)"
}

# uv downloads and installs many times faster than pip. It does not read pip's settings: hand over the index and certificate.
installer() {
    uv=.local/uv/bin/uv
    if [ "$(cat .local/uv/stamp 2>/dev/null)" != "$1" ]; then
        rm -rf .local/uv .local/uv.making
        step "$interpreter" -m venv .local/uv.making
        step .local/uv.making/bin/python -m pip install --quiet --no-deps --only-binary :all: --require-hashes -r deploy/uv.lock
        mkdir -p .local/uv/bin
        mv .local/uv.making/bin/uv .local/uv/bin/
        rm -rf .local/uv.making
        echo "$1" >.local/uv/stamp
    fi
    pip_says() { "$interpreter" -m pip config get "global.$1" 2>/dev/null || true; }
    index=${PIP_INDEX_URL:-$(pip_says index-url)}
    [ -z "$index" ] || export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-${UV_INDEX_URL:-$index}}"
    certificate=${PIP_CERT:-$(pip_says cert)}
    [ -z "$certificate" ] || export SSL_CERT_FILE="${SSL_CERT_FILE:-$certificate}"
}

# environment FOLDER LOCK [LOCK OF WHAT GOES OVER IT]
environment() {
    folder=$1
    shift
    wanted=$(stamp "$@")
    if made "$folder" "$wanted"; then return; fi
    room
    echo "set-up: $folder from $(echo "$*" | sed 's/ /, /')"
    : >"$log"
    installer "$(sha256sum deploy/uv.lock | cut -d ' ' -f 1)"
    step "$interpreter" -m venv --clear --without-pip "$folder"
    step "$uv" pip sync --quiet --require-hashes --python "$folder/bin/python" "$1"
    [ -z "${2:-}" ] || step "$uv" pip install --quiet --no-deps --require-hashes --python "$folder/bin/python" --requirement "$2"
    if [ "$1" = requirements-dev.lock ]; then
        step "$uv" pip install --quiet --no-deps --no-build-isolation --python "$folder/bin/python" --editable .
        step "$uv" pip check --quiet --python "$folder/bin/python"
    fi
    echo "$wanted" >"$folder/stamp"
}

interpreter=$(python)
mkdir -p .local 2>/dev/null || stop "$(pwd) cannot be written to; use a copy of your own"
log=.local/setup.log
# One set-up at a time: `make demo` and `make test` may be started together.
if command -v flock >/dev/null 2>&1; then
    exec 9>.local/setup.lock
    flock 9
fi
case "${SECOND_READER_PREFECT:-}" in
    '') environment .venv requirements-dev.lock ;;
    newest) environment .venv-prefect-newest requirements-dev.lock deploy/prefect-newest.lock ;;
    *) stop "SECOND_READER_PREFECT is '$SECOND_READER_PREFECT'; it can be 'newest', or not set: the version of requirements-dev.lock" ;;
esac
[ "${1:-}" != label-studio ] || environment .venv-label-studio deploy/label-studio.lock
