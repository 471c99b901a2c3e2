"""Check how the explanation finds an executable: python3 check_shell.py EXPLAIN_SOURCE

Folders are made for the purpose: with a file that may not run, a folder of the name, links, a loop of links, names that are
not UTF-8, and Pythons that answer, fail or sleep. What the tool says is compared with `shutil.which` and with what was made.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

SCRIPT = "#!/usr/bin/env -S python3 -I\nprint(1)\n"


def same(what, found, wanted):
    if found != wanted:
        sys.exit(f"{what} is {found!r} and should be {wanted!r}")


def program(path, text):
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)


def explain(tool, word, path, folder, **environment):
    env = {**os.environ, **environment}
    env.pop("_", None)
    if path is None:
        env.pop("PATH", None)
    else:
        env["PATH"] = path
    env.update(environment)
    start = time.monotonic()
    done = subprocess.run([tool, "--json", "--shell", word, "script.py"], capture_output=True, check=True, cwd=folder, env=env)
    if time.monotonic() - start > 20:
        sys.exit("the question for versions took too long")
    text = subprocess.run([tool, "--shell", word, "script.py"], capture_output=True, check=True, cwd=folder, env=env).stdout
    text.decode()
    return json.loads(done.stdout)["shell"]


def check_search(tool, folder):
    """One folder after the other, and the links from the file that is found."""
    for name in ["plain", "closed", "named", "good", "later"]:
        (folder / name).mkdir()
    (folder / "closed" / "snake").write_text("")
    (folder / "named" / "snake").mkdir()
    program(folder / "good" / "snake-3", "exit 0\n")
    (folder / "good" / "snake-now").symlink_to("snake-3")
    (folder / "good" / "snake").symlink_to(folder / "good" / "snake-now")
    program(folder / "later" / "snake", "exit 0\n")
    names = ["absent", "plain", "closed", "named", "good", "later"]
    path = ":".join(str(folder / name) for name in names)
    shell = explain(tool, "snake", path, folder)
    same("the typed word", [shell["typed"], shell["is_path"]], ["snake", False])
    same("folders", [look["folder"] for look in shell["looks"]], path.split(":"))
    same("files", [look["file"] for look in shell["looks"]], [f"{p}/snake" for p in path.split(":")])
    same("results", [look["result"] for look in shell["looks"]],
         ["no such folder", "missing", "not executable", "not executable", "found", "not searched"])
    same("the hit", shell["hit"], shutil.which("snake", path=path))
    same("links", shell["links"], [
        {"from": str(folder / "good/snake"), "to": str(folder / "good/snake-now")},
        {"from": str(folder / "good/snake-now"), "to": str(folder / "good/snake-3")},
    ])
    # The tool knows that it is not what was found.
    if os.path.exists("/proc/self/exe"):
        same("the executable", shell["executable"], os.path.realpath(tool))


def check_odd_paths(tool, folder):
    (folder / "good" / "script.py").touch()
    shell = explain(tool, "snake", f":{folder}/plain:", folder / "good")
    same("an empty entry", [(look["folder"], look["result"]) for look in shell["looks"]],
         [(".", "found"), (f"{folder}/plain", "not searched"), (".", "not searched")])
    shell = explain(tool, "sh", None, folder)
    same("no PATH", [look["folder"] for look in shell["looks"]], ["/bin", "/usr/bin"])
    shell = explain(tool, "./good/snake", str(folder / "plain"), folder)
    same("a path", [shell["is_path"], shell["looks"], shell["hit"]], [True, [], "./good/snake"])
    same("its links", [link["to"] for link in shell["links"]], [str(folder / "good/snake-now"), str(folder / "good/snake-3")])
    same("nothing found", explain(tool, "no-such-snake", str(folder / "good"), folder)["hit"], "")
    same("an empty word", explain(tool, "", str(folder / "good"), folder)["looks"], [])
    (folder / "good" / "loop-a").symlink_to("loop-b")
    (folder / "good" / "loop-b").symlink_to("loop-a")
    same("a loop", explain(tool, "loop-a", str(folder / "good"), folder)["looks"][0]["result"], "missing")
    same("a loop as path", len(explain(tool, "good/loop-a", str(folder / "good"), folder)["links"]), 40)
    strange = os.fsencode(folder) + b"/\xff\xfe"
    os.mkdir(strange)
    shutil.copy(folder / "good" / "snake-3", os.fsdecode(strange + b"/snake"))
    shell = explain(tool, "snake", os.fsdecode(strange), folder)
    same("a folder that is not UTF-8", [shell["looks"][0]["result"], shell["hit"]], ["found", f"{folder}/\ufffd\ufffd/snake"])


def check_pythons(tool, folder):
    """Launchers that have the version in their name are not started; the others are asked, none for longer than its time."""
    bin = folder / "pythons"
    bin.mkdir()
    program(bin / "python3.12", "echo Python 3.12.1\n")
    (bin / "python3").symlink_to("python3.12")
    program(bin / "python", "echo old >&2; exit 3\n")
    program(bin / "python3.9", f"exec {shutil.which('sleep')} 60\n")
    more = folder / "more"
    more.mkdir()
    program(more / "python", f"exec {shutil.which('sleep')} 60\n")
    program(more / "pypy3", f"echo Python 3.10.0; exec {shutil.which('sleep')} 60\n")
    (more / "python3").symlink_to("pypy3")
    program(bin / "pypy3", "exit 0\n")
    (bin / "python3.11").write_text("")
    (bin / "taipan").write_bytes(b"\x7fELF broken")
    (bin / "taipan").chmod(0o755)
    program(bin / "python3-config", "echo no\n")
    shell = explain(tool, "python3.12", f"{bin}:{bin}/:{more}:/usr/sbin-that-is-not-there", folder)
    found = {os.path.basename(p["path"]): p["version"] for p in shell["pythons"] if not p["path"].startswith(str(more))}
    broken = found.pop("taipan")
    if not broken.startswith(("cannot be started", "ends with exit status")):
        sys.exit(f"a broken program says {broken!r}")
    same("versions", found, {
        "python": "ends with exit status 3: old", "python3": "3.12 by its name; a script of /bin/sh",
        "python3.9": "3.9 by its name; a script of /bin/sh", "pypy3": "says nothing",
    })
    same("slow ones", {os.path.basename(p["path"]): p["version"] for p in shell["pythons"] if p["path"].startswith(str(more))},
         {"python": "did not answer in time", "python3": "Python 3.10.0", "pypy3": "Python 3.10.0"})
    same("the link", [p["links"] for p in shell["pythons"] if p["path"] == str(bin / "python3")],
         [[{"from": str(bin / "python3"), "to": str(bin / "python3.12")}]])


def check_files(tool, folder):
    """Shebang and pyvenv.cfg."""
    script = folder / "script.py"
    script.write_text(SCRIPT)
    path = str(folder / "good")
    shell = explain(tool, "snake", path, folder)
    same("the shebang", [shell["shebang"][k] for k in ("line", "interpreter", "is_used")], [SCRIPT.split("\n")[0], "python3", False])
    script.chmod(0o755)
    same("a script that was executed", explain(tool, "snake", path, folder, _=str(script))["shebang"]["is_used"], True)
    same("a script that was not", explain(tool, "snake", path, folder, _=str(folder / "good/snake"))["shebang"]["is_used"], False)
    script.write_text("print(1)\n")
    same("no shebang", explain(tool, "snake", path, folder)["shebang"], None)
    same("no environment", shell["environment"], None)
    (folder / "pyvenv.cfg").write_text("home = /usr/bin\n# note\ninclude-system-site-packages=false\n")
    wanted = [{"name": "home", "value": "/usr/bin"}, {"name": "include-system-site-packages", "value": "false"}]
    shell = explain(tool, "snake", path, folder)
    same("the environment", shell["environment"], {"file": str(folder / "pyvenv.cfg"), "settings": wanted})
    shell = explain(tool, "good/snake", path, folder)
    same("its settings", shell["environment"]["settings"], wanted)


def main():
    tool = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name).resolve()
        (folder / "script.py").write_text("")
        check_search(tool, folder)
        check_odd_paths(tool, folder)
        check_pythons(tool, folder)
        check_files(tool, folder)
    print("the search for the executable agrees")


main()
