"""The JSON API, one resource a file; each route asks a read function and shows what it says."""

from api.routes import (
    ads,
    advertisers,
    disclosures,
    evidence,
    health,
    missing,
    rules,
    runs,
    search,
    signals,
    sources,
    spend,
)

ROUTERS = (
    ads.router,
    search.router,
    advertisers.router,
    spend.router,
    disclosures.router,
    evidence.router,
    rules.router,
    signals.router,
    sources.router,
    runs.router,
    missing.router,
    health.router,
)
