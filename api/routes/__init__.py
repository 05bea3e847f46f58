"""The JSON API, one resource a file; each route asks a read function and shows what it says."""

from api.routes import (
    ads,
    advertisers,
    decisions,
    disclosures,
    downloads,
    evidence,
    flags,
    health,
    missing,
    notices,
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
    downloads.router,
    evidence.router,
    rules.router,
    signals.router,
    flags.router,
    decisions.router,
    notices.router,
    sources.router,
    runs.router,
    missing.router,
    health.router,
)
