"""The expression language: what the vendor's documentation shows, and what the local evaluator makes of the rest."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.journeys.expressions import FUNCTIONS, ExpressionError, Value, parse_expression, text_of

TOKENS = [
    {"token": "token_1", "application": {"_id": "APP1", "name": "MarltonMobileApp", "version": "1.0"}},
    {"token": "token_2", "application": {"_id": "APP2", "name": "MarketplaceApp", "version": "1.0"}},
    {"token": "token_3", "application": {"_id": "APP3", "name": "VendorApp", "version": "2.0"}},
]
EVENTS: Mapping[str, Value] = {
    "LobbyBeacon": {
        "endUserIDs": {"_experience": {"emailid": {"id": "guest@example.com"}, "mcid": {"id": "1" * 38}}},
        "identityMap": {"Email": [{"id": "guest@example.com"}, {"id": "second@example.com"}], "ECID": []},
        "_experience": {"campaign": {"message": {"profile": {"pushNotificationTokens": TOKENS}}}},
        "timestamp": "2026-03-02T11:59:00.000Z",
        "born": "1990-05-17",
        "visits": 3,
        "member": True,
        "3h": 7,
        "odd name": "quoted",
    },
    "GeofenceEntry": {"placeContext": {"POIinteraction": {"poiDetail": {"name": "Arlington"}}}},
    "OrderEvent": {"orderId": "12345"},
    "my_event": {
        "productListItems": [
            {"SKU": "B2", "priceTotal": 20, "name": "second"},
            {"SKU": "A1", "priceTotal": 150, "name": "first"},
            {"SKU": "B2", "priceTotal": 160, "name": "third"},
        ]
    },
    "event": {"appVersion": "20.45.2.3434"},
}
HISTORY = [  # newest first, as the platform hands experience events over
    {
        "timestamp": "2026-03-02T08:00:00Z",
        "eventType": "commerce.productListAdds",
        "directMarketing": {"sends": {"value": 1}},
        "productListItems": [{"name": "boots", "priceTotal": 120}, {"name": "coat", "priceTotal": 220}],
        "productData": {"productInteraction": "addToCart", "SKU": "C3"},
    },
    {
        "timestamp": "2026-02-20T08:00:00Z",
        "eventType": "commerce.purchases",
        "directMarketing": {"sends": {"value": 2}},
        "productListItems": [{"name": "hat", "priceTotal": 30}],
        "productData": {"productInteraction": "completePurchase", "SKU": "D4"},
    },
]


class Surroundings:
    """A person's data on 2 March 2026, at noon in UTC."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
        self.asked: list[tuple[str, str, dict[str, Value]]] = []

    def event(self, name: str) -> Value:
        return EVENTS.get(name)

    def data(self, source: str, field_group: str, parameters: Mapping[str, Value]) -> Value:
        self.asked.append((source, field_group, dict(parameters)))
        return {
            "experienceevent": HISTORY,
            "rain": {"3h": 0.4},
            "temperature": 12,
            "coordinates": "40.1,-74.2",
            "person": {"lastName": "Snow", "gender": "female"},
            "emails": [{"email": "one@example.com"}, {"email": "two@example.com"}],
        }

    def action(self, name: str) -> Value:
        return {"status": "gold", "points": 120, "jo_status_code": "http_200"} if name == "Loyalty" else None

    def constant(self, name: str) -> Value:
        return {"supplementalId": "order-7", "currentNodeName": "Check"}.get(name)

    def member(self, audience: str) -> bool:
        return audience == "Members"

    def random(self) -> float:
        return 0.25

    def uuid(self) -> str:
        return "00000000-0000-4000-8000-000000000000"


def value_of(text: str, dialect: str = "ajo") -> Value:
    return parse_expression(text, dialect).evaluate(Surroundings())  # type: ignore[arg-type]


PARIS = ZoneInfo("Europe/Paris")
MESSAGE = "LobbyBeacon._experience.campaign.message.profile.pushNotificationTokens"

DOCUMENTED: list[tuple[str, Value]] = [
    # operators
    ("3.14 > 2 and 3.15 < 1", False),
    ("3.14 > 2 or 3.15 < 1", True),
    ("not 3.15 < 1", True),
    ("@{BarBeacon.location} is null", True),
    ("@event{LobbyBeacon.visits} is not null", True),
    ('["foo", "bar", null] has null', True),
    ('["foo", "bar", ""] has null', False),
    ("3.14 == 42", False),
    ('"foo" != "bar"', True),
    ("42 >= 3.14", True),
    ("42 <= 3.14", False),
    ("1 + 2", 3),
    ("2 - 1", 1),
    ("4 / 2", 2),
    ("4 / 0", 0),
    ("3 * 4", 12),
    ("3 % 2", 1),
    ("@event{LobbyBeacon.visits} is numeric", True),
    ("@event{LobbyBeacon.visits} is decimal", False),
    ("3.0 is decimal", True),
    ("3 is integer", True),
    ('"a" + "b" + "c" + 1234', "abc1234"),
    ('"the current time is " + (now())', "the current time is 2026-03-02T12:00Z"),
    ('(now()) + " is the current time"', "2026-03-02T12:00Z is the current time"),
    (
        'toDateTime("2011-12-03T15:15:30Z") + toDuration("PT15M")',
        datetime(2011, 12, 3, 15, 30, 30, tzinfo=UTC),
    ),
    ('toDateTimeOnly("2011-12-03T15:15:30") + toDuration("PT15M")', datetime(2011, 12, 3, 15, 30, 30)),  # noqa: DTZ001
    ('now() + toDuration("PT1H")', datetime(2026, 3, 2, 13, tzinfo=UTC)),
    ('toDuration("PT1H") + toDuration("PT1H")', timedelta(hours=2)),
    # references
    ("@{LobbyBeacon.endUserIDs._experience.emailid.id}", "guest@example.com"),
    ("@event{OrderEvent.orderId}", "12345"),
    ('@event{OrderEvent.productId, defaultValue : "not specified" }', "not specified"),
    ("@event{OrderEvent.productId}", None),
    ("#{ACP.Profile.person.lastName}", "Snow"),
    ("#{ACP.Profile.emails.at(1).email}", "two@example.com"),
    ("#{ACP.Profile.person.age, defaultValue : -1}", -1),
    ("#{ACP.Profile.person.born, defaultValue: (now())}", datetime(2026, 3, 2, 12, tzinfo=UTC)),
    ("@{LobbyBeacon.identityMap.entry('Email').first().id}", "guest@example.com"),
    ("@{LobbyBeacon.identityMap.entry('Email').last().id}", "second@example.com"),
    ("@{LobbyBeacon.identityMap.entry('Phone').first().id}", None),
    ("@{LobbyBeacon.identityMap.firstEntryKey()}", "Email"),
    ("@{LobbyBeacon.identityMap.keys()}", ["Email", "ECID"]),
    ("#{OpenWeather.weatherData.rain.'3h'} > 0", True),
    ('@event{LobbyBeacon."odd name"}', "quoted"),
    ("${supplementalId}", "order-7"),
    ('@action{Loyalty.status} == "gold"', True),
    ("@action{Loyalty.jo_status_code}", "http_200"),
    ("@action{Other.status, defaultValue: @event{OrderEvent.orderId}}", "12345"),
    # collections
    (f'count(@{{{MESSAGE}.all(currentEventField.application.version == "1.0").token}}) > 0', True),
    (f"count(@{{{MESSAGE}.all().token}})", 3),
    (f"count(@{{{MESSAGE}.token}})", 3),
    (f'@{{{MESSAGE}.first(currentEventField.application.version == "1.0").token}}', "token_1"),
    (f'@{{{MESSAGE}.last(currentEventField.application.version == "1.0").token}}', "token_2"),
    (f"@{{{MESSAGE}.at(1).token}}", "token_2"),
    (
        """count(#{ExperiencePlatform.MarltonExperience.experienceevent.all(
             currentDataPackField.directMarketing.sends.value > 0 and
             currentDataPackField.timestamp > nowWithDelta(-1, "days")).timestamp}) == 0""",
        False,
    ),
    (
        '#{ExperiencePlatform.G.experienceevent.last(currentDataPackField.eventType == "commerce.productListAdds")'
        ".productListItems.last(currentDataPackField.priceTotal >= 150).name}",
        "coat",
    ),
    (
        '#{ExperiencePlatform.G.experienceevent.all(currentDataPackField.eventType != "x")'
        ".productListItems.all(currentDataPackField.priceTotal < 200).name}",
        ["boots", "hat"],
    ),
    (
        """in("addToCart", #{ExperiencePlatformDataSource
                 .ExperienceEventFieldGroup
                 .experienceevent
                 .all(inLastDays(currentDataPackField.timestamp, 7 ))
                 .productData
                 .productInteraction})
           and not(in("completePurchase", #{ExperiencePlatformDataSource
                 .ExperienceEventFieldGroup
                 .experienceevent
                 .all(inLastDays(currentDataPackField.timestamp, 7 ))
                 .productData
                 .productInteraction}))""",
        True,
    ),
    # the case trap: the SDK's field is `poiDetail`
    ('@{GeofenceEntry.placeContext.POIinteraction.POIDetail.name} == "Arlington"', False),
    ('@{GeofenceEntry.placeContext.POIinteraction.poiDetail.name} == "Arlington"', True),
    ('equalIgnoreCase(@{GeofenceEntry.placeContext.POIinteraction.poiDetail.name}, "ARLINGTON")', True),
    # conditional
    ("if (1 < 2) then ('a') else ('b')", "a"),
    ("if (@event{LobbyBeacon.member}) then (1) else (if (true) then (2) else (3))", 1),
    # data types
    ('toDateTime("2011-12-03T15:15:30.123-00:20")', datetime(2011, 12, 3, 15, 35, 30, 123000, tzinfo=UTC)),
    ("toDateTime(1560762190189)", datetime(2019, 6, 17, 9, 3, 10, 189000, tzinfo=UTC)),
    ('date("2021-02-19")', date(2021, 2, 19)),
    ('toDuration("PT5S")', timedelta(seconds=5)),
    ("toDuration(500)", timedelta(milliseconds=500)),
    ('toDuration("PT20.345S")', timedelta(seconds=20.345)),
    ('toDuration("P2DT3H4M")', timedelta(days=2, hours=3, minutes=4)),
    ('toDuration("P-6H3M")', timedelta(hours=-6, minutes=3)),
    ('toDuration("-P6H3M")', timedelta(hours=-6, minutes=-3)),
    ('toDuration("-P-6H+3M")', timedelta(hours=6, minutes=-3)),
    ("[toDuration(500),toDuration(800)]", [timedelta(milliseconds=500), timedelta(milliseconds=800)]),
    # aggregation
    ("avg([10,3,8])", 7.0),
    ("avg(10.2, 3)", 6.6),
    ("count([10,2,10,null])", 3),
    ("countOnlyNull([10,2,10,null])", 1),
    ("countWithNull([10,2,10,null])", 4),
    ("distinctCount([10,2,10,null])", 2),
    ("distinctCountWithNull([10,2,10,null])", 3),
    ('distinctCount(@event{my_event.productListItems}, "SKU")', 2),
    ("distinctCount(@event{my_event.productListItems})", 3),
    ("max([10,null,8])", 10),
    ("min([10,3,8])", 3),
    ("sum([10,3,8])", 21),
    ("sum([10.5,null,8.1])", 18.6),
    # conversion
    ('toBool("true")', True),
    ("toBool(1)", True),
    ('toBool("TRUE")', False),
    ('toBool("this is not a boolean")', False),
    ('toDateOnly("2023-08-18T00:00:00.000Z")', date(2023, 8, 18)),
    ("toDateOnly(2023, 8, 18)", date(2023, 8, 18)),
    ('toDateTime("Europe/Paris", toDateOnly("2023-08-18"))', datetime(2023, 8, 18, tzinfo=PARIS)),
    ('toDateTime("not a date")', None),
    ('toDateTimeOnly("2023-08-18")', datetime(2023, 8, 18)),  # noqa: DTZ001
    ('toDecimal("4.0")', 4.0),
    ('toInteger("4")', 4),
    ("toInteger(1.5)", 1),
    ("toString(4)", "4"),
    ("toString(1.5)", "1.5"),
    ("toString(true)", "true"),
    ("toString(toDuration(1520))", "PT1.52S"),
    ("toString(now())", "2026-03-02T12:00Z"),
    # dates
    ("currentTimeInMillis()", 1772452800000),
    ("inLastDays(toDateTime('2026-02-27T01:11:00Z'), 4)", True),
    ("inLastDays(toDateTime('2026-02-25T01:11:00Z'), 4)", False),
    ("inLastHours(@event{LobbyBeacon.timestamp}, 4)", True),
    ("inNextHours(@event{LobbyBeacon.timestamp}, 4)", False),
    ("inNextDays(nowWithDelta(3, 'days'), 4)", True),
    ("inLastMonths(toDateTime('2025-11-03T00:00:00Z'), 4)", True),
    ("inNextMonths(toDateTime('2026-06-01T00:00:00Z'), 2)", False),
    ("inLastYears(@event{LobbyBeacon.born}, 50)", True),
    ("inNextYears(toDateTime('2029-03-02T00:00:00Z'), 4)", True),
    ('now("Europe/Paris")', datetime(2026, 3, 2, 13, tzinfo=PARIS)),
    ('nowWithDelta(-2, "hours")', datetime(2026, 3, 2, 10, tzinfo=UTC)),
    ('nowWithDelta(-2, "hours", "Europe/Paris")', datetime(2026, 3, 2, 11, tzinfo=PARIS)),
    ('nowWithDelta(-1, "months")', datetime(2026, 2, 2, 12, tzinfo=UTC)),
    ("setHours(toDateTime('2023-12-12T01:11:00Z'), 4)", datetime(2023, 12, 12, 4, 11, tzinfo=UTC)),
    ('setHours(nowWithDelta(1, "days"), 20)', datetime(2026, 3, 3, 20, tzinfo=UTC)),
    ("setDays(toDateTime('2023-12-12T01:11:00Z'), 25)", datetime(2023, 12, 25, 1, 11, tzinfo=UTC)),
    (
        'updateTimeZone(toDateTime("2023-08-28T08:15:30.123-07:00"), "Europe/Paris")',
        datetime(2023, 8, 28, 17, 15, 30, 123000, tzinfo=PARIS),
    ),
    # lists
    ("distinct([10,2,10,null])", [10, 2]),
    ("distinctWithNull([10,2,10,null])", [10, 2, None]),
    ('count(filter(@event{my_event.productListItems}, "SKU", ["B2", "C9"]))', 2),
    ("getListItem([10, 2, 3], 1)", 2),
    ('getListItem(split(@event{event.appVersion}, "\\\\."), 0)', "20"),
    ("in(4,[4,5,3,4])", True),
    ("in(8,[4,5,3,4])", False),
    ('in(#{ExperiencePlatform.ProfileFieldGroup.person.gender}, ["male"])', False),
    (
        'intersect(["sports", "news", "documentary"], ["sports", "movies", "documentary"])',
        ["sports", "documentary"],
    ),
    ('limit(["A", "B", "C", "D", "E"], 3)', ["A", "B", "C"]),
    ('limit(["A", "B", "C", "D", "E"], 3, false)', ["C", "D", "E"]),
    ("listSize([10,2,3])", 3),
    ("listSize(@event{my_event.productListItems})", 3),
    ('serializeList(["Hello","World"], " ", false)', "Hello World"),
    ('serializeList(["Hello", "World"], ",", true)', '"Hello","World"'),
    ('sort(["A", "C", "B"], true)', ["A", "B", "C"]),
    ("sort([1, 3, 2], false)", [3, 2, 1]),
    ('getListItem(split("x", "y"), 1)', None),
    # numbers and texts
    ("round(2.5)", 3),
    ("round(-2.5)", -2),
    ("random() < 1", True),
    ('concat("Hello","World")', "HelloWorld"),
    ('concat(["Hello"," ","World"])', "Hello World"),
    ('contain("rowing is great", "great")', True),
    ('containIgnoreCase("rowing is great", "GREAT")', True),
    ('endWith("Hello World", "World")', True),
    ('endWithIgnoreCase("rowing is great", "AT")', True),
    ('equalIgnoreCase("rowing is great", "rowing is GREAT")', True),
    ('notEqualIgnoreCase("iPad", "IPAD")', False),
    ('indexOf("Hello", "l")', 2),
    ('indexOf("Hello", "z")', -1),
    ('lastIndexOf("Hello", "l")', 3),
    ('isEmpty("")', True),
    ("isEmpty(null)", False),
    ('isNotEmpty("hello")', True),
    ('length("Hello World")', 11),
    ('lower("A")', "a"),
    ('upper("b")', "B"),
    ('trim(" Hello ")', "Hello"),
    ('matchRegExp("12345", "\\\\d+")', True),
    ('replace("Hello World", "l", "x")', "Hexlo World"),
    ("replace('|OFFER_A|OFFER_B', '\\\\|OFFER_A', '')", "|OFFER_B"),
    ('replaceAll("Hello World", "l", "x")', "Hexxo Worxd"),
    ('split("A_B_C", "_")', ["A", "B", "C"]),
    ('split(@event{event.appVersion}, "\\\\.")', ["20", "45", "2", "3434"]),
    ('startWith("Hello World", "World")', False),
    ('startWithIgnoreCase("rowing is great", "RO")', True),
    ('substr("Hello World",6)', "World"),
    ('substr("Hello World", 0, 5)', "Hello"),
    ("length(uuid())", 36),
    # audiences
    ('inSegment("Members")', True),
    ('inAudience("Others")', False),
]


@pytest.mark.parametrize(("text", "expected"), DOCUMENTED, ids=[text[:60] for text, _ in DOCUMENTED])
def test_documented_examples_have_their_documented_value(text: str, expected: Value) -> None:
    value = value_of(text)
    assert type(value) is type(expected)
    assert value == pytest.approx(expected) if isinstance(expected, float) else value == expected


def test_every_function_is_shown_by_an_example() -> None:
    shown = " ".join(text for text, _ in DOCUMENTED)
    assert [name for name in FUNCTIONS if f"{name}(" not in shown] == []


def test_parameters_of_a_data_source_may_come_from_another_one() -> None:
    surroundings = Surroundings()
    text = (
        "#{Weather.main.temperature, params: {localisation: #{GPSLocalisation.main.coordinates, "
        "params: {city: @{OrderEvent.orderId}}}}}"
    )
    assert parse_expression(text).evaluate(surroundings) == 12
    assert surroundings.asked == [
        ("GPSLocalisation", "main", {"city": "12345"}),
        ("Weather", "main", {"localisation": "40.1,-74.2"}),
    ]


def test_references_and_audiences_of_an_expression_are_known_before_it_runs() -> None:
    expression = parse_expression(
        "inAudience(\"VIP\") and @event{Lobby.identityMap.entry('Email').first().id} == #{P.group.mail}"
    )
    assert expression.audiences == ("VIP",)
    assert [(r.kind, r.head, r.path) for r in expression.references] == [
        ("event", "Lobby", ("identityMap", "id")),
        ("data", "P", ("group", "mail")),
    ]


MISTAKES = [
    ("", "empty", 1),
    ("(1", "ends too early", 3),
    ("1 = 2", "use `==`", 3),
    ("A And B", "operators are lower case: `and`", 3),
    ('In("a", ["a"])', "did you mean `in`", 1),
    ("distance(1, 2)", "function `distance` is not supported by the local evaluator", 1),
    ('"a" == “a”', "typographic", 8),
    ('"a" == 1', "can't compare string with integer", 1),
    ("1 < true", "can't compare integer with boolean", 1),
    ("3 * 4.0", "two integers or two decimals", 1),
    ("true + 1", "`+` can't be used on boolean and integer", 1),
    ('[1, "a"]', "one type", 1),
    ("now", "needs parentheses", 1),
    ("Members", "unknown name `Members`", 1),
    ("round()", "takes 1 arguments, not 0", 1),
    ("now(@event{A.zone})", "must be a text constant", 1),
    ("currentEventField.a", "stands for the item of a collection", 1),
    ("@{A.list.all(currentDataPackField.x > 1)}", "here it is `currentEventField`", 14),
    ("#{Source}", "`#{source.fieldGroup.path}`", 1),
    ("@{A.list.median()}", "`.median()` is not supported", 10),
    ('matchRegExp("a", "(")', "not a regular expression", 1),
    ('toDuration("2 days")', "not a duration", 1),
]


@pytest.mark.parametrize(
    ("text", "message", "column"), MISTAKES, ids=[text or "empty" for text, _, _ in MISTAKES]
)
def test_a_mistake_is_named_with_its_column(text: str, message: str, column: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_expression(text)
    assert message in caught.value.message
    assert caught.value.column == column


def test_the_dialects_differ_where_the_products_do() -> None:
    with pytest.raises(ExpressionError, match="can't be read in the `jo` dialect"):
        parse_expression("@action{Loyalty.status}", "jo")
    with pytest.raises(ExpressionError, match="`inAudience` does not exist in the `jo` dialect"):
        parse_expression('inAudience("Members")', "jo")
    assert value_of("@{LobbyBeacon.visits}", "jo") == 3


def test_types_are_only_refused_at_run_time_where_data_decides() -> None:
    expression = parse_expression("@event{LobbyBeacon.visits} and true")
    with pytest.raises(ExpressionError, match="a boolean is needed here, not integer"):
        expression.evaluate(Surroundings())


def test_text_of_a_date_compares_as_a_date_where_it_comes_from_a_payload() -> None:
    assert value_of("@event{LobbyBeacon.timestamp} < now()") is True
    assert value_of('@event{LobbyBeacon.born} == date("1990-05-17")') is True


def test_values_of_different_types_are_not_equal() -> None:
    assert value_of('@event{LobbyBeacon.visits} == "3"') is False
    assert value_of('@event{LobbyBeacon.visits} != "3"') is True


@pytest.mark.parametrize(
    "text",
    [
        'now() + toDuration("P999999999D")',
        'toDuration("P9999999999999D")',
        "toDuration(9223372036854775807)",
        "toDateOnly(9223372036854775807, 1, 1)",
        "setHours(now(), 9223372036854775807)",
        'updateTimeZone(toDateTime("0001-01-01T00:00:00Z"), "America/New_York")',
        'toString(toDateTime("0001-01-01T00:00:00+10:00"))',
        "toInteger(1000000000000000000000000.0)",
        "99999999999999999999",
        'toInteger("999999999999999999999999")',
        'replace(@event{OrderEvent.orderId}, "1", "$5")',
        "round(1000000000000000000000000.0)",
    ],
)
def test_what_no_number_or_time_can_hold_is_a_named_mistake(text: str) -> None:
    with pytest.raises(ExpressionError):
        value_of(text)


@pytest.mark.parametrize("text", ["nan", "inf", "Infinity", "1_000", "", "1e", "١٢"])
def test_text_that_is_no_number_converts_to_null(text: str) -> None:
    assert value_of(f'toDecimal("{text}")') is None
    assert value_of(f'toInteger("{text}")') is None


@pytest.mark.parametrize(
    ("replacement", "found"),
    [("<$1>", "<b>"), ("\\$", "$"), ("\\$5", "$5"), ("\\\\", "\\"), ("$0$0", "bb"), ("5 $", "5 $")],
)
def test_a_replacement_is_read_as_java_reads_it(replacement: str, found: str) -> None:
    quoted = replacement.replace("\\", "\\\\")
    assert value_of(f'replace("abc", "(b)", "{quoted}")') == f"a{found}c"


integers = st.integers(min_value=-10_000, max_value=10_000)


@given(integers, integers, integers)
def test_arithmetic_follows_the_usual_precedence(a: int, b: int, c: int) -> None:
    assert value_of(f"{a} + {b} * {c} - ({a} - {b})".replace("--", "- -")) == a + b * c - (a - b)


@given(st.lists(integers, max_size=8), integers)
def test_selecting_keeps_what_the_condition_holds_for(numbers: list[int], bound: int) -> None:
    class Holding(Surroundings):
        def event(self, name: str) -> Value:
            return {"items": [{"n": number} for number in numbers]}

    def run(text: str) -> Value:
        return parse_expression(text).evaluate(Holding())

    kept = [number for number in numbers if number > bound]
    condition = f"currentEventField.n > {bound}"
    assert run(f"@event{{E.items.all({condition}).n}}") == kept
    assert run(f"@event{{E.items.first({condition}).n}}") == (kept[0] if kept else None)
    assert run(f"@event{{E.items.last({condition}).n}}") == (kept[-1] if kept else None)


@given(st.text(max_size=30))
def test_any_text_survives_being_a_constant(text: str) -> None:
    quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert value_of(quoted) == text


@given(st.text(alphabet="@#{}()[].,:'\"abAB1 +-*<>=!", max_size=40))
def test_any_text_is_either_an_expression_or_a_named_mistake(text: str) -> None:
    try:
        parse_expression(text)
    except ExpressionError as error:
        assert error.message
        assert 0 <= error.column <= len(text) + 1


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001
def test_a_time_read_back_from_its_text_is_the_same_to_the_microsecond(moment: datetime) -> None:
    aware = moment.replace(tzinfo=UTC)
    assert value_of(f'toDateTime("{text_of(aware)}")') == aware
