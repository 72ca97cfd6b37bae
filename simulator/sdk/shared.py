"""What the SDKs of all phones of a worker have in common."""

from __future__ import annotations

from functools import cached_property

from simulator.phone import Os
from simulator.scenario.models import App
from simulator.sdk.consent import Choice, consent_event
from simulator.sdk.forms import EventForms, sdk_facts
from simulator.sdk.network import Network
from simulator.sdk.push import token_event
from simulator.sdk.record import SdkRecord
from simulator.xdm import Template


class SdkShared:
    """The app's settings, the network, and the record; made once per worker."""

    def __init__(self, forms: EventForms, network: Network, record: SdkRecord) -> None:
        self.app: App = forms.app
        self.forms = forms
        self.network = network
        self.record = record
        self.post = record.post
        """Takes what leaves the phones."""
        self.perfect = network.perfect
        self.swift = network.swift
        self.late_after_ms = record.late_after_ms
        self.dedupe = self.app.dedupe
        self.needs_metadata = self.app.no_metadata == "absent"
        """Whether Android makes no events of places that the places service says nothing about."""
        self.careful = self.dedupe or self.needs_metadata
        """Whether region events need a second look before they become events."""
        self._tokens: dict[Os, Template] = {}

    @cached_property
    def consents(self) -> tuple[Template, ...]:
        """Changes of consent, by ``Choice``."""
        return tuple(Template.compile(consent_event(choice)) for choice in Choice)

    def token(self, os: Os) -> Template:
        """Registrations of push tokens on one system."""
        template = self._tokens.get(os)
        if template is None:
            push = self.app.push
            event = token_event(self.app.id, sdk_facts(os), os, push is not None and push.sandbox)
            template = self._tokens[os] = Template.compile(event)
        return template
