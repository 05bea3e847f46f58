"""Sums of money with honest bounds: per ad, as stated for advertisers, as disclosed to authorities.

`summarise_spending` answers one `SpendQuery` with one `SpendSummary`; who asks calls
`archive.exports.mirror.answering`, which chooses who adds up. It reads; currencies are added up only where
the query names one to convert to.
"""

from archive.models.corrections import SpendMeasure
from archive.spending.query import SpendBasis, SpendBy, SpendQuery, SpendQueryError
from archive.spending.rounding import bound_statement
from archive.spending.statements import list_newest_statements
from archive.spending.summarise import summarise_spending
from archive.spending.summary import SpendGroup, SpendSummary

__all__ = [
    "SpendBasis",
    "SpendBy",
    "SpendGroup",
    "SpendMeasure",
    "SpendQuery",
    "SpendQueryError",
    "SpendSummary",
    "bound_statement",
    "list_newest_statements",
    "summarise_spending",
]
