"""Does what is due, in order: crawl, then let the readers of the change sequence catch up.

`paidforby worker` calls it where no queue is used. One worker is enough for one machine; of several,
and of a scheduler beside them, one crawls what all of them found due.
"""

import signal
import sys
import time

from sqlalchemy import Engine

from archive.models import Run
from config.settings import Settings
from scrapers.intake.pages import Clock
from scrapers.media.collecting import keep_due_media
from scrapers.work.crawl.children import finish_child, running_child
from scrapers.work.dispatch.alerting import mail_alerts, promise_crawls
from scrapers.work.dispatch.following import follow_changes
from scrapers.work.plan.due import find_due
from scrapers.work.plan.election_mode import look_ahead
from scrapers.work.plan.schedule import read_schedules

SECONDS_BETWEEN_ROUNDS = 30.0


def work_once(settings: Settings, engine: Engine, clock: Clock) -> list[Run | None]:
    """Crawl every partition that is due and follow the changes; gives the runs.

    `None` stands for a crawl that could not begin; what another worker took meanwhile is left out.
    Changes are followed after each partition, so that a long source does not keep the others' ads out
    of the search.

    Raises:
        YamlFileError: if a schedule cannot be read.
    """
    promise_crawls(settings, engine, clock)
    follow_changes(settings, engine, clock, mirror=True)
    runs = []
    demands = look_ahead(settings, clock()).demands
    for crawl_job in find_due(engine, settings, read_schedules(settings), clock(), demands):
        with running_child(settings, crawl_job, clock) as child:
            run = finish_child(engine, child, clock)
        if run or child.wait():
            runs.append(run)
            follow_changes(settings, engine, clock, mirror=True)
    mail_alerts(settings, engine, clock)
    keep_due_media(settings, engine, clock)
    return runs


def work_on(settings: Settings, engine: Engine, clock: Clock) -> None:
    """Work until someone ends the process; a crawl under way is stopped with it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    while True:
        work_once(settings, engine, clock)
        time.sleep(SECONDS_BETWEEN_ROUNDS)
