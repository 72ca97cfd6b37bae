"""Pages of a web site."""

from __future__ import annotations

from simulator.xdm.catalogue.dsl import booleans, obj, one_of, shared, string, strings
from simulator.xdm.catalogue.scalars import measure

web = shared(
    "web",
    obj(
        webPageDetails=obj(
            pageViews=measure,
            **strings("URL name viewName siteSection server"),
            **booleans("isErrorPage isHomePage isPreRendered"),
        ),
        webInteraction=obj(
            linkClicks=measure, type=one_of("download", "exit", "other"), **strings("URL name region")
        ),
        webReferrer=obj(
            URL=string(),
            type=one_of(
                "internal",
                "external",
                "search_engine",
                "typed_bookmarked",
                "email",
                "social",
                "usenet",
                "hard_drive",
                "nojs",
                "conversational_ai",
                "unknown",
            ),
        ),
    ),
)
