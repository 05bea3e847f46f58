"""Whoever is killed at any step and begun again has lost nothing and told nothing twice."""

import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from archive.models.runs import Outcome
from archive.runs.lease import WORKER_STOPPED
from config.settings import Settings
from scrapers.replica.serve import running_replica
from tests import servers
from tests.faults.dying import Death, crawl_country, import_deliveries, run_apart
from tests.faults.scenes import (
    Scene,
    copied_scene,
    find_running,
    lay_out_deliveries,
    make_archive,
    make_settings,
    read_runs,
    tell_history,
)

SAMPLES = 9
"""Steps at which the quick tests kill, first and last included; the slow ones kill at every step."""

Attempt = Callable[[Settings, Death], int]


@dataclass(frozen=True)
class Drill:
    """A run that is killed, and what it tells when it is not."""

    scene: Scene
    run: Attempt
    steps: int
    told: dict[str, list[str]]

    def step_at(self, sample: int) -> int:
        """One of the steps, evenly from the first to the last."""
        return 1 + sample * (self.steps - 1) // (SAMPLES - 1)

    def kill_and_resume(self, home: Path, step: int) -> None:
        """Kill a copy at a step, type the same command again, and compare."""
        with copied_scene(self.scene, home) as settings:
            self._kill_and_resume(settings, step)

    def _kill_and_resume(self, settings: Settings, step: int) -> None:
        assert self.run(settings, Death(step)) == -signal.SIGKILL
        stopped = find_running(settings)
        # At once: whoever was killed left a lease, and is known on this machine to be gone.
        assert self.run(settings, Death()) == 0
        runs = read_runs(settings)
        assert {run.id: (run.outcome, run.reason) for run in runs if run.id in stopped} == (
            dict.fromkeys(stopped, (Outcome.FAILED, WORKER_STOPPED))
        )
        assert Outcome.RUNNING not in {run.outcome for run in runs}
        assert tell_history(settings) == self.told, f"killed at step {step} of {self.steps}"


def prepare(scene: Scene, run: Attempt, folder: Path) -> Drill:
    count = folder / "steps"
    with copied_scene(scene, folder / "untouched") as untouched:
        assert run(untouched, Death(count_to=count)) == 0
        return Drill(scene, run, int(count.read_text()), tell_history(untouched))


def prepare_import(folder: Path, url: str | None = None) -> Drill:
    """An import of a bundle with new, changed and vanished rows, and of a damaged file."""
    scene = Scene(make_settings(folder / "home", url), lay_out_deliveries(folder / "second", day=2))
    first = lay_out_deliveries(folder / "first", day=1)
    make_archive(scene.settings)
    assert run_apart(import_deliveries, scene.settings, first, Death(hour=-1)) == 0

    def run(settings: Settings, death: Death) -> int:
        return run_apart(import_deliveries, settings, scene.deliveries, death)

    return prepare(scene, run, folder)


@pytest.fixture(scope="module")
def importing(tmp_path_factory: pytest.TempPathFactory) -> Drill:
    """An import into SQLite."""
    return prepare_import(tmp_path_factory.mktemp("importing"))


@pytest.fixture(scope="module")
def importing_to_postgresql(
    tmp_path_factory: pytest.TempPathFactory, postgresql_server: str
) -> Iterator[Drill]:
    """An import into PostgreSQL."""
    with servers.make_database(postgresql_server) as url:
        yield prepare_import(tmp_path_factory.mktemp("importing-to-postgresql"), url)


@pytest.fixture(scope="module")
def crawling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drill]:
    """A walk by cursor over pages of four ads."""
    folder = tmp_path_factory.mktemp("crawling")
    scene = Scene(make_settings(folder / "home"), folder)
    make_archive(scene.settings)
    with running_replica() as url:

        def run(settings: Settings, death: Death) -> int:
            return run_apart(crawl_country, settings, url, death)

        yield prepare(scene, run, folder)


@pytest.mark.parametrize("sample", range(SAMPLES))
def test_an_import_that_is_killed_and_typed_again_tells_what_one_that_lived_tells(
    importing: Drill, tmp_path: Path, sample: int
) -> None:
    importing.kill_and_resume(tmp_path / "home", importing.step_at(sample))


@pytest.mark.postgresql
@pytest.mark.parametrize("sample", range(1, SAMPLES, 3))
def test_an_import_into_postgresql_that_is_killed_tells_the_same_when_typed_again(
    importing_to_postgresql: Drill, tmp_path: Path, sample: int
) -> None:
    step = importing_to_postgresql.step_at(sample)
    importing_to_postgresql.kill_and_resume(tmp_path / "home", step)


@pytest.mark.parametrize("sample", range(0, SAMPLES, 2))
def test_a_crawl_that_is_killed_and_typed_again_tells_what_one_that_lived_tells(
    crawling: Drill, tmp_path: Path, sample: int
) -> None:
    crawling.kill_and_resume(tmp_path / "home", crawling.step_at(sample))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "stride"),
    [
        ("importing", 1),
        ("crawling", 1),
        pytest.param("importing_to_postgresql", 7, marks=pytest.mark.postgresql),
    ],
)
def test_there_is_no_step_at_which_being_killed_loses_or_repeats_anything(
    request: pytest.FixtureRequest, tmp_path: Path, name: str, stride: int
) -> None:
    drill: Drill = request.getfixturevalue(name)
    for step in range(1, drill.steps + 1, stride):
        drill.kill_and_resume(tmp_path / str(step), step)
