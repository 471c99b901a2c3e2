"""Equal constants of one compilation are one object, whichever functions they are in; so are equal sets in another order."""
import marshal

space = {}
exec("def f(): return (1, (2, 3)), 'a b', 10 ** 20, b'x y', 1e300, 3j, (2, 3)\n"
     "def g(): return (1, (2, 3)), 'a b', 10 ** 20, b'x y', 1e300, 3j, (2, 3)\n"
     "def h(x): return x in {'+a', '-b', '*c'}\n"
     "def i(x): return x in {'*c', '+a', '-b'}\n"
     "def k(): return 0.0, -0.0, 1, True, 1.0, (0.0,), (-0.0,), (1,), (True,), 'a b', b'a b'\n", space)
f, g, h, i, k = (space[name] for name in "fghik")
assert all(a is b for a, b in zip(f(), g())), list(zip(f(), g()))
assert f()[0][1] is f()[6]
assert h.__code__.co_consts[1] is i.__code__.co_consts[1]
copy = marshal.loads(marshal.dumps(h.__code__.co_consts + i.__code__.co_consts))
assert copy[1] is copy[3]
assert repr(k()) == "(0.0, -0.0, 1, True, 1.0, (0.0,), (-0.0,), (1,), (True,), 'a b', b'a b')"
print("ok")
