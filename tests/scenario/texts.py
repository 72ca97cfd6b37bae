"""Scenario texts for the tests."""

from __future__ import annotations

MINIMAL = """\
version: 1
name: corner-shop
description: One shop and the people who live around it.
clock:
  start: 2026-03-02T11:00
  timezone: Europe/Berlin
  duration: 2 h
places:
  - library: shops
    inline:
      - name: Corner shop
        at: [52.52, 13.405]
        radius: 100 m
people:
  neighbours:
    size: 50
    home:
      around: {at: [52.52, 13.405], radius: 1 km}
app:
  id: com.example.shop
  name: Example Shop
"""

RICH = """\
version: 1
name: everything
description: Every kind of value that a scenario can hold.
seed: 7
clock: {start: 2026-03-02 11:00:30, timezone: UTC, duration: 90 min, speed: 60}
places:
  - library: chain
    file: data/stores.csv
    columns: {latitude: lat, longitude: lon, name: "Store {number}", metadata: [number, kind]}
    radius: {lognormal: {mean: 200 m, sigma: 0.5, max: 2 km}}
  - library: town
    inline:
      - name: Market
        at: {lat: -33.9, lon: 18.4}
        radius: {choice: {50 m: 1, 100 yd: 3}}
        attractiveness: {exponential: {mean: 2, min: 0.5}}
        metadata: {storeNumber: "001"}
people:
  commuters:
    size: {normal: {mean: 120.5, sd: 10}}
    home:
      towns:
        file: data/towns.csv
        near_places: 15 km
    work:
      share: 80 %
      distance: {uniform: {low: 1 km, high: 20 km}}
      days: [mon, fri]
      leave_home: {normal: {mean: "08:15:30", sd: 20 min}}
    schedule:
      lunch: {}
      errands: {library: town, per_day: {choice: [0, 1, {value: 2, weight: 3}]}}
      evening: null
    travel:
      car: null
      cycle: {speed: 15 km/h, up_to: 5 mi}
    phone: {os: ios, language: [en-US, de-DE], carrier: {A: 30 %, B: 70 %}}
app:
  id: com.example.shop
  name: Example Shop
  sessions: {per_day: 2, night: 5 %}
  location_events: rich
destination: {to: "file:out.ndjson", batch_size: 100, give_up_after: 0}
expect:
  - {metric: rejected, equals: 0}
"""
