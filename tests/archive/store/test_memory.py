"""A process that hits its limit of memory says so, and is unlimited again afterwards."""

import resource

import pytest

from archive.store.outages import MemorySpentError, bounded_memory
from scrapers.work.crawl.children import FORKS

REASON = "it needed more than 700 MB (PAIDFORBY_CRAWL_MEMORY_MB)"


def take(megabytes: int) -> None:
    """In a process of its own: it is as large as it is."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    if megabytes < 700:
        with bounded_memory(700):
            assert bytearray(megabytes << 20)
    else:
        with pytest.raises(MemorySpentError) as refused, bounded_memory(700):
            bytearray(megabytes << 20)
        assert str(refused.value) == REASON
    assert resource.getrlimit(resource.RLIMIT_AS) == before


@pytest.mark.parametrize("megabytes", [50, 701])
def test_a_process_may_take_so_much_memory_and_no_more(megabytes: int) -> None:
    process = FORKS.Process(target=take, args=(megabytes,))
    process.start()
    process.join()
    assert process.exitcode == 0
