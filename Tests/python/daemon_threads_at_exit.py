"""A process ends at once where daemon threads are left in the middle of reading files, and no signal is lost between two checks."""
import os
import random
import signal
import subprocess
import sys
import time

LEFT_READING = """
import os, random, sys, threading, time
started = set()
def read():
    while True:
        with open(os.__file__, "rb") as file, open(os.devnull, "wb") as sink:
            sink.write(file.read(200))
            time.sleep(random.random() / 1995)
        started.add(threading.current_thread())
threads = [threading.Thread(target=read, daemon=True) for _ in range(20)]
for thread in threads: thread.start()
while len(started) < len(threads): time.sleep(0.001)
sys.exit(3)
"""
for _ in range(3):
    done = subprocess.run([sys.executable, "-c", LEFT_READING], capture_output=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (3, b"", b""), done

seen = []
signal.signal(signal.SIGUSR1, lambda *_: signal.setitimer(signal.ITIMER_REAL, 1e-6 + random.random() * 1e-5))
signal.signal(signal.SIGALRM, lambda number, _: seen.append(number))
for count in range(1, 2001):
    os.kill(os.getpid(), signal.SIGUSR1)
    deadline = time.monotonic() + 30
    while len(seen) < count:
        assert time.monotonic() < deadline, "signal %d was lost" % count
        time.sleep(1e-5)
print("ok")
