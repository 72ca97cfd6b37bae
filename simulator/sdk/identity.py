"""The identity map that the SDK puts on what it queues (mobile_sdk.md 6.1)."""

from __future__ import annotations

from typing import Literal

from simulator.core.identifiers import ECID_DIGITS, ecid_block
from simulator.core.randomness import KeyArray
from simulator.xdm import json_string

AuthenticatedState = Literal["ambiguous", "authenticated", "loggedOut"]
_ANONYMOUS = b'{"ECID":[{"id":"%b","authenticatedState":"ambiguous","primary":false}]}'
_BEFORE_ECID = _ANONYMOUS.index(b"%b")


def anonymous(ecid: str) -> bytes:
    """The identities of somebody who is not logged in, as JSON."""
    return _ANONYMOUS % ecid.encode()


def all_anonymous(keys: KeyArray) -> list[bytes]:
    """The same of everybody with ``keys``, each with their first ECID."""
    block = ecid_block(keys)
    return [_ANONYMOUS % block[at : at + ECID_DIGITS] for at in range(0, len(block), ECID_DIGITS)]


def known(ecid: str, namespace: str, id: str, state: AuthenticatedState) -> bytes:
    """The same with the identity of a login, which follows the ECID and is never primary."""
    login = json_string(namespace), json_string(id), state.encode()
    return b'%b,%b:[{"id":%b,"authenticatedState":"%b","primary":false}]}' % (anonymous(ecid)[:-1], *login)


def ecid_of(identities: bytes) -> str:
    """The ECID in an identity map that was made here."""
    return identities[_BEFORE_ECID : _BEFORE_ECID + ECID_DIGITS].decode()
