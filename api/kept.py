"""Answers that are dear to make, kept until what they rest on changes, and no more of them than fit."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import TypeVar, cast

MOST_BYTES = 64 * 2**20
"""For all kept answers of a process; whatever was asked for least recently goes first."""

Answer = TypeVar("Answer")


class KeptAnswers:
    """Answers by question, all of one state of the archive; threads may share them."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._lock = Lock()
        self._state: Hashable = None
        self._kept: OrderedDict[Hashable, tuple[object, int]] = OrderedDict()

    def give(
        self,
        state: Hashable,
        question: Hashable,
        make: Callable[[], Answer],
        weigh: Callable[[Answer], int],
    ) -> Answer:
        """The answer that was kept, or a new one; a question names the kind of its answer.

        `state`: what every answer rests on; where it differs from the last one, all that was kept goes.
        `weigh`: how many bytes an answer takes, at least about.
        """
        with self._lock:
            if state != self._state:
                self._state = state
                self._kept.clear()
            elif question in self._kept:
                self._kept.move_to_end(question)
                return cast("Answer", self._kept[question][0])
        answer = make()
        with self._lock:
            size = weigh(answer)
            if state == self._state and size <= self._most_bytes:
                self._kept[question] = (answer, size)
                while sum(size for _, size in self._kept.values()) > self._most_bytes:
                    self._kept.popitem(last=False)
        return answer
