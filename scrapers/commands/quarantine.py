"""`paidforby quarantine`: the archive's own commands, and `release`, which needs a source's reader."""

from archive.commands.quarantine import Because, By, Name, quarantine
from archive.terminal import open_or_exit, plain_errors, say, utc_now
from config.settings import Settings
from scrapers.work.crawl.releasing import release_quarantined


@quarantine.command("release")
def release(name: Name, by: By, because: Because) -> None:
    """Take in what was put aside: its file is read again, or ads that are gone are shown as gone."""
    settings = Settings()
    with plain_errors():
        engine = open_or_exit(settings)
        told, counts = release_quarantined(settings, engine, name, by, because, utc_now)
    vanished = f", {counts.vanished:,} vanished" if counts.vanished else ""
    say(f"{told} is released: {counts.new:,} new, {counts.changed:,} changed{vanished}")


__all__ = ["quarantine"]
