"""The front door: one command that mounts each room's commands, loaded only when they are used."""

import gc
import importlib
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from typer.core import TyperCommand, TyperGroup

# command -> (module, name in it, one line of help for the list)
COMMANDS: Mapping[str, tuple[str, str, str]] = {
    "init": ("scrapers.commands.importing", "init", "Create the archive or bring it up to date."),
    "doctor": (
        "scrapers.commands.doctor",
        "doctor",
        "What works here, what is missing, how to fix it.",
    ),
    "sources": (
        "scrapers.commands.sources",
        "app",
        "Every source: publisher, licence, needs, last run.",
    ),
    "credentials": (
        "scrapers.commands.credentials",
        "app",
        "What sources must be shown: owner, end, test call.",
    ),
    "coverage": ("scrapers.commands.coverage", "coverage", "Where we crawled, when, and the gaps."),
    "crawl": ("scrapers.commands.crawl", "crawl", "Crawl one source now."),
    "import": ("scrapers.commands.importing", "import_", "Read files of a source from disk."),
    "reread": (
        "scrapers.commands.rereading",
        "reread",
        "Kept evidence of a source, read again by today's reader.",
    ),
    "quarantine": (
        "scrapers.commands.quarantine",
        "quarantine",
        "What could not be read or was implausible.",
    ),
    "media": ("scrapers.commands.media", "app", "Pictures, videos and pages of ads."),
    "stats": ("archive.commands.stats", "stats", "Count what the archive holds."),
    "search": ("search.cli", "search", "Find ads."),
    "spend": ("archive.commands.spend", "spend", "Sum spending, with honest bounds."),
    "corrections": (
        "archive.commands.corrections",
        "corrections",
        "Figures that sources changed or took back.",
    ),
    "fields": (
        "scrapers.commands.fields",
        "app",
        "Fields of sources that nobody has looked at, and those that are shown.",
    ),
    "redactions": (
        "scrapers.commands.redactions",
        "app",
        "Fields of ads withheld by a logged decision.",
    ),
    "watch-lists": (
        "archive.commands.watch_lists",
        "app",
        "What sources are asked beyond the ads they label political.",
    ),
    "labels": ("archive.commands.labels", "app", "What people and programs say of ads."),
    "registers": ("archive.commands.labels", "registers", "Official lists that rules look into."),
    "rules": (
        "oversight.commands.rules",
        "app",
        "Check, list, show and suspend acceptability rules.",
    ),
    "index": ("search.index_cli", "app", "The search copy: status, sync, check, rebuild."),
    "mirror": ("archive.commands.mirror", "app", "The public tables as Parquet files."),
    "backup": ("scrapers.commands.backup", "backup", "The whole archive into a folder."),
    "restore": ("scrapers.commands.backup", "restore", "A backup into an empty home."),
    "maintain": (
        "scrapers.commands.maintain",
        "maintain",
        "What keeps an archive well; the worker does it every night.",
    ),
    "verify": (
        "scrapers.commands.verify",
        "verify",
        "Whether this archive is still what was written.",
    ),
    "schedule": (
        "scrapers.commands.schedule",
        "app",
        "When each source is crawled, and what that tells of rules' windows.",
    ),
    "settings": (
        "scrapers.commands.settings",
        "settings",
        "Every setting: its value in force, and where it comes from.",
    ),
    "scheduler": ("scrapers.commands.schedule", "scheduler", "Fill the queue with what is due."),
    "crawling": (
        "archive.commands.crawling",
        "crawling",
        "Whether sources are crawled; stop all of it at once.",
    ),
    "worker": ("scrapers.commands.schedule", "worker", "Do what is due now, or on and on."),
    "workers": (
        "scrapers.commands.workers",
        "workers",
        "Who crawls and schedules, and whether they are alive.",
    ),
    "serve": ("api.cli", "serve", "The web site and the API."),
    "users": ("archive.commands.people", "users", "People who may do more than read."),
    "keys": ("archive.commands.people", "keys", "Keys of their programs."),
    "replica": ("scrapers.commands.replica", "replica", "Invented sources, as large as you like."),
    "demo": ("scrapers.demo.walk", "demo", "The whole walk on invented data."),
}

GROUPS: Mapping[str, str] = {
    "Start": "init doctor settings demo replica",
    "Collect": "sources credentials crawl import reread quarantine fields media watch-lists coverage",
    "Keep": "stats index mirror redactions backup restore verify maintain",
    "Find": "search spend corrections",
    "Judge": "rules labels registers",
    "Run": "serve worker workers scheduler schedule crawling users keys",
}
"""The commands as the list shows them, by what one wants to do."""

SERVICES = frozenset({"worker", "scheduler", "serve"})
"""Commands that run on and on, and so keep a log also where people read it."""


class LazyGroup(TyperGroup):
    """Imports a command's module when the command is called, so that each starts quickly.

    Typer carries a click of its own and does not export its types, hence `Any`.
    """

    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401
        super().__init__(**attributes)
        # What a name that does not exist is compared with: "Did you mean …?"
        self.commands = {
            name: TyperCommand(name, help=text) for name, (_, _, text) in COMMANDS.items()
        }

    def get_command(self, _ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401
        """The command itself."""
        if cmd_name not in COMMANDS:
            return None
        module, name, _ = COMMANDS[cmd_name]
        # What a module makes lives as long as the process: looking for garbage in it finds none.
        gc.disable()
        room = importlib.import_module(module)
        gc.enable()
        return build_command(cmd_name, getattr(room, name))

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401
        """The command, whose damaged database is a sentence wherever it meets it."""
        try:
            return super().invoke(ctx)
        except Exception:
            # Loaded here, because no command that ends well needs it; what is no such error goes on.
            with importlib.import_module("archive.terminal").plain_errors():
                raise

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:  # noqa: ANN401
        """What a shell offers after `paidforby`, without loading any command."""
        ctx.command = TyperGroup(name=self.name, commands=dict(self.commands), params=self.params)
        return ctx.command.shell_complete(ctx, incomplete)

    def format_commands(self, _ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        """The list of commands by group, without loading any."""
        widest = max(map(len, COMMANDS))
        for title, names in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(n.ljust(widest), COMMANDS[n][2]) for n in names.split()])


def build_command(name: str, target: Any) -> Any:  # noqa: ANN401 (Typer keeps its click private)
    """A room's function or sub-application as a command of this one."""
    if isinstance(target, typer.Typer):
        # Completion is installed for the whole program.
        command: Any = typer.main.get_group(target)
    else:
        app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        app.command(name)(target)
        command = typer.main.get_command(app)
    command.name = name
    return command


app = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Paid For By: an archive of online political ads, what was paid, what was decided.",
)


def _say_version(*, is_wanted: bool) -> None:
    if is_wanted:
        metadata = importlib.import_module("importlib.metadata")
        sys.stdout.write(f"paidforby {metadata.version('paidforby')}\n")
        raise typer.Exit


@app.callback()
def _root(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_say_version, is_eager=True, help="Say which this is."),
    ] = False,
) -> None:
    """Paid For By: an archive of online political ads, what was paid, what was decided."""


def main() -> None:
    """Run the command line; a setting that cannot be read is named, not traced back."""
    command = next((name for name in sys.argv[1:] if name in COMMANDS), "paidforby")
    if command not in SERVICES:
        # Whoever is told to end says what is kept, as after Ctrl-C; services end in their own way.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    with _kept_log(command):
        try:
            app(prog_name="paidforby")
        except ValidationError as error:
            for line in importlib.import_module("config.setting_forms").tell_wrong(error):
                sys.stderr.write(f"{line}\n")
            sys.exit(2)


@contextmanager
def _kept_log(command: str) -> Iterator[None]:
    """Keep a log if this runs on and on, or if somebody wants lines for programs.

    Before a command has read its settings, which name a wrong form of it.
    """
    form = os.environ.get("PAIDFORBY_LOG", "")
    if (command not in SERVICES or "--once" in sys.argv) and form != "json":
        yield
        return
    logs = importlib.import_module("config.logs")
    with logs.kept_log(logs.LogForm.JSON if form == "json" else logs.LogForm.TEXT, command):
        yield


if __name__ == "__main__":
    main()
