"""What only the world behind a scenario knows of its scripts: names of places and products, and what is possible."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator

from simulator.core.errors import Problem
from simulator.core.simtime import MS_PER_SECOND
from simulator.people import HOME, PlaceNames, due_times
from simulator.scenario import Group, LoadedScenario, ScriptStep
from simulator.scenario.models import MOVES, Observed
from simulator.scenario.units import nearest, one_of, shown
from simulator.world import PlaceSet

_NAMES_SHOWN = 8
_IN_THE_APP = ("view", "add_to_cart", "remove_from_cart", "check_out")
Path = tuple[str | int, ...]


def script_problems(loaded: LoadedScenario, places: PlaceSet) -> Iterator[Problem]:
    """Mistakes in the scripts of a scenario, and warnings."""
    scenario = loaded.scenario
    yield from _doubles(loaded)
    scripted = {name: group for name, group in scenario.people.items() if group.script}
    if not scripted:
        return
    names = PlaceNames(places)
    products = [product.sku for product in scenario.products]
    for name, group in scripted.items():
        path: Path = ("people", name, "script")
        for number, step in enumerate(group.script):
            at = (*path, number)
            yield from _unknown_place(loaded, step, at, names)
            yield from _unknown_products(loaded, step, at, products)
            yield from _impossible(loaded, group, step, at)
        yield from _unknown_messages(loaded, group.script, path)
        yield from _closed_app(loaded, group.script, path)
        yield from _empty_cart(loaded, group.script, path)
        yield from _odd_times(loaded, group.script, path)


def _doubles(loaded: LoadedScenario) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for number, product in enumerate(loaded.scenario.products):
        other = first.setdefault(product.sku, number)
        if other != number:
            what = f"{shown(product.sku)} is already the SKU of products.{other}"
            yield loaded.problem(("products", number, "sku"), what, "give each product a SKU of its own")


def _unknown_place(
    loaded: LoadedScenario, step: ScriptStep, at: Path, names: PlaceNames
) -> Iterator[Problem]:
    for key in MOVES:
        name = getattr(step, key)
        if not isinstance(name, str) or name in names or (key == "go_to" and name == HOME):
            continue
        known = names.names() + ([HOME] if key == "go_to" else [])
        yield loaded.problem((*at, key), f"no place {shown(name)}", _meant(name, known))


def _unknown_products(
    loaded: LoadedScenario, step: ScriptStep, at: Path, products: list[str]
) -> Iterator[Problem]:
    single = (
        ("view", step.view),
        ("add_to_cart", step.add_to_cart),
        ("remove_from_cart", step.remove_from_cart),
    )
    wanted = [(key, sku) for key, sku in single if sku is not None]
    wanted += [("buy_in_store", sku) for sku in step.buy_in_store]
    for key, sku in wanted:
        if sku not in products:
            expected = _meant(sku, products) if products else "the scenario has no `products`"
            yield loaded.problem((*at, key), f"no product {shown(sku)}", expected)


def _meant(name: str, known: Collection[str]) -> str:
    near = nearest(name, list(known))
    return (
        f"did you mean {near!r}?"
        if near
        else f"there are {one_of(list(known), joint='and', limit=_NAMES_SHOWN)}"
    )


def _impossible(loaded: LoadedScenario, group: Group, step: ScriptStep, at: Path) -> Iterator[Problem]:
    modes = [name for name, _ in group.travel.modes()]
    if step.action in MOVES and step.by not in modes:
        what = f"nobody of the group moves by {shown(step.by)}"
        yield loaded.problem((*at, "by"), what, f"its `travel` has {one_of(modes, joint='and')}")
    if step.account is not None and loaded.scenario.app.login is None:
        yield loaded.problem((*at, "account"), "the app has no accounts", "give `app` a `login`, such as {}")
    for key in ("permission", "location"):
        if getattr(step, key) is not None and group.phone.monitoring == "ideal":
            what = "changes nothing, because the phones notice everything (`monitoring: ideal`)"
            yield loaded.problem((*at, key), what, "set `phone.monitoring: os`", warning=True)


def _unknown_messages(
    loaded: LoadedScenario, script: tuple[ScriptStep, ...], path: Path
) -> Iterator[Problem]:
    """Messages that are waited for, and that no action of the journeys can bring; a listener may bring any."""
    journeys = loaded.scenario.journeys
    if journeys is None or journeys.listener is not None:
        return
    pushes = [name for name, action in journeys.actions.items() if action.channel in (None, "push")]
    for number, step in enumerate(script):
        if not isinstance(step.after, Observed) or step.after.receives in pushes:
            continue
        name, at = step.after.receives, (*path, number, "after", "receives")
        if name in journeys.actions:
            what, expected = f"{shown(name)} is no push message", "only those reach the phone"
        else:
            what = f"no action of the journeys is called {shown(name)}, so nobody receives it"
            expected = _meant(name, pushes) if pushes else "they have none that reaches the phone"
        yield loaded.problem(at, what, expected, warning=True)


def _closed_app(loaded: LoadedScenario, script: tuple[ScriptStep, ...], path: Path) -> Iterator[Problem]:
    """Products are looked at, and put into the cart, in the app; an app opens on a phone that is on."""
    in_front, on = False, True
    for number, step in enumerate(script):
        to_front = step.app == "open" or (step.react is not None and step.react != "dismiss")
        if to_front and not on:
            what = "changes nothing, because the phone is off at this step"
            yield loaded.problem(
                (*path, number, step.action), what, "put a step `phone: on` before it", warning=True
            )
        elif to_front:
            in_front = True
        elif step.phone is not None:
            in_front, on = in_front and step.phone == "on", step.phone == "on"
        elif step.app is not None and step.app != "update":
            in_front = False
        elif step.action in _IN_THE_APP and not in_front:
            what = "happens in the app, which is not in front at this step"
            needed = "`app: open`" if on else "`phone: on`, and `app: open`,"
            yield loaded.problem((*path, number, step.action), what, f"put a step {needed} before it")
            return


def _empty_cart(loaded: LoadedScenario, script: tuple[ScriptStep, ...], path: Path) -> Iterator[Problem]:
    """What can't be taken out of the cart, or bought, because it isn't there."""
    cart = Counter[str]()
    for number, step in enumerate(script):
        if step.add_to_cart is not None:
            cart[step.add_to_cart] += step.quantity
        elif (sku := step.remove_from_cart) is not None:
            if cart[sku] < step.quantity:
                what = f"the cart holds {cart[sku]} of {shown(sku)} at this step"
                yield loaded.problem(
                    (*path, number, step.action), what, "no more are taken out", warning=True
                )
            cart[sku] = max(0, cart[sku] - step.quantity)
        elif step.check_out is not None:
            if not cart.total():
                what = "changes nothing, because the cart is empty at this step"
                yield loaded.problem(
                    (*path, number, "check_out"), what, "put something into it", warning=True
                )
            if step.check_out == "buy":
                cart.clear()


def _odd_times(loaded: LoadedScenario, script: tuple[ScriptStep, ...], path: Path) -> Iterator[Problem]:
    """Times after the end of the run, and those that have passed when their step's turn comes."""
    clock, before = loaded.scenario.clock, 0
    for number, due in enumerate(due_times(script, clock.calendar)):
        if due is None:
            continue
        when = clock.calendar.local(due).isoformat(sep=" ", timespec="minutes")[:16]
        at = (*path, number, "at")
        if due >= clock.duration * MS_PER_SECOND:
            what = f"means {when}, when the run is over"
            yield loaded.problem(at, what, "the script ends before it", warning=True)
            return
        if due < before:
            what = f"means {when}, before {'an earlier step' if before else 'the run begins'}"
            yield loaded.problem(at, what, "the step is done at once", warning=True)
        before = max(before, due)
