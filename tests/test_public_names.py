"""The public names of every room, pinned: a change of them is a decision and not an accident."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

import pytest

import simulator

NAMES = {
    "checks": """
        EXPLANATIONS OF_THE_PHONE SUMMARY_FILE SYSTEM_NAMES TIMESERIES_FILE Evidence Explanation Failure Happening
        Heard People RunRecord Verdict evaluate explain is_called join_calls metric_problem newest_run overview
        read_happenings read_record read_step_events tell unknown_names with_unit
    """,
    "cli": "main",
    "core": "distributions errors identifiers interruption lines numerics randomness serving simtime",
    "delivery": """
        RECEIVER Batch Bulk Caller DeliveryStats Destination EdgeDestination EdgeSettings FanOut Fate FileDestination
        HttpDestination HttpSettings InProcesses Indices InletDestination InletSettings KafkaDestination KafkaSettings
        Member
        MessageHeader OutgoingCall ParquetDestination Pipelined Receipt Reply RotatingFiles StandardOutput Target
        UndeliveredFiles UndeliveredWriter Vault combined host_allowed host_of is_loopback make_destination
        make_destinations read_events target_of
    """,
    "journeys": """
        Answer Call Callout Directory Discard ExpressionError Facts Fault JourneyEngine LogRow Message PersonProfile
        Plan Post StepEventWriter StepEvidence StubCallout Supply check_event identities_of lint make_plan
        read_step_event set_attribute time_fits
    """,
    "ledger": """
        CROSSING_FIELDS HEADER_FILE LEDGER_FOLDER PEOPLE_FILE PERMISSIONS PERSON ROW ROWS_FILE SYSTEMS
        CrossingRow Ledger LedgerWriter Outcome PersonRows Rows read_ledger rows_from unnoticed
    """,
    "listener": """
        CALLS_FILE CallListener CallRecord HeardCall Incoming Keys ListenerThread Said actions_of listen read_calls
    """,
    "live": "LiveOptions live watch",
    "people": """
        COHORT_SIZE HOME Browsing Cart Catalogue Cohort CohortSpec Day DayLegs DayPlanner Deed Intervals
        Line Mover Occasions Part PlaceNames Planner Populator ShoppingPlanner Surroundings Whereabouts
        chances_of cohort_specs due_times group_sizes kind_rows person_keys reachable_towns read_step
        visits_of when_followed
    """,
    "phone": """
        DEVICES FOREVER NEVER PERFECT_ACCURACY PROFILES SDK_VERSIONS TYPICAL AppOnPhone Cause ClockHabits
        CohortConditions CohortSessions CohortSight ConditionsPlanner DayConditions DaySessions DeviceModel Habits
        Handset LifeRules LivingPhone MonitoredPhone Os OsProfile Permission Phone PlacesService ProcessEnd
        RegionEvent RegionService Registrations SessionPlanner Sighting SpellHabits Unreported Ways check_mix
        device_named devices_for draw_clock_errors draw_handsets draw_permissions draw_systems habits_of happenings
    """,
    "provision": """
        Plan PlatformError event_types_of load_plan provision somebody_shops unprovision
    """,
    "receiver": """
        AcceptAll AcceptedRecord Answer Counts Datasets EdgeOptions EventStore FailedRecord Fault Faults
        Flow Inlet InletOptions InletSpec JourneyEvaluation JourneyRow JourneyRows Query Receiver ServerThread
        Tls Tokens Validator create_app load_faults load_schema parse_options serve write_export
    """,
    "report": """
        Progress headline render_explanation render_plan render_story render_summary render_verdicts write_junit
        write_page
    """,
    "run": """
        EventDescription Figures Observations Pacer Prepared Replayed Retiming RunFolder RunOptions
        RunResult ServeSettings Simulation Tally WallClock World backfill_options describe_event
        describe_people export_store exported_counts imported_journey judge_event listen_to_calls load_options
        plan prepare
        profile_records read_evidence replay_file run scenario_to_resume serve_receiver serving_metrics
    """,
    "scenario": """
        App Around BUILT_IN Clock Destination Errands Evening Expectation Group Home Kind Library Load
        LoadedScenario Lunch Mobility Mode NearPlaces Observed Option Outing Persona PhoneMix Place
        PlaceColumns Position Product Profile Provisioned ProvisionedInlet Roads Scenario Schedule
        ScriptStep Sessions TownColumns Towns Trace TraceColumns Travel Work WorkHabits
        destination_options dump_as_run json_schema json_schema_text kinds_of load_scenario load_yaml
        read_provisioned
    """,
    "sdk": """
        CLOSE CONNECT_TIMEOUT_MS DISMISS ENTRY EVENT_TYPES EXIT KINDS LAUNCH LIFECYCLE_DEBOUNCE_MS NO_ANSWER
        NO_SUCH_HOST READ_TIMEOUT_MS RECOVERABLE_CODES RETRY_INTERVAL_MS SUCCESS_CODES EdgeAnswer
        EdgeEndpoint EdgeRequest EdgeState EventForms Handling Hit HitList Judgement MobileSdk Network Route
        SdkRecord SdkShared Sender StateEntry Uplink edge_headers edge_request judge make_plans read_answer
        all_anonymous anonymous render_hit render_hits rule_problems user_agent
    """,
    "sources": "Customer Outbox Programme TillSystem WebShop card_number item_facts members",
    "world": """
        ATTRIBUTION Crossings Legs Place PlaceLibrary PlaceSet RoadNetwork TownSet Track TrackSet geodesy
        is_osm load_places load_roads load_towns load_tracks solve
    """,
    "xdm": """
        BEHAVIORS CLASSES CLOSE_SLOTS COMMERCE_TYPES EVENT_TYPES EXPERIENCE_EVENT FIELD_GROUPS IDENTITY_MAP
        INDIVIDUAL_PROFILE LOYALTY_TYPES POINTS_EARNED RECORD RICH_SLOTS SDK_SLOTS TIER_REACHED TIME_SERIES
        AppFacts CommerceTemplates DeviceFacts EventType EventValidator FieldGroup FieldPath ItemFacts
        LifecycleTemplates LocationTemplates OrderFacts PersonFacts PlaceTemplates PoiFacts RichPlace
        SdkFacts Slot StreamRules Template Violation XdmClass active_poi application_close
        application_launch application_part commerce_event compiled_schema device_part environment_part
        event_schema field_paths groups_for identity_map implementation_details json_members json_number
        json_string json_value library_node located_device_part location_event loyalty_event merged_nodes
        missing_essentials page_view place_consistency poi_part profile_record tenant_key
    """,
}
ROOMS = sorted(module.name for module in pkgutil.iter_modules(simulator.__path__) if module.ispkg)


def test_every_room_is_pinned() -> None:
    assert list(NAMES) == ROOMS


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_offers_exactly_these_names(room: str) -> None:
    module = importlib.import_module(f"simulator.{room}")
    assert sorted(module.__all__) == sorted(NAMES[room].split())


@pytest.mark.parametrize("room", ROOMS)
def test_everything_that_a_room_offers_is_there_and_explained(room: str) -> None:
    module = importlib.import_module(f"simulator.{room}")
    assert module.__doc__
    for name in module.__all__:
        offered = (
            getattr(module, name) if room != "core" else importlib.import_module(f"simulator.core.{name}")
        )
        if inspect.isclass(offered) or inspect.isfunction(offered) or inspect.ismodule(offered):
            assert offered.__doc__, name
