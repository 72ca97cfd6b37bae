"""The identity map as bytes says what the builder of events says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.sdk.identity import AuthenticatedState, anonymous, ecid_of, known
from simulator.xdm import identity_map, json_value

ECID = "12345678901234567890123456789012345678"


def test_somebody_who_is_not_logged_in_has_an_ecid_alone() -> None:
    assert anonymous(ECID) == json_value(identity_map(ECID))
    assert ecid_of(anonymous(ECID)) == ECID


@pytest.mark.parametrize("state", ["ambiguous", "authenticated", "loggedOut"])
@given(
    namespace=st.from_regex(r"[A-Za-z][A-Za-z0-9_]*", fullmatch=True),
    id=st.text(st.characters(codec="utf-8")),
)
def test_a_login_follows_the_ecid(state: AuthenticatedState, namespace: str, id: str) -> None:
    item = {"id": id, "authenticatedState": state, "primary": False}
    identities = known(ECID, namespace, id, state)
    if namespace != "ECID":
        assert identities == json_value(identity_map(ECID, {namespace: [item]}))
    assert ecid_of(identities) == ECID
