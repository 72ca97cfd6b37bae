"""What happens to phones: lost signal, empty batteries, apps that are ended, wrong clocks."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from simulator.scenario.models.base import Model
from simulator.scenario.quantities import Duration, Number, RandomDuration, Share, Weights


class Spells(Model):
    """A state that comes and goes."""

    per_day: Number | None = Field(
        default=None, ge=0, description="How often a day it begins, on average; by default as is typical."
    )
    length: RandomDuration | None = Field(
        default=None, description="How long it lasts; by default as is typical."
    )


class PermissionChanges(Model):
    """How people change their minds about the location."""

    per_day: Number | None = Field(
        default=None, ge=0, description="How often a day, on average; by default as is typical."
    )
    to: Weights | None = Field(
        default=None,
        description="What they then allow: `always`, `while_in_use`, `approximate`, `denied`; by default as is "
        "typical.",
    )


class ClockErrors(Model):
    """How far the phones' clocks are off; drawn once per phone."""

    sd: Duration | None = Field(
        default=None, description="Standard deviation of clocks that are set right; by default as is typical."
    )
    wrong: Share | None = Field(
        default=None, description="Share of phones whose clock is wrong by minutes; by default as is typical."
    )
    wrong_by: RandomDuration | None = Field(
        default=None, description="By how much those are wrong, either way; by default as is typical."
    )
    wrong_zone: Share | None = Field(
        default=None, description="Share of phones that are off by whole hours; by default as is typical."
    )


class Conditions(Model):
    """What happens to the phones of a group (docs/phone.md)."""

    others: Literal["typical", "never"] = Field(
        default="typical", description="How often everything happens of which nothing is said here."
    )
    offline: Spells | None = Field(default=None, description="Times without a connection.")
    airplane_mode: Spells | None = Field(default=None, description="Times in airplane mode.")
    switched_off: Spells | None = Field(default=None, description="Times when the phone is off.")
    restart: Spells | None = Field(default=None, description="Restarts of the phone.")
    battery_saver: Spells | None = Field(default=None, description="Times in which the phone saves energy.")
    force_quit: Share | None = Field(
        default=None, description="Share of sessions after which the person ends the app by force."
    )
    crash: Share | None = Field(default=None, description="Share of sessions in which the app crashes.")
    update: Number | None = Field(
        default=None, ge=0, description="Updates of the app per person and day, on average."
    )
    reinstall: Number | None = Field(
        default=None, ge=0, description="How often a person installs the app afresh, per day, on average."
    )
    permission: PermissionChanges | None = Field(
        default=None, description="Changes of the permission during the run."
    )
    clock: ClockErrors | None = Field(default=None, description="How far the phones' clocks are off.")
