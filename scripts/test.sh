#!/usr/bin/env bash
# All tests: the Swift unit tests of the stages, then the Python scripts of Tests/python under Taipan and, where there is
# one, under CPython 3.12. The last line is `N passed, N failed`.
set -euo pipefail
cd "$(dirname "$0")/.."
taipan=.build/release/taipan
passed=0
failed=0

run() {
    if "$@" >/tmp/taipan-test.$$ 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $*"
        grep -E 'error:' /tmp/taipan-test.$$ | head -n 10 || true
        tail -n 5 /tmp/taipan-test.$$
    fi
}

run python3 scripts/lint_values.py

# Tests see internal declarations, so they have a build of their own.
run swift test -c release -Xswiftc -enable-testing --scratch-path .build-test

reference=$(python3 scripts/find_reference.py || true)
for script in Tests/python/*.py; do
    run "$taipan" "$script"
    if [ -n "$reference" ]; then run "$reference" "$script"; fi
done
# Every allocation collects: a value that native code holds where the collector does not look shows. (What allocates
# by the gigabyte would take hours, what imports half the library minutes: that collects at every 37th.)
for script in Tests/python/*.py; do
    case $script in
        */memory_churn.py) ;;
        */core_language.py | */exceptions.py | */gc_*.py | */number_types.py) run env TAIPAN_GC_STRESS=1 "$taipan" "$script" ;;
        *) run env TAIPAN_GC_STRESS=37 "$taipan" "$script" ;;
    esac
done
run env TAIPAN_GC_STRESS=29 "$taipan" -c 'import argparse, dataclasses, datetime, json, logging, random, re, typing, unittest'
run "$taipan" examples/pipeline.py

# The page of `--explain=html` in a headless browser; pictures of its panes stay in .build/explain-screenshots.
run python3 scripts/make_page.py --check
has_browser() { python3 -c 'import sys; sys.path.insert(0, "Tests/browser"); import browser; sys.exit(not browser.find_browser())'; }
if ! has_browser && [ "${CI:-}" = true ] && [ "$(id -u)" = 0 ]; then
    { apt-get update && apt-get install -y --no-install-recommends chromium; } >/dev/null 2>&1 || true
fi
if has_browser; then
    run python3 Tests/browser/test_page.py "$taipan"
else
    echo "SKIPPED: browser test of the page (no chromium)"
fi

run python3 scripts/check_examples.py .build/release/function-spans "$taipan"

# What --explain says of a source and of the search for the executable, against tokenize, ast, symtable, dis and what was made for the purpose.
run "${reference:-$taipan}" Tests/explain/check_static.py .build/release/explain-source
run "${reference:-$taipan}" Tests/explain/check_shell.py .build/release/explain-source
# --explain where programs, sources and options are unusual.
run "${reference:-$taipan}" Tests/explain/check_edges.py "$taipan"
# What --explain records of a run, against sys.settrace.
run "${reference:-$taipan}" Tests/explain/check_execution.py "$taipan" "$reference"

# CPython's own core tests, where the library has its `test` package, and a part of them with a collection at every 200th allocation. A module
# may take long on a busy machine; what surprises runs again before it counts.
if "$taipan" -c 'import test.support' >/dev/null 2>&1; then
    run python3 Tests/conformance/run.py --python "$taipan" --timeout 300
    run python3 Tests/conformance/run.py --python "$taipan" --timeout 300 --stress 200 --list stressed.txt
else
    echo "SKIPPED: Tests/conformance/run.py, twice (no CPython 3.12 library with its test package)"
fi

# Ten seconds of damaged code objects, of mutated sources and of damaged `.pyc` files; FUZZ_SECONDS and FUZZ_SEED ask for more and for others.
run "${reference:-$taipan}" scripts/fuzz_code.py "$taipan" "${FUZZ_SECONDS:-10}" "${FUZZ_SEED:-1}"
library=$("$taipan" -c 'import os; print(os.path.dirname(os.__file__))' 2>/dev/null || true)
if [ -n "$library" ]; then
    run .build/release/taipan-fuzz syntax "${FUZZ_SECONDS:-10}" "${FUZZ_SEED:-1}" "$library"
    compiled=$(mktemp -d)
    run env PYTHONPYCACHEPREFIX="$compiled" "$taipan" -m compileall -q "$library/json" "$library/asyncio" "$library/unittest"
    run .build/release/taipan-fuzz marshal "${FUZZ_SECONDS:-10}" "${FUZZ_SEED:-1}" "$compiled"
    run "${reference:-$taipan}" scripts/fuzz_marshal.py "$taipan" "${FUZZ_SECONDS:-10}" "${FUZZ_SEED:-1}" "$compiled"
    rm -rf "$compiled"
else
    echo "SKIPPED: taipan-fuzz, fuzz_marshal.py (no library folder as corpus)"
fi
rm -f /tmp/taipan-test.$$
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
