"""Elementary functions that give the same bits on every machine.

The same scenario and seed must give the same bytes everywhere, but the sine of one C library (or of one
processor's vector unit) may differ from another's in the last place. Addition, multiplication, division
and square root may not: IEEE 754 fixes them. So the few transcendental functions that decide where people
are and when things happen are built here from those four, and work on scalars and on numpy arrays alike.

Accuracy is about 1 part in 10^15 over the ranges that the simulator uses (stated per function), which is
nanometres on the ground. Nothing here is faster than numpy's own functions, and nothing else in the
package may use ``np.sin``, ``np.log`` and their relatives in the model.
"""

from __future__ import annotations

from math import factorial
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_DEGREE = 0.017453292519943295  # pi / 180
_HALF_PI = 1.5707963267948966
_TWO_PI = 6.283185307179586
_LN2_HIGH = 0.6931471803691238  # ln 2 in two parts, as in fdlibm, so that k * _LN2_HIGH is exact
_LN2_LOW = 1.9082149292705877e-10
_SQRT_HALF = 0.7071067811865476


def radians(degrees: Any) -> Any:
    """Degrees to radians."""
    return degrees * _DEGREE


_Polynomial = tuple[FloatArray, ...]


def _polynomial(*coefficients: float) -> _Polynomial:
    """A polynomial by its coefficients, that of x^0 first, which numpy takes sooner as arrays than as floats."""
    return tuple(np.array(coefficient) for coefficient in coefficients)


def _horner(coefficients: _Polynomial, x: Any) -> Any:
    """The value of a polynomial at ``x``; arrays are worked on in place."""
    total = x * coefficients[-1]
    for coefficient in reversed(coefficients[1:-1]):
        total += coefficient
        total *= x
    total += coefficients[0]
    return total


# Taylor's series of the sine after its first term, by powers of x^2: the remainder is below 1e-18.
_SIN = _polynomial(*((-1.0) ** n / factorial(2 * n + 1) for n in range(1, 11)))
# The series of atanh after its first term, by powers of s^2.
_ATANH = _polynomial(*(1.0 / divisor for divisor in range(3, 25, 2)))
# Taylor's series of the exponential function.
_EXP = _polynomial(*(1.0 / factorial(power) for power in range(14)))


def _sin_poly(x: Any) -> Any:
    """Sine on [-pi/2, pi/2]: Taylor's series to x^21."""
    y = x * x
    return x + x * (y * _horner(_SIN, y))


def sin(x: Any) -> Any:
    """Sine of ``x`` radians, for |x| up to a few turns."""
    x = x - np.floor(x / _TWO_PI + 0.5) * _TWO_PI  # now in [-pi, pi]
    x = np.minimum(x, (2.0 * _HALF_PI) - x)
    x = np.maximum(x, (-2.0 * _HALF_PI) - x)
    return _sin_poly(x)


def cos(x: Any) -> Any:
    """Cosine of ``x`` radians, for |x| up to a few turns."""
    return sin(x + _HALF_PI)


def log(x: Any) -> Any:
    """Natural logarithm of positive ``x``: the exponent apart, then the series of atanh."""
    m, e = np.frexp(x)  # x = m * 2^e with m in [0.5, 1)
    low = m < _SQRT_HALF
    m = np.where(low, m * 2.0, m)
    e = (e - low).astype(np.float64)
    s = (m - 1.0) / (m + 1.0)  # |s| <= 0.1716
    y = s * s
    p = _horner(_ATANH, y)
    return e * _LN2_HIGH + (e * _LN2_LOW + (2.0 * s + 2.0 * s * (y * p)))


def exp(x: Any) -> Any:
    """e^x for |x| below 700: a power of two apart, then Taylor's series to r^13 with |r| <= ln2 / 2."""
    x = np.asarray(x, dtype=np.float64)
    k = np.floor(x / (_LN2_HIGH + _LN2_LOW) + 0.5)
    r = (x - k * _LN2_HIGH) - k * _LN2_LOW
    return np.ldexp(_horner(_EXP, r), k.astype(np.int32))  # numpy is quick for such exponents alone


def power(x: Any, exponent: float) -> Any:
    """``x`` to a fixed power, ``x`` positive."""
    return exp(exponent * log(x))


# Coefficients of algorithm AS 241 (Wichura 1988, PPND16), relative accuracy about 1e-16.
_A = _polynomial(
    3.3871328727963666080e0,
    1.3314166789178437745e2,
    1.9715909503065514427e3,
    1.3731693765509461125e4,
    4.5921953931549871457e4,
    6.7265770927008700853e4,
    3.3430575583588128105e4,
    2.5090809287301226727e3,
)
_B = _polynomial(
    1.0,
    4.2313330701600911252e1,
    6.8718700749205790830e2,
    5.3941960214247511077e3,
    2.1213794301586595867e4,
    3.9307895800092710610e4,
    2.8729085735721942674e4,
    5.2264952788528545610e3,
)
_C = _polynomial(
    1.42343711074968357734e0,
    4.63033784615654529590e0,
    5.76949722146069140550e0,
    3.64784832476320460504e0,
    1.27045825245236838258e0,
    2.41780725177450611770e-1,
    2.27238449892691845833e-2,
    7.74545014278341407640e-4,
)
_D = _polynomial(
    1.0,
    2.05319162663775882187e0,
    1.67638483018380384940e0,
    6.89767334985100004550e-1,
    1.48103976427480074590e-1,
    1.51986665636164571966e-2,
    5.47593808499534494600e-4,
    1.05075007164441684324e-9,
)
_E = _polynomial(
    6.65790464350110377720e0,
    5.46378491116411436990e0,
    1.78482653991729133580e0,
    2.96560571828504891230e-1,
    2.65321895265761230930e-2,
    1.24266094738807843860e-3,
    2.71155556874348757815e-5,
    2.01033439929228813265e-7,
)
_F = _polynomial(
    1.0,
    5.99832206555887937690e-1,
    1.36929880922735805310e-1,
    1.48753612908506148525e-2,
    7.86869131145613259100e-4,
    1.84631831751005468180e-5,
    1.42151175831644588870e-7,
    2.04426310338993978564e-15,
)


def normal_ppf(u: FloatArray) -> FloatArray:
    """Quantile function of the standard normal distribution for ``u`` in (0, 1) (algorithm AS 241)."""
    u = np.asarray(u, dtype=np.float64)
    q = u - 0.5
    r = 0.180625 - q * q
    result: FloatArray = np.asarray(q * _horner(_A, r) / _horner(_B, r))
    outer = np.flatnonzero(np.abs(q) > 0.425)
    if len(outer):
        low = q.take(outer) < 0.0
        share = u.take(outer)
        s = np.sqrt(-log(np.minimum(share, 1.0 - share)))
        tail = _horner(_C, s - 1.6) / _horner(_D, s - 1.6)
        extreme = s > 5.0
        if extreme.any():
            far = s[extreme] - 5.0
            tail[extreme] = _horner(_E, far) / _horner(_F, far)
        result.put(outer, np.where(low, -tail, tail))
    return result
