#!/bin/sh
# Finds a Python that is new enough and lets it bring .venv up to date: environment.sh run|dev|mutants
set -eu

new_enough() {
    # what it prints counts: a program that is no Python may well succeed
    [ "$("$1" -c 'import sys; print(sys.version_info >= (3, 11))' 2>/dev/null)" = True ]
}

for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    if new_enough "$candidate"; then
        exec "$candidate" deploy/local/environment.py "$1"
    fi
done

if [ -n "${PYTHON:-}" ]; then
    echo "PYTHON=$PYTHON is not a Python 3.11 or newer." >&2
elif command -v python3 >/dev/null 2>&1; then
    echo "Redress needs Python 3.11 or newer and found $(python3 --version 2>&1):" \
        "install a newer one, or name it with PYTHON=/path/to/python3." >&2
else
    echo "Redress needs Python 3.11 or newer and found none: install it," \
        "or name it with PYTHON=/path/to/python3." >&2
fi
exit 1
