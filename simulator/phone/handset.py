"""Which phone each person has: the device, its system, language, carrier and the installed app version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.core.distributions import pick
from simulator.core.randomness import KeyArray, purpose_keys, uniform
from simulator.phone.devices import DeviceModel, Os, device_named, devices_for
from simulator.scenario.models import App, PhoneMix
from simulator.xdm import is_language_tag


@dataclass(frozen=True, slots=True)
class Handset:
    """What many phones have in common; two phones with equal handsets differ only in whose they are."""

    device: DeviceModel
    os_version: str
    language: str
    carrier: str
    app_version: str

    @property
    def os(self) -> Os:
        """``ios`` or ``android``."""
        return self.device.os


def _draw(weights: Sequence[float], keys: KeyArray, purpose: str) -> npt.NDArray[np.intp]:
    return pick(tuple(weights), uniform(purpose_keys(keys, purpose)))


def models_for(mix: PhoneMix, os: Os) -> tuple[list[DeviceModel], list[float]]:
    """The models of one system in a mix, with their weights.

    Raises ValueError, with the nearest name, for a model that the catalogue does not know.
    """
    if mix.models is None:
        devices = list(devices_for(os))
        return devices, [device.weight for device in devices]
    named = [(device_named(name), weight) for name, weight in mix.models.items()]
    chosen = [(device, weight) for device, weight in named if device.os == os]
    return [device for device, _ in chosen], [weight for _, weight in chosen]


def draw_systems(mix: PhoneMix, keys: KeyArray) -> npt.NDArray[np.intp]:
    """For each person the system of their phone, as a position in ``mix.os``."""
    return _draw(list(mix.os.values()), keys, "phone.os")


def draw_handsets(mix: PhoneMix, app: App, keys: KeyArray) -> tuple[list[Handset], npt.NDArray[np.intp]]:
    """The distinct handsets of a cohort, and for each person the index of theirs."""
    os_names = list(mix.os)
    os_index = draw_systems(mix, keys)
    columns = np.empty((5, len(keys)), dtype=np.int64)
    columns[2] = _draw(list(mix.language.values()), keys, "phone.language")
    columns[3] = _draw(list(mix.carrier.values()), keys, "phone.carrier")
    columns[4] = _draw(list(app.version.values()), keys, "phone.app_version")
    devices: list[DeviceModel] = []
    for i, os in enumerate(os_names):
        models, weights = models_for(mix, _os(os))
        has = np.flatnonzero(os_index == i)
        if len(has):
            columns[0, has] = len(devices) + _draw(weights, keys[has], "phone.model")
        devices += models
    version_draw = uniform(purpose_keys(keys, "phone.os_version"))
    for d, device in enumerate(devices):
        has = np.flatnonzero(columns[0] == d)
        columns[1, has] = pick(tuple(version.weight for version in device.os_versions), version_draw[has])
    # One number per combination: finding the distinct ones is then a plain sort.
    sizes = columns.max(axis=1, initial=0) + 1
    code = np.zeros(len(keys), dtype=np.int64)
    for column, size in zip(columns, sizes.tolist(), strict=True):
        code = code * size + column
    _, first, index = np.unique(code, return_index=True, return_inverse=True)
    languages, carriers, versions = list(mix.language), list(mix.carrier), list(app.version)
    handsets = [
        Handset(
            devices[device],
            devices[device].os_versions[system].version,
            languages[i],
            carriers[j],
            versions[k],
        )
        for device, system, i, j, k in columns[:, first].T.tolist()
    ]
    return handsets, index


def _os(name: str) -> Os:
    if name == "ios":
        return "ios"
    if name == "android":
        return "android"
    raise ValueError(f"unknown operating system {name!r}; known are `ios` and `android`")


def check_mix(mix: PhoneMix) -> None:
    """Raise ValueError for systems or models that the catalogue does not know, a system without models, or a language
    that is none."""
    for language in mix.language:
        if not is_language_tag(language):
            raise ValueError(f"{language!r} is no language tag; expected one such as en-US or de")
    for os in mix.os:
        models, _ = models_for(mix, _os(os))
        if not models:
            raise ValueError(f"no model for {os}; name at least one of its models, or leave {os} out of `os`")
