"""The app on the phones, and when people use it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from simulator.core.distributions import LogNormal
from simulator.scenario.models.base import HOUR, MINUTE, Model
from simulator.scenario.quantities import Duration, RandomDuration, RandomNumber, Share, Weights


class Sessions(Model):
    """When people use the app."""

    per_day: RandomNumber = Field(
        default=LogNormal(3.0, 0.7, 0.0, 12.0), description="Sessions a day, drawn once per person [a]."
    )
    length: RandomDuration = Field(
        default=LogNormal(40.0, 0.9, 1.0, 1 * HOUR),
        description="Length of a session; mean below 1 min (Boehmer et al. 2011 [v]).",
    )
    gap: Duration = Field(
        default=30 * MINUTE,
        ge=1,
        description="Shortest time between two sessions; an exponential time comes on top (eventsim [v]).",
    )
    night: Share = Field(
        default=0.1,
        description="Activity between 23:00 and 06:00 as a share of the day's (night damping [a]).",
    )
    weekend: Share = Field(
        default=0.8,
        description="Activity on Saturday and Sunday as a share of a working day's (weekend damping [a]).",
    )


class App(Model):
    """The app on the phones, with the Mobile SDK in it."""

    id: str = Field(min_length=1, description="Bundle or package id, such as `com.example.shop`.")
    name: str = Field(min_length=1, description="Name of the app.")
    version: Weights = Field(
        default={"1.0.0 (1)": 1.0},
        description="Version as `version (build)`, or weighted versions in the field.",
    )
    sessions: Sessions = Field(default=Sessions(), description="When people use it.")
    location_events: Literal["sdk", "rich"] = Field(
        default="sdk",
        description="`sdk`: entry and exit events as the Mobile SDK sends them. `rich`: with coordinates, "
        "local time, distance, fence and device, as an app may add them.",
    )
