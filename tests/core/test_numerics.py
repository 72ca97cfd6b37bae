"""Reproducible elementary functions agree with the C library's to the last few bits."""

from __future__ import annotations

import os
import subprocess
import sys
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.core import numerics


@given(st.floats(-10.0, 10.0))
def test_sine_and_cosine_agree_with_the_library(x: float) -> None:
    assert float(numerics.sin(x)) == pytest.approx(float(np.sin(x)), abs=1e-15)
    assert float(numerics.cos(x)) == pytest.approx(float(np.cos(x)), abs=1e-15)


@given(st.floats(1e-300, 1e300))
def test_logarithm_agrees_with_the_library(x: float) -> None:
    assert float(numerics.log(x)) == pytest.approx(float(np.log(x)), rel=1e-14, abs=1e-15)


@given(st.floats(-600.0, 600.0))
def test_exponential_agrees_with_the_library(x: float) -> None:
    assert float(numerics.exp(x)) == pytest.approx(float(np.exp(x)), rel=1e-14)


@given(st.floats(1e-12, 1 - 1e-12))
def test_normal_quantiles_agree_with_the_standard_library(u: float) -> None:
    assert numerics.normal_ppf(np.array([u]))[0] == pytest.approx(
        NormalDist().inv_cdf(u), rel=1e-9, abs=1e-12
    )


def test_an_array_gives_the_same_bits_as_its_elements_one_by_one() -> None:
    x = np.linspace(0.01, 6.0, 997)
    for function in (numerics.sin, numerics.cos, numerics.log, numerics.exp):
        together = function(x)
        assert together.tolist() == [float(function(value)) for value in x.tolist()]


DIGEST = """
import hashlib, numpy as np
from simulator.core import numerics
from simulator.core.distributions import Exponential, LogNormal, Normal
from simulator.core.randomness import member_keys, uniform
u = uniform(member_keys(1, np.arange(20000)))
parts = [f(u * 6).tobytes() for f in (numerics.sin, numerics.cos, numerics.log, numerics.exp)]
parts += [d.ppf(u).tobytes() for d in (Normal(0, 1), LogNormal(2, 0.5), Exponential(3))]
print(hashlib.sha256(b"".join(parts)).hexdigest())
"""


def test_a_processor_without_vector_units_computes_the_same_bits() -> None:
    def digest(**environment: str) -> str:
        return subprocess.run(
            [sys.executable, "-W", "ignore", "-c", DIGEST],
            env={**os.environ, **environment},
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    plain = digest(
        NPY_DISABLE_CPU_FEATURES="AVX2 FMA3 AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL",
        GLIBC_TUNABLES="glibc.cpu.hwcaps=-AVX2,-FMA,-AVX512F",
    )
    assert plain == digest()
