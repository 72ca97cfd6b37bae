"""The event as a whole."""

from __future__ import annotations

from simulator.xdm.catalogue.commerce import commerce, product_list_item
from simulator.xdm.catalogue.decisioning import decisioning
from simulator.xdm.catalogue.device import application, device, environment
from simulator.xdm.catalogue.dsl import array, each, obj, open_object, required, string
from simulator.xdm.catalogue.identity import (
    channel,
    consent_string,
    end_user_ids,
    identity_map,
    implementation_details,
    marketing,
)
from simulator.xdm.catalogue.journey import campaign, journey_orchestration
from simulator.xdm.catalogue.messaging import (
    customer_journey_management,
    in_app_message_tracking,
    push_notification_tracking,
)
from simulator.xdm.catalogue.place import place_context
from simulator.xdm.catalogue.scalars import instant, uri_reference
from simulator.xdm.catalogue.web import web

EVENT = obj(
    "An experience event in wire form.",
    _id=required(uri_reference("Unique id of the record.")),
    timestamp=required(instant("When it was observed; the SDKs send UTC with milliseconds.")),
    eventType=string("What happened; the list of types is open."),
    producedBy=string(suggested=("self", "system", "salesRef", "customerRep"), default="self"),
    eventMergeId=string("Joins records that are the same event."),
    identityMap=identity_map,
    implementationDetails=implementation_details,
    application=application,
    device=device,
    environment=environment,
    placeContext=place_context,
    productListItems=array(product_list_item),
    commerce=commerce,
    pushNotificationTracking=push_notification_tracking,
    inappMessageTracking=in_app_message_tracking,
    channel=channel,
    marketing=marketing,
    consentStrings=array(consent_string),
    web=web,
    endUserIDs=end_user_ids,
    _experience=obj(
        campaign=campaign,
        customerJourneyManagement=customer_journey_management,
        decisioning=decisioning,
        journeyOrchestration=journey_orchestration,
        **each(
            "adcloud ajo analytics audiencemanager idservice intelligentServices profile target",
            open_object("Fields of another product, not described here."),
        ),
    ),
)
