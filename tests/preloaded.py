"""What the processes that tests fork have behind them, beyond what the product's own children have.

Imported once in the process they are forked from (`tests.commands`): importing it, and laying out the
tables' classes, would take longer than most of what they do.
"""

import gc
import importlib

from sqlalchemy.orm import configure_mappers

import paidforby
import tests.faults.dying
import tests.scrapers.crawls  # noqa: F401 (both are what the tests' processes begin with)

for module, _, _ in paidforby.COMMANDS.values():
    importlib.import_module(module)
configure_mappers()
# What is here lives as long as the process: looking for garbage in it would copy it into each child.
gc.freeze()
