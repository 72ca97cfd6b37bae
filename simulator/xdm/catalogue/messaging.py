"""Messages of a journey or campaign: sent, delivered, opened, answered."""

from __future__ import annotations

from simulator.xdm.catalogue.dsl import (
    Field,
    array,
    boolean,
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
from simulator.xdm.catalogue.identity import channel
from simulator.xdm.catalogue.scalars import instant

push_notification_tracking = obj(
    pushProvider=string("`apns`, `apnsSandbox` or `fcm`."),
    pushProviderMessageID=string("Id of the notification as delivered."),
    isLaunch=boolean("The notification started the app."),
    customAction=obj(actionID=string("Which button."), value=number()),
)

in_app_message_tracking = obj(action=string())

_feedback_status = one_of(
    "error",
    "exclude",
    "sent",
    "bounce",
    "delay",
    "duplicate",
    "denylist",
    "delivered",
    "read",
    "unknown",
)
_consent_value = one_of("y", "n", "p", "u", note="Yes, no, pending, unknown.")
_source_type = one_of("internal", "external")

offers = shared(
    "offers",
    obj(
        **strings("offerID placementID propositionID scopeID activityID"),
        offerCount=integer(),
        propositionTime=deprecated(string()),
    ),
)

_message_execution = obj(
    "The run of a journey or campaign that sent the message.",
    messageExecutionID=required(string()),
    **strings("messageID messagePublicationID"),
    fragmentPublicationIDs=array(string()),
    **strings("journeyVersionID journeyVersionInstanceID journeyVersionNodeID journeyActionID"),
    **strings("campaignID campaignVersionID campaignActionID batchInstanceID waveID"),
    messageType=one_of("marketing", "transactional"),
    ajoCampaignID=deprecated(string()),
    ajoCampaignVersionID=deprecated(string()),
    audience=obj(
        id=string(), type=string(suggested=("ORCHESTRATED_CAMPAIGN", "UPS", "AUDIENCE_ORCHESTRATION"))
    ),
    metadata=map_of(string()),
    parentSourceMeta=obj(
        sourceType=string(
            suggested=(
                "orchestratedCampaign",
                "singleStepCampaign",
                "journey",
                "b2bAccountJourneys",
                "b2bLeadJourneys",
            )
        ),
        **strings("sourceID sourceVersionID sourceActionID"),
    ),
)

_message_profile = obj(
    "The message as made for one profile.",
    channel=required(channel),
    **strings("messageProfileTrackingID messageProfileID requestID variant"),
    isSendTimeOptimized=boolean(),
    sendTimeOptimizationType=integer(suggested=("1", "2", "3", "4")),
    optimizedSendTime=instant(),
    entryCount=integer(),
    **strings("secondaryDimensionName secondaryDimensionID"),
    isTestExecution=boolean(),
)

_attachment = shared(
    "attachment",
    obj(name=required(string()), contentType=required(string()), size=required(integer())),
)

_email_context = obj(
    address=string(format="email"),
    **strings("namespace outboundIP domain"),
    attachment=array(_attachment),
)

_push_context = obj(
    platform=string(suggested=("apns", "fcm")),
    liveActivity=obj(
        event=string(suggested=("localStart", "pushToStart", "update", "end")),
        **strings("channelID liveActivityID"),
    ),
)


def _text_message_context(**more: Field) -> Field:
    return obj(
        **strings("messageType inboundMessage inboundNumber channelType profileNumber"),
        origTimestamp=instant(),
        status=obj(feedbackStatus=_feedback_status, **strings("providerFeedbackStatus message")),
        metadata=map_of(string()),
        **more,
    )


_sms_context = _text_message_context(smsProvider=string(suggested=("sinch", "infobip", "twilio", "vibes")))

_whatsapp_context = _text_message_context(
    **strings(
        "reactionEvent reactionMessageID reactionActionName interactiveSelectedTitle interactiveType "
        "interactiveSelectedDescription interactiveSelectedID"
    )
)

_landing_page = obj(
    **strings("landingPageID landingPageName source"),
    sourceType=_source_type,
    formData=obj(
        subscriptions=map_of(obj(val=_consent_value, type=string())),
        consents=obj(**each("channel idSpecific", map_of(obj(val=_consent_value)))),
        subscriberContactAddress=string(),
    ),
    additionalData=map_of(string()),
)

_message_reply = shared(
    "messageReply",
    obj(
        channel=required(one_of("email")),
        timestamp=required(instant()),
        **strings("intent surfaceID"),
        email=obj(
            subject=string(),
            messageID=required(string()),
            inReplyTo=required(string()),
            references=array(string()),
        ),
        additionalMetadata=map_of(string()),
    ),
)

_message_interaction = obj(
    "What somebody did with a message.",
    interactionType=one_of(
        "click",
        "open",
        "unsubscribe",
        "spam_complaint",
        "subscription",
        "submit",
        "visit",
        "bot_open",
        "bot_click",
        "reply",
    ),
    entityType=one_of("landing_page", "message"),
    **strings("urlID url trackingType label"),
    tags=array(string()),
    isBot=boolean(default=False),
    offers=offers,
    landingpage=_landing_page,
    subscription=obj(
        subscriptionListID=string(),
        source=string(),
        sourceType=_source_type,
        subscriptionChoice=one_of("yes", "no", "pending", "unknown"),
    ),
    messageReply=_message_reply,
    fillOutForm=obj(webFormID=string()),
    web=obj(webPageDetails=obj(**strings("name queryParameters webPageID")), webReferrer=obj(URL=string())),
    environment=obj(browserDetails=obj(userAgent=string()), ipV4=string()),
)

_delivery_feedback = obj(
    "What became of a message on its way.",
    feedbackStatus=_feedback_status,
    messageExclusion=obj(code=string(), reason=string(), details=map_of(string())),
    messageFailure=obj(
        code=string(),
        reason=string(),
        type=string(suggested=("soft", "hard")),
        category=string(suggested=("sync", "async")),
    ),
    requestTimestamp=instant(),
    firstAttemptTimestamp=instant(),
    **integers("retryCount responseCode responseDurationMillis"),
    offers=offers,
)

customer_journey_management = obj(
    messageExecution=_message_execution,
    messageProfile=_message_profile,
    emailChannelContext=_email_context,
    pushChannelContext=_push_context,
    smsChannelContext=_sms_context,
    whatsAppChannelContext=_whatsapp_context,
    messageInteraction=_message_interaction,
    messageDeliveryfeedback=_delivery_feedback,
)
