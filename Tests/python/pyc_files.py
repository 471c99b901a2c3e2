# `.pyc` files: when they are written, where, what is in them, and what happens when they are stale, damaged or cannot be written.
import importlib.util
import os
import pathlib
import py_compile
import subprocess
import sys
import tempfile

folder = pathlib.Path(tempfile.mkdtemp())
cache = folder / "__pycache__"
environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON") or k == "PYTHONHOME"}
TAG = sys.implementation.cache_tag
assert TAG == "cpython-312"
MAGIC = importlib.util.MAGIC_NUMBER
assert MAGIC == (3531).to_bytes(2, "little") + b"\r\n"


def run(*arguments, **variables):
    done = subprocess.run([sys.executable, *arguments], cwd=folder, env=dict(environment, **variables), capture_output=True, text=True)
    return done.stdout.strip() + ("|" + done.stderr.strip().split("\n")[-1] if done.stderr else "")


def write(text, name="mod.py", time=1_000_000_000):
    (folder / name).write_text(text)
    os.utime(folder / name, (time, time))


def number(data, at):
    return int.from_bytes(data[at:at + 4], "little")


# Importing writes the file, with time and size of the source; a second import leaves it.
write("print('one')\n")
pyc = cache / f"mod.{TAG}.pyc"
assert run("-c", "import mod; print(mod.__cached__)") == f"one\n{pyc}"
data = pyc.read_bytes()
assert data[:4] == MAGIC and number(data, 4) == 0 and number(data, 8) == 1_000_000_000 and number(data, 12) == 13
assert [p.name for p in cache.iterdir()] == [pyc.name]
inode = pyc.stat().st_ino
assert run("-c", "import mod") == "one" and pyc.stat().st_ino == inode
# It is believed: a source of the same time and size is not read.
write("print('two')\n")
assert run("-c", "import mod") == "one"
# Another time makes it stale; it is replaced, not written over.
write("print('two')\n", time=1_000_000_001)
assert run("-c", "import mod") == "two" and number(pyc.read_bytes(), 8) == 1_000_000_001
# So does another size.
write("print('three')\n", time=1_000_000_001)
assert run("-c", "import mod") == "three" and number(pyc.read_bytes(), 12) == 15

# Options have files of their own.
assert run("-O", "-c", "import mod") == "three" and (cache / f"mod.{TAG}.opt-1.pyc").exists()
assert run("-OO", "-c", "import mod") == "three" and (cache / f"mod.{TAG}.opt-2.pyc").exists()
for path in cache.iterdir():
    path.unlink()
assert run("-B", "-c", "import mod") == "three" and not list(cache.iterdir())
assert run("-c", "import mod", PYTHONDONTWRITEBYTECODE="1") == "three" and not list(cache.iterdir())

# A tree of their own.
prefix = folder / "elsewhere"
assert run("-c", "import mod, sys; print(sys.pycache_prefix)", PYTHONPYCACHEPREFIX=str(prefix)) == f"three\n{prefix}"
assert (prefix / folder.relative_to("/") / f"mod.{TAG}.pyc").exists() and not list(cache.iterdir())
assert run("-X", f"pycache_prefix={prefix}2", "-c", "import mod") == "three"
assert (folder / "elsewhere2" / folder.relative_to("/") / f"mod.{TAG}.pyc").exists()

# Damaged files: too short or of another version, they are made again; an error in the data is one of the import.
run("-c", "import mod")
good = pyc.read_bytes()
for damaged in [b"", good[:7], b"\0\0\0\0" + good[4:], b"\xca\x0d\x0d\x0a" + good[4:], good[:4] + b"\x08\0\0\0" + good[8:]]:
    pyc.write_bytes(damaged)
    assert run("-c", "import mod") == "three", damaged[:8]
    assert pyc.read_bytes() == good
pyc.write_bytes(good[:16])
assert "EOFError" in run("-c", "import mod")
pyc.write_bytes(good[:16] + b"N")
assert "ImportError: Non-code object in" in run("-c", "import mod")
pyc.write_bytes(good[:40])
assert "EOFError: marshal data too short" in run("-c", "import mod")
pyc.write_bytes(good[:16] + b"\x7f" + good[17:])
assert "ValueError: bad marshal data (unknown type code)" in run("-c", "import mod")
pyc.unlink()

# Hashes: a checked file is compared with the source, an unchecked one is not, and --check-hash-based-pycs has the last word.
py_compile.compile(str(folder / "mod.py"), str(pyc), invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH)
data = pyc.read_bytes()
assert number(data, 4) == 3 and data[8:16] == importlib.util.source_hash(b"print('three')\n")
write("print('four')\n", time=1_000_000_001)
assert run("--check-hash-based-pycs", "never", "-c", "import mod") == "three"
assert run("-c", "import mod") == "four" and number(pyc.read_bytes(), 4) == 3
assert pyc.read_bytes()[8:16] == importlib.util.source_hash(b"print('four')\n")
py_compile.compile(str(folder / "mod.py"), str(pyc), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
assert number(pyc.read_bytes(), 4) == 1
write("print('five')\n")
assert run("-c", "import mod") == "four"
assert run("--check-hash-based-pycs", "always", "-c", "import mod") == "five"
pyc.unlink()

# SOURCE_DATE_EPOCH makes py_compile and compileall write hashes.
run("-m", "py_compile", "mod.py", SOURCE_DATE_EPOCH="123456789")
assert number(pyc.read_bytes(), 4) == 3
run("-m", "compileall", "-q", "-f", "mod.py", SOURCE_DATE_EPOCH="123456789")
assert number(pyc.read_bytes(), 4) == 3
run("-m", "compileall", "-q", "-f", "mod.py")
assert number(pyc.read_bytes(), 4) == 0

# Without a source: a file beside, with the plain name. Another version is an error here.
(folder / "mod.py").rename(folder / "kept")
pyc.rename(folder / "mod.pyc")
assert run("-c", "import mod; print(mod.__cached__ == mod.__file__)") == "five\nTrue"
assert run("mod.pyc") == "five"
(folder / "mod.pyc").write_bytes(b"\0\0\0\0" + good[4:])
assert "ImportError: bad magic number in 'mod': b'\\x00\\x00\\x00\\x00'" in run("-c", "import mod"), run("-c", "import mod")
assert "RuntimeError: Bad magic number in .pyc file" in run("mod.pyc"), run("mod.pyc")
(folder / "mod.pyc").unlink()

# Where nothing can be written, nothing is.
(folder / "kept").rename(folder / "mod.py")
for path in cache.iterdir():
    path.unlink()
cache.rmdir()
cache.write_text("not a folder")
assert run("-c", "import mod") == "five" and cache.read_text() == "not a folder"

for path in sorted(folder.rglob("*"), reverse=True):
    path.rmdir() if path.is_dir() else path.unlink()
folder.rmdir()
print("pyc files: ok")
