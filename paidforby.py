"""The front door: one command that mounts each room's commands, loaded only when they are used."""

import gc
import importlib
import sys
from collections.abc import Mapping
from typing import Any

import typer
from pydantic import ValidationError
from typer.core import TyperGroup

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
    "index": ("search.cli", "app", "The search copy: status, sync, rebuild."),
    "mirror": ("archive.commands.mirror", "app", "The public tables as Parquet files."),
    "backup": ("archive.commands.backup", "backup", "The whole archive into a folder."),
    "restore": ("archive.commands.backup", "restore", "A backup into an empty home."),
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


class LazyGroup(TyperGroup):
    """Imports a command's module when the command is called, so that each starts quickly.

    Typer carries a click of its own and does not export its types, hence `Any`.
    """

    def list_commands(self, _ctx: Any) -> list[str]:  # noqa: ANN401
        """The commands in the order of a first visit."""
        return list(COMMANDS)

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

    def format_commands(self, _ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        """The list of commands, without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in COMMANDS.items()])


def build_command(name: str, target: Any) -> Any:  # noqa: ANN401 (Typer keeps its click private)
    """A room's function or sub-application as a command of this one."""
    if isinstance(target, typer.Typer):
        command = typer.main.get_command(target)
    else:
        app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        app.command(name)(target)
        command = typer.main.get_command(app)
    command.name = name
    return command


app = typer.Typer(
    cls=LazyGroup,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Paid For By: an archive of online political ads, what was paid, what was decided.",
)


@app.callback()
def _root() -> None:
    """Paid For By: an archive of online political ads, what was paid, what was decided."""


def main() -> None:
    """Run the command line; a setting that cannot be read is named, not traced back."""
    try:
        app()
    except ValidationError as error:
        prefix = find_prefixes().get(error.title)
        if prefix is None:
            raise
        for wrong in error.errors(include_url=False, include_input=False):
            name = "_".join(str(part) for part in wrong["loc"]).upper()
            sys.stderr.write(f"{prefix}{name}: {wrong['msg']}\n")
        sys.exit(2)


def find_prefixes() -> dict[str, str]:
    """How the variables of each class of settings begin, by its name, of the classes that are loaded."""
    room = importlib.import_module("config.settings")
    kinds = (room.Settings, *room.SourceSettings.__subclasses__())
    return {kind.__name__: kind.model_config["env_prefix"] for kind in kinds}


if __name__ == "__main__":
    main()
