# Sourced by the other scripts, with the repository as the working folder: makes .venv and fills it from a lock file.
# Nothing is installed twice: .venv/installed-NAME holds the checksum of what was installed last.

say() { printf '%s\n' "$*" >&2; }

stop() {
    say "error: $1"
    [ $# -lt 2 ] || say "  try: $2"
    exit 1
}

# Debian packages, by name; quiet when they are there.
need_debian() {
    for package in "$@"; do
        if ! dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed'; then
            command -v apt-get >/dev/null || stop "$package is not installed" "install it with your package manager"
            [ "$(id -u)" = 0 ] || stop "the Debian package $package is not installed" "sudo apt-get install $package"
            say "installing $package"
            apt-get update -qq >/dev/null
            DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null
        fi
    done
}

# The first Python that is new enough.
find_python() {
    for name in "${PYTHON:-python3}" python3 python3.13 python3.12 python3.11; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    stop "no Python 3.11 or newer was found" "install python3, or name one: PYTHON=/path/to/python3 sh scripts/test"
}

make_venv() {
    [ ! -x .venv/bin/pip ] || return 0
    python=$(find_python)
    if ! "$python" -c 'import ensurepip' 2>/dev/null; then
        # Debian splits ensurepip from Python
        need_debian "$("$python" -c 'import sys; print("python3.%d-venv" % sys.version_info[1])')"
    fi
    say "making .venv with $("$python" --version)"
    "$python" -m venv .venv
}

# install_lock NAME: what requirements-NAME.txt says, then this package itself, editable.
install_lock() {
    make_venv
    lock=$1
    sum=$(cat "$lock" pyproject.toml | cksum)
    stamp=.venv/installed-$(basename "$lock" .txt)
    if [ "$(cat "$stamp" 2>/dev/null)" != "$sum" ]; then
        say "installing $lock into .venv"
        .venv/bin/pip install -q --disable-pip-version-check --require-hashes -r "$lock"
        .venv/bin/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
        echo "$sum" >"$stamp"
    fi
}
