"""Propositions: content chosen for somebody, and what they did with it."""

from __future__ import annotations

from simulator.xdm.catalogue.dsl import (
    array,
    deprecated,
    each,
    integer,
    integers,
    map_of,
    number,
    obj,
    one_of,
    required,
    shared,
    string,
    strings,
)
from simulator.xdm.catalogue.scalars import LANGUAGE_TAG, etag, instant, measure, uri_reference

_traffic_type = string(suggested=("random", "contextual", "noncontextual"))

_content = shared(
    "optionContent",
    obj(
        _type=required(uri_reference()),
        _dc=obj(
            format=required(string("Media type.", pattern=r"\w+\/[-.\w]+(?:\+[-.\w]+)?")),
            language=array(string(pattern=LANGUAGE_TAG)),
        ),
        _repo=obj(resolveURL=uri_reference(), **strings("name repositoryID id")),
        **strings("content deliveryURL linkURL"),
    ),
)

_strategy = shared(
    "strategy",
    obj(
        step=string(
            suggested=("profile", "eligibility", "suppression", "ranking", "capping", "decisionPolicy")
        ),
        strategyID=string(),
        algorithmID=uri_reference(),
        treatmentID=string(),
        trafficType=_traffic_type,
    ),
)

_item_selection = shared(
    "itemSelection",
    obj(
        selectionDetail=shared(
            "selectionDetail",
            obj(
                **strings("strategyID strategyName version"),
                selectionType=string(suggested=("selectionStrategy", "fallback", "manual")),
            ),
        ),
        rankingDetail=_strategy,
    ),
)

_option = shared(
    "option",
    obj(
        id=required(uri_reference()),
        _repo=etag(),
        name=string(),
        tags=array(uri_reference()),
        characteristics=map_of(string()),
        score=number(minimum=0),
        optionContent=_content,
        itemSelection=_item_selection,
        # In the schema, but no outside example confirms its wire form: never sent (xdm.md 1).
        _experience=obj(decisioning=obj(**each("propositionsTotal propositionsProfile", measure))),
        **each("selectionID selectionType trackingToken", deprecated(string())),
    ),
)

_activity = shared(
    "activity",
    obj(
        id=required(uri_reference()),
        _repo=etag(),
        name=string(),
        priority=integer(),
        startTime=instant(),
        endTime=instant(),
        fallback=uri_reference(),
        matchedSurfaces=array(string()),
    ),
)

_placement = shared(
    "placement",
    obj(id=required(uri_reference()), _repo=etag(), name=string(), channelID=uri_reference()),
)

_policy = shared("decisionPolicy", obj(id=required(string()), _repo=etag(), name=string()))

_measurement = shared(
    "interactionMeasurement",
    obj(
        observation=obj(
            mapping=one_of("direct", "eventTypeValue", "fieldValue", "predicate", default="direct"),
            value=string(),
            field=string(default="xdm:eventType"),
        ),
        outcome=obj(_id=string(), field=string()),
    ),
)

_scope_details = shared(
    "scopeDetails",
    obj(
        id=string(),
        decisionProvider=string("Who chose: `AJO`, `TGT` and others."),
        correlationID=string(),
        rank=integer(),
        placement=_placement,
        activity=_activity,
        decisionPolicy=_policy,
        interactionMeasurements=array(_measurement),
        strategies=array(_strategy),
        experience=obj(id=uri_reference()),
        characteristics=map_of(string(), "Opaque values that the sender wants back, such as `eventToken`."),
    ),
)

_decision_event = shared(
    "decisionEvent",
    obj(experienceID=string(), algorithmID=uri_reference(), trafficType=_traffic_type),
)

_proposition = shared(
    "proposition",
    obj(
        id=string(),
        scope=string("The surface, such as `mobileapp://com.example.shop/home`."),
        scopeDetails=_scope_details,
        items=array(_option),
        decisionEventID=deprecated(string()),
        decisionEventDetails=deprecated(_decision_event),
        decisionScope=deprecated(string()),
        decisionScopeDetails=deprecated(_scope_details),
    ),
)

decisioning = obj(
    exdRequestID=string(),
    channelType=one_of(
        "code", "email", "sms", "directMail", "push", "web", "whatsApp", "contentCard", "inapp"
    ),
    propositionEventType=shared(
        "propositionEventType",
        obj(
            "1 for what happened.",
            **integers(
                "send decision trigger display interact dismiss unsubscribe suppressSend suppressDisplay"
            ),
        ),
    ),
    propositionAction=shared(
        "propositionAction",
        obj("What was done, for an interaction.", **strings("id label reason"), tokens=array(string())),
    ),
    propositions=array(_proposition),
)
