"""array, csv, contextvars, hashes, select and sockets: what CPython answers."""
import array
import contextvars
import csv
import hashlib
import io
import os
import pickle
import select
import socket

a = array.array("i", [1, 2, 3])
assert repr(a) == "array('i', [1, 2, 3])" and a.itemsize == 4 and a.tobytes() == b"\1\0\0\0\2\0\0\0\3\0\0\0"
a[1:2] = array.array("i", [7, 8])
assert a.tolist() == [1, 7, 8, 3] and a[::-2].tolist() == [3, 7] and a.index(8) == 2
del a[::2]
assert a == array.array("i", [7, 3]) and a < array.array("i", [8])
for code, bad, text in (("b", 128, "signed char is greater than maximum"), ("B", -1, "unsigned byte integer is less than minimum"),
                        ("I", -1, "can't convert negative value to unsigned int"), ("q", 2**63, "int too big to convert")):
    try:
        array.array(code, [bad])
        assert False
    except OverflowError as error:
        assert str(error) == text
view = memoryview(a)
try:
    a.append(1)
    assert False
except BufferError:
    pass
view.release()
a.append(1)
assert pickle.loads(pickle.dumps(a)) == a
a.byteswap()
assert a[0] == 7 << 24

variable = contextvars.ContextVar("variable", default=0)
token = variable.set(1)
context = contextvars.copy_context()
assert context.run(lambda: (variable.set(5), variable.get())[1]) == 5 and variable.get() == 1 and context[variable] == 5
variable.reset(token)
assert variable.get() == 0

rows = [["a", "b,c", 'd"e'], ["", "1", "line\nbreak"]]
out = io.StringIO()
csv.writer(out).writerows(rows)
assert out.getvalue() == 'a,"b,c","d""e"\r\n,1,"line\nbreak"\r\n'
assert list(csv.reader(io.StringIO(out.getvalue(), newline=""))) == rows

assert hashlib.sha3_256(b"abc").hexdigest() == "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"
assert hashlib.shake_128(b"").hexdigest(4) == "7f9c2ba4"
assert hashlib.blake2s(b"abc").hexdigest() == "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982"
assert hashlib.blake2b(b"abc", digest_size=8).hexdigest() == "d8bb14d833d59559"

left, right = socket.socketpair()
left.sendall(b"hello")
assert right.recv(3) == b"hel" and select.select([right], [], [], 0)[0] == [right]
assert right.recv(10) == b"lo" and select.select([right], [], [], 0) == ([], [], [])
right.settimeout(0.01)
try:
    right.recv(1)
    assert False
except TimeoutError as error:
    assert str(error) == "timed out"
poller = select.poll()
poller.register(left, select.POLLOUT)
assert poller.poll(0) == [(left.fileno(), select.POLLOUT)]
read_end, write_end = os.pipe()
socket.send_fds(left, [b"x"], [read_end])
data, descriptors, _, _ = socket.recv_fds(right, 10, 1)
os.write(write_end, b"through")
assert data == b"x" and os.read(descriptors[0], 10) == b"through"
for descriptor in (read_end, write_end, *descriptors):
    os.close(descriptor)
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname())
peer, address = server.accept()
assert address == client.getsockname() and peer.getpeername() == address
for one in (left, right, server, client, peer):
    one.close()
assert socket.inet_ntop(socket.AF_INET6, bytes(15) + b"\1") == "::1" and socket.htons(1) == 256

import fcntl
import grp
import json
import pwd
import resource

assert json.loads('[1, -2.5e1, "a\\u00e9\\ud83d\\ude00", {"k": [true, null]}]') == [1, -25.0, "aé😀", {"k": [True, None]}]
assert json.dumps({"a": [1, 2.5, None, "é\n"], 3: float("inf")}) == '{"a": [1, 2.5, null, "\\u00e9\\n"], "3": Infinity}'
for text, message in (("[1,", "Expecting value: line 1 column 4 (char 3)"), ('{"a" 1}', "Expecting ':' delimiter: line 1 column 6 (char 5)")):
    try:
        json.loads(text)
        assert False
    except json.JSONDecodeError as error:
        assert str(error) == message, str(error)
assert pwd.getpwuid(0).pw_uid == 0 and grp.getgrgid(0).gr_gid == 0
assert fcntl.fcntl(0, fcntl.F_GETFD) in (0, 1) and resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 0
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
