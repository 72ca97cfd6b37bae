"""What the journey service itself writes, and the id by which an event starts a journey."""

from __future__ import annotations

from simulator.xdm.catalogue.dsl import (
    array,
    boolean,
    booleans,
    deprecated,
    each,
    integer,
    integers,
    obj,
    one_of,
    string,
    strings,
)
from simulator.xdm.catalogue.scalars import instant

_LONG = 2**63

campaign = obj(
    orchestration=obj(
        eventID=string("Id of the journey's event definition; 64 hex digits in practice."),
        originJourneyID=string(),
    )
)

_step_events = obj(
    "One step of one run of a journey.",
    # the run and its place in the journey
    **strings("eventID eventName nodeID nodeName nodeType stepID stepName stepType stepStatus experienceID"),
    **strings("journeyID journeyVersionID journeyVersion journeyVersionName journeyDeploymentID"),
    **strings("instanceID instanceType externalKey origTimestamp"),
    **strings("parentStepID parentStepName parentTransitionID parentTransitionName parentTransitionType"),
    **strings("parentNodeID parentNodeName parentNodeType exitCriteriaID exitCriteriaName"),
    **strings("originJumpJourneyID originJumpJourneyVersionID originJumpJourneyInstanceID"),
    **strings("previousJumpJourneyID previousJumpJourneyVersionID previousJumpJourneyInstanceID"),
    **booleans("entrance reentrance instanceEnded journeyNodeProcessed eventProcessed isExternalEvent"),
    originalTimestamp=instant(),
    processingTime=integer(),
    processingTimeMs=deprecated(integer(minimum=-_LONG, maximum=_LONG - 1)),
    # tests and dry runs
    **booleans("inTest inDryRun"),
    **strings("dryRunID testModeType simulationRunId"),
    # audiences
    hasSegmentQualificationDelta=boolean(),
    **each("startSegmentQualificationTime endSegmentQualificationTime", instant()),
    segmentQualificationStatus=string(),
    origSegmentQualificationStatus=one_of("existing", "realized", "exited"),
    isReadSegmentTriggerStartEvent=boolean(),
    **strings("exportJobID exportSegmentID exportTopicName"),
    # batches
    batchRecurrenceIndex=integer(),
    **strings("batchExternalKey batchInstanceID waveID"),
    **each("batchUnitaryBranchID deliveryJobID batchDeliveryID", deprecated(string())),
    **each("batchToUnitary fromSegmentTrigger", deprecated(boolean())),
    # actions, messages and reactions
    **strings(
        "actionID actionName actionType actionBusinessType actionGroupID actionGroupName actionWaitTime"
    ),
    **strings("actionExecutionError actionExecutionErrorCode actionErrorContext"),
    **strings("actionExecutionOriginError actionExecutionOriginCode actionOriginEndpoint actionOriginMethod"),
    actionExecutionOriginStartTime=instant(),
    **integers("actionExecutionTime actionExecutionOriginTime actionSchedulerCount"),
    **booleans("actionParameterized actionIsProxy actionOriginIsMTLS actionIsThrottled isSendTimeOptimized"),
    **strings("messageID publishedMessageID interactionType surfaceID channel"),
    **strings("reactionActionID reactionChannel reactionInteractionType"),
    **strings("experimentationID experimentationName treatmentID treatmentName"),
    consent=obj(rejectedPoliciesCount=integer(), rejectedPolicies=array(obj(ID=string(), name=string()))),
)

journey_orchestration = obj(
    journey=obj(**strings("ID versionID name description version")),
    profile=obj(**strings("ID namespace supplementalID supplementalNamespace")),
    stepEvents=_step_events,
)
