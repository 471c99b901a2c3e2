"""The stages between source and execution as programs see them: tokens, trees, symbol tables, code objects, caches, imports."""
import ast
import contextlib
import dis
import importlib.util
import io
import marshal
import os
import py_compile
import symtable
import sys
import tempfile
import tokenize
import types
import warnings


def raises(kind, text, function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except kind as e:
        assert text in str(e), (type(e), str(e))
    else:
        assert False, f'{kind.__name__} expected'


# Tokens.
def tokens(text):
    return [(t.type, t.string, t.start, t.end) for t in tokenize.generate_tokens(io.StringIO(text, newline='').readline)]


assert tokens('a\r\n') == [(1, 'a', (1, 0), (1, 1)), (4, '\r\n', (1, 1), (1, 3)), (0, '', (2, 0), (2, 0))]
assert [t[:2] for t in tokens("if ä:\n # c\n  f'{b!r:>{c}}'")] == [
    (1, 'if'), (1, 'ä'), (54 + 1, ':'), (4, '\n'), (64, '# c'), (65, '\n'), (5, '  '), (61, "f'"), (55, '{'), (1, 'b'), (55, '!'), (1, 'r'),
    (55, ':'), (62, '>'), (55, '{'), (1, 'c'), (55, '}'), (62, ''), (55, '}'), (63, "'"), (4, ''), (6, ''), (0, '')]
raises(tokenize.TokenError, 'unexpected EOF in multi-line statement', tokens, 'f(1,\n')
raises(IndentationError, 'unindent does not match', tokens, 'if a:\n    b\n  c\n')

# Trees, both ways.
source = 'async def f[T](a, /, b: int=1, *c, d=2, **e) -> T:\n    return [x async for x in a if x]\n'
tree = ast.parse(source)
assert ast.unparse(tree) + '\n' == source
node = tree.body[0]
assert (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset) == (1, 0, 2, 36)
assert isinstance(node, ast.AsyncFunctionDef) and ast.dump(node.type_params[0]) == "TypeVar(name='T')"
assert ast.parse('x = f() # type: int', type_comments=True).body[0].type_comment == 'int'
assert ast.literal_eval("{'a': [1, -2.5, (3j, b'x', None)]}") == {'a': [1, -2.5, (3j, b'x', None)]}
raises(SyntaxError, 'Pattern matching is only supported in Python 3.10', compile, 'match x:\n case 1: pass', 'n', 'exec', ast.PyCF_ONLY_AST, _feature_version=9)


class Doubled(ast.NodeTransformer):
    def visit_Constant(self, node):
        return ast.copy_location(ast.Constant(node.value * 2), node)


namespace = {}
exec(compile(ast.fix_missing_locations(Doubled().visit(ast.parse('x = 21'))), 'n', 'exec'), namespace)
assert namespace['x'] == 42


def make(*body):
    return compile(ast.fix_missing_locations(ast.Module(list(body), [])), 'n', 'exec')


name = ast.Name('x', ast.Load())
raises(ValueError, 'empty body on While', make, ast.While(name, [], []))
raises(ValueError, 'expression must have Store context but has Load instead', make, ast.Assign([name], name))
raises(TypeError, 'required field "value" missing from Assign', make, ast.Assign([name]))
raises(TypeError, 'required field "lineno" missing from expr', make, ast.Expr(3))
raises(ValueError, "identifier field can't represent 'None' constant", make, ast.Expr(ast.Name('None', ast.Load())))
raises(TypeError, 'got an invalid type in Constant: list', make, ast.Expr(ast.Constant([])))
raises(TypeError, 'expected Module node, got Expression', compile, ast.parse('1', mode='eval'), 'n', 'exec')

# Sources in other encodings, warnings while compiling.
assert eval(compile('# coding: cp1252\n"\u20ac"'.encode('cp1252'), 'n', 'eval')) == '\u20ac'
assert eval(b'\xef\xbb\xbf"\xc3\xa4"') == 'ä'
raises(SyntaxError, 'unknown encoding: nothing-such', compile, b'# coding: nothing-such\n', 'n', 'exec')
with warnings.catch_warnings():
    warnings.simplefilter('error')
    raises(SyntaxError, "invalid escape sequence '\\d'", compile, r"'\d'", 'n', 'eval')
    raises(SyntaxError, '"is" with \'int\' literal', compile, 'x is 1', 'n', 'eval')

# Symbol tables.
table = symtable.symtable('def f(a):\n    global g\n    def h(): return a, g\n', 'n', 'exec').get_children()[0]
assert table.get_parameters() == ('a',) and table.lookup('a').is_parameter() and table.lookup('g').is_declared_global()
assert table.get_children()[0].get_frees() == ('a',)


# Code objects and marshal.
def outer(a, *b, c=1):
    def inner():
        return a, c
    return inner


code = outer.__code__
again = marshal.loads(marshal.dumps(code))
assert again == code and hash(again) == hash(code) and again.co_consts == code.co_consts
assert code.replace(co_name='other') != code and code.replace(co_name='other').co_name == 'other'
assert code.co_cellvars == ('a', 'c') and code.co_consts[1].co_freevars == ('a', 'c')
raises(ValueError, 'code: co_code is malformed', code.replace, co_code=b'a')
raises(TypeError, 'must be tuple, not list', code.replace, co_names=[])
rebuilt = types.FunctionType(again, {})(5, c=6)
assert rebuilt() == (5, 6)
for value in (0, -1, 2**31, -2**100, 1.5, -0.0, 2j, 'a', 'ä\udc80', b'x', (), (1, (2,)), [1, [2]], {'a': {1: None}}, {1, 2}, frozenset('a'), ...):
    for version in range(5):
        got = marshal.loads(marshal.dumps(value, version))
        assert got == value and type(got) is type(value)
cycle = []
cycle.append(cycle)
got = marshal.loads(marshal.dumps(cycle))
assert got[0] is got
raises(ValueError, 'unmarshallable object', marshal.dumps, object())
raises(ValueError, 'bad marshal data (unknown type code)', marshal.loads, b'?')
raises(EOFError, 'marshal data too short', marshal.loads, b'i')
text = io.StringIO()
with contextlib.redirect_stdout(text):
    dis.dis(compile('x = 1 + y', 'n', 'exec'))
assert [line.split()[-1] for line in text.getvalue().splitlines() if line.strip()] == ['0', '(1)', '(y)', '(+)', '(x)', '(None)']

# Caches.
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, 'cached_module.py')
    with open(path, 'w') as file:
        file.write('value = 1\n')
    sys.path.insert(0, folder)
    sys.dont_write_bytecode = False
    import cached_module
    with open(cached_module.__cached__, 'rb') as file:
        data = file.read()
    assert data[:4] == importlib.util.MAGIC_NUMBER and data[4:8] == bytes(4)
    assert int.from_bytes(data[12:16], 'little') == 10 and marshal.loads(data[16:]).co_names == ('value',)
    # A cache that fits is used, whatever is in it; one that does not is replaced.
    other = compile('value = 2', path, 'exec')
    with open(cached_module.__cached__, 'wb') as file:
        file.write(data[:16] + marshal.dumps(other))
    del sys.modules['cached_module']
    import cached_module
    assert cached_module.value == 2
    with open(cached_module.__cached__, 'wb') as file:
        file.write(b'nonsense')
    del sys.modules['cached_module']
    import cached_module
    assert cached_module.value == 1
    with open(cached_module.__cached__, 'rb') as file:
        assert file.read() == data
    # Hash-based caches, and modules without source.
    hashed = py_compile.compile(path, invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH)
    with open(hashed, 'rb') as file:
        assert file.read()[4:16] == b'\3\0\0\0' + importlib.util.source_hash(b'value = 1\n')
    py_compile.compile(path, cfile=os.path.join(folder, 'sourceless.pyc'))
    import sourceless
    assert sourceless.value == 1 and type(sourceless.__loader__).__name__ == 'SourcelessFileLoader'

    # Specs and loaders are importlib's.
    spec = importlib.util.find_spec('cached_module')
    assert spec == cached_module.__spec__ and spec.origin == path and spec.loader.get_source('cached_module') == 'value = 1\n'
    assert importlib.reload(cached_module) is cached_module

    class Finder:
        def find_spec(self, name, path, target=None):
            if name == 'conjured':
                return importlib.util.spec_from_loader(name, self)

        def create_module(self, spec):
            return None

        def exec_module(self, module):
            module.answer = 42

    sys.meta_path.append(Finder())
    import conjured
    assert conjured.answer == 42
    os.mkdir(os.path.join(folder, 'starred'))
    with open(os.path.join(folder, 'starred', '__init__.py'), 'w') as file:
        file.write("__all__ = ['*', 'x']\nx = 1\n")
    raises(AttributeError, "has no attribute '*'", exec, 'from starred import *')
    raises(ImportError, "cannot import name 'nothing' from 'starred'", exec, 'from starred import nothing')
    raises(ModuleNotFoundError, "No module named 'cached_module.sub'; 'cached_module' is not a package", __import__, 'cached_module.sub')

print('ok')
