"""Audit hooks hear of what a program does, and may stop it."""
import sys

seen = []
recording = False


def hook(event, arguments):
    if recording:
        seen.append((event, arguments))


def events(action):
    global recording
    seen.clear()
    recording = True
    try:
        action()
    finally:
        recording = False
    return list(seen)


assert sys.audit("nobody.listens", 1) is None
sys.addaudithook(hook)
assert events(lambda: sys.audit("mine", 1, "two")) == [("mine", (1, "two"))]
assert events(lambda: sys.audit("empty")) == [("empty", ())]
for wrong in (lambda: sys.audit(), lambda: sys.audit(1)):
    try:
        wrong()
    except TypeError:
        pass
    else:
        raise AssertionError("TypeError expected")

names = [name for name, _ in events(lambda: eval("1 + 1"))]
assert names == ["compile", "exec"], names
names = [name for name, _ in events(lambda: open("/dev/null").close())]
assert names == ["open"], names


class A:
    pass


class B:
    pass


def change():
    a = A()
    a.__class__ = B
    A.__name__ = "C"


assert [(n, a[1]) for n, a in events(change)] == [("object.__setattr__", "__class__"), ("object.__setattr__", "__name__")]
assert [a[1] for n, a in events(lambda: change.__code__)] == ["__code__"]


def refuse(event, arguments):
    if event == "test.forbidden":
        raise PermissionError(event)


sys.addaudithook(refuse)
try:
    sys.audit("test.forbidden")
except PermissionError as error:
    assert str(error) == "test.forbidden"
else:
    raise AssertionError("the hook's error must come through")

guard = True


def no_more(event, arguments):
    if guard and event == "sys.addaudithook":
        raise RuntimeError("no more hooks")


sys.addaudithook(no_more)
late = []
sys.addaudithook(lambda event, arguments: late.append(event))
sys.audit("after")
assert late == [], "a hook that was refused must not be called"
