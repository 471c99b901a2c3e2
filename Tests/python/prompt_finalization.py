"""Objects with finalizers, files and suspended generators are finalized soon after a program visibly drops them."""

import weakref, gc, os, tempfile
log = []
class D:
    def __init__(self, n): self.n = n
    def __del__(self): log.append(self.n)
class P: pass
def check(want):
    global log
    assert log == want, (log, want)
    log = []
# del of a local, rebinding to None, end of function
def f1():
    d = D(1); del d; check([1])
    d = D(2); d = None; check([2])
f1()
def f2():
    d = D(3)
    return 7
f2(); check([3])
def make(): return D(4)
def f3():
    d = make()
    check([])
f3(); check([4])
x = D(5); del x; check([5])
x = D(6); x = None; check([6])
x = D(7); x = 3; check([7])
lst = [D(8)]; del lst[0]; check([8])
dct = {1: D(9)}; del dct[1]; check([9])
o = P(); o.d = D(10); del o.d; check([10])
o = P(); o.d = D(11)
def clear(o): o.d = None
clear(o); check([11])
o = P(); r = weakref.ref(o); del o; assert r() is None
def f4():
    o = P()
    return weakref.ref(o)
assert f4()() is None
ws = weakref.WeakSet()
o = P(); ws.add(o); assert len(ws) == 1; del o; assert len(ws) == 0
wd = weakref.WeakValueDictionary()
o = P(); wd['a'] = o; o = None; assert len(wd) == 0
def gen():
    try: yield 1
    finally: log.append('fin')
def f5():
    g = gen(); next(g); del g; check(['fin'])
f5()
def f6():
    for i in gen(): break
f6(); check(['fin'])
def f7():
    def inner():
        nonlocal d
        d = None
    d = D(12)
    inner()
    check([12])
f7()
path = os.path.join(tempfile.mkdtemp(), 'x')
open(path, 'w').write('hello')
assert open(path).read() == 'hello'
open(path, 'w').write('hello!')
assert os.path.getsize(path) == 6
c = [D(13)]
del c; check([13])
def f8():
    c = {'a': [D(14)]}
    c = None
f8(); check([14])
