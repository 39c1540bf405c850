#!/usr/bin/env bash
# Everything the service needs, from a clean clone: system libraries, .venv, locked packages, models.
# Installs Debian packages only where that needs no password; else prints the one line to run.
#   PYTHON=/path/to/python   the interpreter to build .venv with (3.11 or newer)
#   BROWSER_TESTS=required   with Chromium, for the tests of the console
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '\033[1m==> %s\033[0m\n' "$*"; }
die() {
    printf '\n%s\n' "$@" >&2
    exit 1
}

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    local candidate
    if [[ -n ${PYTHON:-} ]]; then
        new_enough "$PYTHON" || die "PYTHON=$PYTHON is not Python 3.11 or newer."
        echo "$PYTHON"
        return
    fi
    for candidate in python3 python3.11 python3.12 python3.13 python3.14; do
        if new_enough "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    die "Python 3.11 or newer is needed. On Debian 12+ or Ubuntu 24.04+, run:" \
        "  sudo apt-get update && sudo apt-get install -y python3 python3-venv" \
        "or name one: make PYTHON=/path/to/python …"
}

has_library() {
    "$python" -c 'import ctypes, sys; ctypes.CDLL(sys.argv[1])' "$1" 2>/dev/null
}

has_chinese_font() {
    [[ -n ${PHOTO_SERVICE_FONT:-} ]] ||
        [[ -n $(find /usr/share/fonts /usr/local/share/fonts ~/.fonts ~/.local/share/fonts \
            \( -iname 'DroidSansFallback*' -o -iname '*CJK*' -o -iname 'wqy-*' \
            -o -iname 'uming*' -o -iname 'ukai*' \) -print -quit 2>/dev/null) ]]
}

# Runs a command as root, or fails at once if that would ask for a password.
as_root() {
    if [[ $(id -u) -eq 0 ]]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

may_install() {
    command -v apt-get >/dev/null && as_root true 2>/dev/null
}

apt_install() {
    say "Installing $*"
    as_root apt-get update -qq &&
        as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

system_packages() {
    local needed=() wished=() version
    if ! .venv/bin/python -c '' 2>/dev/null && ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        needed+=("python$version-venv")
    fi
    has_library libEGL.so.1 || needed+=(libegl1)
    has_library libGLESv2.so.2 || needed+=(libgles2)
    if [[ ${BROWSER_TESTS:-} == required ]] && ! command -v chromium >/dev/null; then
        needed+=(chromium)
    fi
    has_chinese_font || wished+=(fonts-droid-fallback)
    if [[ ${#needed[@]} -gt 0 ]]; then
        if ! may_install || ! apt_install "${needed[@]}"; then
            die "Debian packages are missing that this script could not install. Run this line, then make again:" \
                "  sudo apt-get update && sudo apt-get install -y ${needed[*]} ${wished[*]}"
        fi
    fi
    if [[ ${#wished[@]} -gt 0 ]] && ! { may_install && apt_install "${wished[@]}"; }; then
        say "Note: no Chinese font found, which annotated pictures need: sudo apt-get install -y ${wished[*]}"
    fi
}

virtual_environment() {
    .venv/bin/python -c '' 2>/dev/null && return
    say "Creating .venv with $("$python" --version)"
    rm -rf .venv
    "$python" -m venv .venv
}

python_packages() {
    # Another OpenCV writes into the same folder: docs/decisions/0002-one-opencv.md
    local others
    others=$(.venv/bin/python -m pip list --format=freeze |
        sed -n 's/^\(opencv-\(contrib-python\|contrib-python-headless\|python\)\)==.*/\1/p')
    if [[ -n $others ]]; then
        # shellcheck disable=SC2086 # one name a word
        .venv/bin/python -m pip uninstall -y -q $others opencv-python-headless
    fi
    say "Installing Python packages (requirements.lock; a minute or two the first time)"
    .venv/bin/python -m pip install -q --disable-pip-version-check \
        --no-deps --require-hashes -r requirements.lock
    .venv/bin/python -m pip install -q --disable-pip-version-check \
        --no-deps --no-build-isolation -e .
}

python=$(find_python)
system_packages
virtual_environment
python_packages
say "Models"
.venv/bin/photo-service models pull
touch .venv/.ready
say "Ready: .venv/bin/photo-service --help"
