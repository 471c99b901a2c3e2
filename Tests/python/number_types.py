"""int, bool, float, complex, math, cmath, _random, _struct, binascii and digests: facts that CPython 3.12 answers the same way."""

import _md5
import _random
import _sha2
import _struct
import binascii
import cmath
import math


def raises(kind, text, function):
    try:
        function()
    except kind as error:
        assert str(error) == text, str(error)
    else:
        raise AssertionError(f"no {kind.__name__}: {text}")


def test_int():
    a, b = 3**200, -(7**90)
    q, r = divmod(a, b)
    assert q * b + r == a and b < r <= 0
    assert (a ^ b) == ~(~a ^ b) and (a & b) + (a | b) == a + b
    assert -5 >> 1 == -3 and (-(1 << 64)) >> 64 == -1 and (-(1 << 64) - 1) >> 64 == -2
    assert pow(3, -1, 7) == 5 and pow(2, 10**3, -7) == -5
    assert int("1_000") == 1000 and int("0x1f", 0) == 31 and int("\u0661\u0662") == 12
    assert (-(1 << 63)).to_bytes(8, "little", signed=True) == bytes(7) + b"\x80"
    assert int.from_bytes(b"\xff\x00", signed=True) == -256
    assert round(25, -1) == 20 and round(35, -1) == 40 and hash(2**61 - 1) == 0 and hash(-1) == -2
    assert f"{2**70:,}" == "1,180,591,620,717,411,303,424" and f"{-255:#x}" == "-0xff"
    raises(ValueError, "invalid literal for int() with base 10: '1 2'", lambda: int("1 2"))
    raises(OverflowError, "int too big to convert", lambda: (256).to_bytes())
    raises(ValueError, "base is not invertible for the given modulus", lambda: pow(2, -1, 4))
    raises(ValueError, "Exceeds the limit (4300 digits) for integer string conversion; "
           "use sys.set_int_max_str_digits() to increase the limit", lambda: str(10**5000))


def test_float():
    assert repr(0.1 + 0.2) == "0.30000000000000004" and repr(1e16) == "1e+16" and repr(-0.0) == "-0.0"
    assert (0.1).as_integer_ratio() == (3602879701896397, 36028797018963968)
    assert -7.5 // 2 == -4.0 and -7.5 % 2 == 0.5 and divmod(7.5, -2) == (-4.0, -0.5)
    assert 2**53 + 1 > float(2**53) and float(2**64) == 2**64 and not float("nan") == float("nan")
    assert round(2.675, 2) == 2.67 and round(0.5) == 0 and round(1.5) == 2
    assert float.fromhex("0x1.8p1") == 3.0 and (3.0).hex() == "0x1.8000000000000p+1"
    raises(OverflowError, "(34, 'Numerical result out of range')", lambda: 1e300**2)
    raises(ZeroDivisionError, "0.0 cannot be raised to a negative power", lambda: 0.0**-1)
    raises(OverflowError, "cannot convert float infinity to integer", lambda: int(math.inf))


def test_complex():
    assert (1 + 2j) * (3 - 1j) == 5 + 5j and (5 + 5j) / (1 + 1j) == 5 and (1j) ** 2 == -1
    assert complex("1-2j") == 1 - 2j and repr(complex(-0.0, -1)) == "(-0-1j)" and hash(complex(3)) == 3
    raises(OverflowError, "absolute value too large", lambda: abs(complex(1.7e308, 1.7e308)))
    assert cmath.sqrt(-1) == 1j and cmath.log(-1).imag == math.pi and cmath.exp(complex(-math.inf, 1)) == 0


def test_math():
    assert math.comb(50, 25) == 126410606437752 and math.perm(5, 2) == 20 and math.factorial(25) == 15511210043330985984000000
    assert math.gcd(2**90, 6**40) == 2**40 and math.lcm(4, 6, 10) == 60 and math.isqrt(10**40 - 1) == 10**20 - 1
    assert math.fsum([0.1] * 10) == 1.0 and math.sumprod([0.1] * 10, [1] * 10) == 1.0
    assert math.hypot(3, 4) == 5 and math.dist((0, 0), (1e200, 0)) == 1e200
    assert math.gamma(5) == 24 and math.nextafter(1, 2, steps=3) == 1 + 3 * 2**-52 and math.frexp(-3) == (-0.75, 2)
    assert math.log(10**400, 10) == 400 or abs(math.log(10**400, 10) - 400) < 1e-10
    raises(ValueError, "math domain error", lambda: math.sqrt(-1))
    raises(OverflowError, "math range error", lambda: math.exp(1000))


def test_random():
    generator = _random.Random()
    generator.seed(42)
    assert generator.random() == 0.6394267984578837
    state = generator.getstate()
    first = generator.getrandbits(100)
    generator.setstate(state)
    assert generator.getrandbits(100) == first


def test_bytes():
    assert _struct.pack(">hIq", -2, 7, -1) == b"\xff\xfe\x00\x00\x00\x07" + b"\xff" * 8
    assert _struct.unpack("<2sf", b"ab\x00\x00\x80\x3f") == (b"ab", 1.0)
    raises(_struct.error, "'b' format requires -128 <= number <= 127", lambda: _struct.pack("b", 128))
    assert binascii.hexlify(b"abc", "-") == b"61-62-63" and binascii.crc32(b"hello") == 907060870
    raises(binascii.Error, "Odd-length string", lambda: binascii.unhexlify("abc"))
    assert _md5.md5(b"").hexdigest() == "d41d8cd98f00b204e9800998ecf8427e"
    digest = _sha2.sha256(b"a")
    copy = digest.copy()
    digest.update(b"bc")
    assert digest.hexdigest() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" != copy.hexdigest()


for name, test in list(globals().items()):
    if name.startswith("test_"):
        test()
print("number types: ok")
