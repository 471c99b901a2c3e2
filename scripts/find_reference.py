"""Print the path of a CPython 3.12 to compare with, or fail: $REFERENCE_PYTHON, or python3.12 on PATH."""
import os
import subprocess
import sys

command = os.environ.get("REFERENCE_PYTHON", "python3.12")
environment = dict(os.environ, PYENV_VERSION="3.12.1")
probe = "import sys; print(sys.executable, 'Taipan' in sys.version or sys.implementation.name, *sys.version_info[:2])"
try:
    found = subprocess.run([command, "-I", "-c", probe], capture_output=True, text=True, env=environment, check=True)
    executable, *kind = found.stdout.split()
except (OSError, subprocess.CalledProcessError, ValueError):
    sys.exit(1)
if kind != ["cpython", "3", "12"]:
    sys.exit(1)
print(executable)
