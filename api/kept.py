"""Answers that are dear to make, kept until what they rest on changes, and no more of them than fit."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from threading import Lock
from typing import TypeVar, cast

MOST_BYTES = 64 * 2**20
"""For all kept answers of a process; whatever was asked for least recently goes first."""

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Kept:
    """An answer, what it rests on, and how many bytes it takes, at least about."""

    answer: object
    state: Hashable
    withheld: Hashable
    size: int


class KeptAnswers:
    """Answers by question, the newest of each; threads may share them.

    One thread makes an answer anew. The others who ask meanwhile get the last one, which says of when it is,
    or wait where there is none, or where something was withheld since.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._lock = Lock()
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self._making: dict[Hashable, Lock] = {}

    def give(
        self,
        state: Hashable,
        question: Hashable,
        make: Callable[[], Answer],
        weigh: Callable[[Answer], int],
        withheld: Hashable = None,
    ) -> Answer:
        """The answer that was kept, or a new one; a question names the kind of its answer.

        `state`: what every answer rests on. `withheld`: what of that nobody may see an older answer beyond.
        """
        while True:
            with self._lock:
                kept, making = self._kept.get(question), self._making.get(question)
                if kept and (kept.state == state or (making and kept.withheld == withheld)):
                    self._kept.move_to_end(question)
                    return cast("Answer", kept.answer)
                if making is None:
                    making = self._making[question] = Lock()
                    making.acquire()
                    break
            with making:
                pass
        try:
            answer = make()
            self._keep(question, Kept(answer, state, withheld, weigh(answer)))
            return answer
        finally:
            with self._lock:
                del self._making[question]
            making.release()

    def _keep(self, question: Hashable, kept: Kept) -> None:
        with self._lock:
            self._kept.pop(question, None)
            if kept.size > self._most_bytes:
                return
            self._kept[question] = kept
            while sum(each.size for each in self._kept.values()) > self._most_bytes:
                self._kept.popitem(last=False)
