"""Carrying a plan out, and taking back what was made."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from simulator.core.errors import UsageError
from simulator.provision.access import Access, HttpAccess, PlatformError
from simulator.provision.needs import event_types_of
from simulator.provision.paths import CONTENT_TYPE
from simulator.provision.plan import Plan, TestProfiles, load_plan
from simulator.provision.recipes import (
    EMAIL_FIELD,
    event_schema,
    loyalty_group,
    message,
    profile_schema,
)
from simulator.provision.rehearsal import Rehearsal
from simulator.provision.steps import Steps
from simulator.scenario import load_scenario
from simulator.scenario.provisioned import (
    Made,
    Provisioned,
    ProvisionedInlet,
    read_provisioned,
    write_provisioned,
)

Records = Callable[[Path], Iterable[dict[str, Any]]]
"""The people of a scenario file as profile records, without an identity that is primary."""

Report = Callable[[str], None]

_PROFILES_PER_REQUEST = 100


def provision(
    plan_path: Path,
    *,
    records: Records,
    report: Report,
    dry_run: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> Path:
    """Set up what the plan at ``plan_path`` asks for; what is there already is taken as it is.

    ``report`` gets one line for each thing, in a dry run every call instead. Returns the file that says what was
    set up, which is written after each thing that was made, so that an interrupted call loses none. Raises
    ``InputError`` and ``UsageError`` for a wrong plan, ``PlatformError`` when the platform refuses.
    """
    plan = load_plan(plan_path)
    output = _output(plan_path, plan)
    scenario = load_scenario(plan.scenario).scenario
    types = plan.events.types or event_types_of(scenario)
    if dry_run:
        _Work(plan, output, Rehearsal(report, plan.platform.url), report, sleep, written=False).run(
            types, records
        )
        return output
    with HttpAccess(plan.platform, sleep) as access:
        _Work(plan, output, access, report, sleep, written=True).run(types, records)
    return output


def unprovision(plan_path: Path, *, report: Report, dry_run: bool = False) -> int:
    """Delete what :func:`provision` made, the last thing first; how many things there were.

    What it had found existing stays. Something that is gone already counts as deleted. What cannot be deleted is
    said, and stays in the file, for another time; ``PlatformError`` is raised for it at the end.
    """
    plan = load_plan(plan_path)
    output = _output(plan_path, plan)
    state = read_provisioned(output)
    if state.url != plan.platform.url or state.organization != plan.platform.organization:
        raise UsageError(f"{output}: was made on {state.url} for {state.organization}, not as the plan says")
    if dry_run:
        rehearsal = Rehearsal(report, plan.platform.url)
        for made in reversed(state.made):
            rehearsal.call("DELETE", made.path)
        return len(state.made)
    with HttpAccess(plan.platform) as access:
        deleted, failures = _delete_all(access, state, output, report)
    if failures:
        raise PlatformError("not everything could be deleted:\n" + "\n".join(failures))
    output.unlink()
    return deleted


def _delete_all(access: Access, state: Provisioned, output: Path, report: Report) -> tuple[int, list[str]]:
    deleted = 0
    failures: list[str] = []
    for made in reversed(list(state.made)):
        try:
            access.call("DELETE", made.path)
        except PlatformError as error:
            if error.status != 404:  # gone already is what was wanted
                failures.append(f"{made.kind} {made.name}: {error}")
                continue
        deleted += 1
        state.made.remove(made)
        write_provisioned(state, output)
        report(f"deleted  {made.kind:<18} {made.name}")
    return deleted, failures


class _Work:
    """One plan being carried out."""

    def __init__(
        self,
        plan: Plan,
        output: Path,
        access: Access,
        report: Report,
        sleep: Callable[[float], None],
        *,
        written: bool,
    ) -> None:
        self._plan = plan
        self._output = output
        self._access = access
        self._report = report
        self._sleep = sleep
        self._written = written
        self._steps = Steps(access, self._note)
        self._state = self._begin()

    def run(self, types: Iterable[str], records: Records) -> None:
        plan, steps = self._plan, self._steps
        self._state.tenant = steps.tenant()
        own = steps.field_group(loyalty_group(plan.name, self._state.tenant)) if plan.events.loyalty else None
        recipe = event_schema(plan.name, types, plan.events, own)
        schema = steps.schema(recipe)
        identity = plan.events.primary_identity
        if identity is not None:
            field = identity.field.replace("TENANT", self._state.tenant)
            steps.primary_identity(schema, field, identity.namespace)
        dataset = steps.dataset(recipe.title, schema, profile=plan.events.profile)
        self._state.inlet = steps.inlet(
            recipe.title, schema, dataset, authenticated=plan.events.authenticated
        )
        self._save()
        if plan.test_profiles is not None:
            self._put_test_profiles(plan.test_profiles, records)
        self._save()

    def _put_test_profiles(self, wanted: TestProfiles, records: Records) -> None:
        plan = self._plan
        recipe = profile_schema(plan.name)
        schema = self._steps.schema(recipe)
        self._steps.primary_identity(schema, EMAIL_FIELD, "Email")
        dataset = self._steps.dataset(recipe.title, schema, profile=True)
        inlet = self._steps.inlet(recipe.title, schema, dataset, authenticated=plan.events.authenticated)
        self._state.profile_inlet = inlet
        self._save()
        if self._written and wanted.wait:
            self._report(f"waiting  {wanted.wait:g} s for the inlet to be ready")
            self._sleep(wanted.wait)
        sent = 0
        for page in _pages(islice(records(plan.scenario), wanted.count), _PROFILES_PER_REQUEST):
            messages = [message(self._header(inlet), record) for record in page]
            refused = self._access.send(inlet.url, messages, inlet.authenticated)
            if refused:
                raise PlatformError(f"{len(refused)} test profiles were refused, the first: {refused[0]}")
            sent += len(page)
        if self._written:
            self._report(f"sent     {'test profiles':<18} {sent}")

    def _header(self, inlet: ProvisionedInlet) -> dict[str, Any]:
        return {
            "schemaRef": {"id": inlet.schema_id, "contentType": CONTENT_TYPE},
            "imsOrgId": self._plan.platform.organization,
            "datasetId": inlet.dataset_id,
            "flowId": inlet.flow_id,
            "source": {"name": inlet.source_name},
        }

    # --- what is kept ---------------------------------------------------------------------------------------

    def _begin(self) -> Provisioned:
        """The state of an earlier call, so that what it made is not forgotten; or a new one."""
        platform = self._plan.platform
        if self._written and self._output.exists():
            state = read_provisioned(self._output)
            if state.url == platform.url and state.organization == platform.organization:
                return state
            raise UsageError(
                f"{self._output}: says what was made on {state.url} for {state.organization}; "
                "delete that first, or name another output"
            )
        return Provisioned(
            plan=self._plan.name,
            url=platform.url,
            organization=platform.organization,
            sandbox=platform.sandbox,
            credentials={
                "client_id": platform.client_id.written(),
                "client_secret": platform.client_secret.written(),
                "token_url": platform.token_url,
                "scopes": list(platform.scopes),
            },
        )

    def _note(self, what: str, made: Made) -> None:
        if what == "created":
            self._state.made.append(made)
            self._save()
        if self._written:
            self._report(f"{what:<8} {made.kind:<18} {made.name}")

    def _save(self) -> None:
        if self._written:
            write_provisioned(self._state, self._output)


def _output(plan_path: Path, plan: Plan) -> Path:
    return plan_path.parent / Path(plan.output).expanduser()


def _pages(items: Iterable[dict[str, Any]], size: int) -> Iterator[list[dict[str, Any]]]:
    rest = iter(items)
    while page := list(islice(rest, size)):
        yield page
