"""The command line: parse, call, print.

Heavy imports wait until a command runs, so that ``--help`` is instant.
"""

from __future__ import annotations

from collections.abc import Sequence

import rich_click as click

from simulator import __version__
from simulator.cli.beginning import new
from simulator.cli.journeys import event_definition, import_journey, triggerable
from simulator.cli.listener import listen
from simulator.cli.live_map import live
from simulator.cli.looking import check, explain, people, schema
from simulator.cli.provisioning import provision
from simulator.cli.receiver import export, serve
from simulator.cli.replaying import replay
from simulator.cli.reports import report, verify
from simulator.cli.running import run

click.rich_click.TEXT_MARKUP = "markdown"
click.rich_click.SHOW_ARGUMENTS = True
click.rich_click.STYLE_COMMANDS_TABLE_COLUMN_WIDTH_RATIO = (1, 3)

EPILOG = """
Exit codes: **0** good, **1** an expectation failed, **2** the scenario or the call is wrong,
**3** events could not be delivered, **130** interrupted, **70** a fault of journeysim itself.
"""


class _InOrder(click.RichGroup):
    """Lists commands as they stand here, the most wanted first."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(cls=_InOrder, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="journeysim")
def main() -> None:
    """Simulate people, phones and geofences, and stream the XDM events a real app would send.

    Start with `journeysim run scenarios/lunch_rush.yaml`, or with files of your own: `journeysim new prove`.
    """


_PANELS = {
    "Run": (run, live, check, new),
    "Look at a run": (report, explain, verify),
    "The other side": (serve, listen, provision),
    "Journeys": (event_definition, triggerable, import_journey),
    "Files": (people, schema, export, replay),
}
for _commands in _PANELS.values():
    for _command in _commands:
        main.add_command(_command)
click.rich_click.COMMAND_GROUPS = {
    "*": [
        {"name": name, "commands": [str(command.name) for command in commands]}
        for name, commands in _PANELS.items()
    ]
}

__all__: Sequence[str] = ("main",)
