"""The vendor's browser library, unchanged, in a real browser: it takes the receiver for the Edge Network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from simulator.receiver import EventStore, Receiver, ServerThread
from tests.browser.browsing import EDGE_HOST, Page, browse, needed, over_tls

ORGANIZATION = "0123456789ABCDEF01234567@AdobeOrg"
DATASTREAM = "9b1f2c30-0000-4000-8000-000000000001"
CONFIGURE = f"""
  await alloy("configure", {{
    datastreamId: "{DATASTREAM}", orgId: "{ORGANIZATION}", edgeDomain: "{EDGE_HOST}",
    clickCollectionEnabled: false, debugEnabled: false
  }});
"""


@pytest.fixture
def server() -> Iterator[ServerThread]:
    with EventStore() as store, ServerThread(Receiver(store)) as made:
        yield made


def told(server: ServerThread, script: str, folder: Path) -> dict[str, Any]:
    """What a page with the library configured and ``script`` tells."""
    browser, library = needed()
    with over_tls(server.url) as port, Page(library, CONFIGURE + script) as page:
        result = browse(browser, page, port, folder / "profile")
    assert "error" not in result, result["error"]
    return result


def events(server: ServerThread) -> list[dict[str, Any]]:
    return [record["event"] for record in httpx.get(f"{server.url}/received").json()["records"]]


@pytest.mark.slow
def test_the_browser_library_sends_an_event_and_reads_its_ecid_back(
    server: ServerThread, tmp_path: Path
) -> None:
    script = """
      await alloy("sendEvent", {xdm: {eventType: "web.webpagedetails.pageViews",
        web: {webPageDetails: {name: "home", pageViews: {value: 1}}}}});
      const first = await alloy("getIdentity");
      await alloy("sendEvent", {xdm: {eventType: "commerce.productViews", commerce: {productViews: {value: 1}},
        productListItems: [{SKU: "mug-1"}]}});
      const second = await alloy("getIdentity");
      await tell({first: first.identity.ECID, second: second.identity.ECID, cookies: document.cookie});
    """
    result = told(server, script, tmp_path)
    assert re.fullmatch(r"[0-9]{38}", result["first"])
    assert result["second"] == result["first"]
    assert "kndctr_0123456789ABCDEF01234567_AdobeOrg_identity" in result["cookies"]
    seen, looked = events(server)
    assert (seen["eventType"], looked["eventType"]) == (
        "web.webpagedetails.pageViews",
        "commerce.productViews",
    )
    for event in (seen, looked):
        assert event["identityMap"]["ECID"][0]["id"] == result["first"]
        assert event["implementationDetails"]["name"] == "https://ns.adobe.com/experience/alloy"
    assert httpx.get(f"{server.url}/failed").json()["total"] == 0


@pytest.mark.slow
def test_a_page_reaches_the_second_version_of_the_edge_api_too(server: ServerThread, tmp_path: Path) -> None:
    script = f"""
      await alloy("sendEvent", {{xdm: {{eventType: "web.webpagedetails.pageViews"}}}});
      const ecid = (await alloy("getIdentity")).identity.ECID;
      const answer = await fetch("https://{EDGE_HOST}/ee/v2/interact?datastreamId={DATASTREAM}", {{
        method: "POST", headers: {{"Content-Type": "text/plain; charset=UTF-8"}},
        body: JSON.stringify({{event: {{xdm: {{identityMap: {{ECID: [{{id: ecid, primary: true}}]}}, _id: "v2-1",
          timestamp: new Date().toISOString(), eventType: "web.webinteraction.linkClicks"}}}},
          query: {{identity: {{fetch: ["ECID"]}}}}}})
      }});
      await tell({{ecid, status: answer.status, body: await answer.json()}});
    """
    result = told(server, script, tmp_path)
    assert result["status"] == 200
    identities = [one for one in result["body"]["handle"] if one["type"] == "identity:result"]
    assert identities[0]["payload"][0]["id"] == result["ecid"]
    assert [event["eventType"] for event in events(server)] == [
        "web.webpagedetails.pageViews",
        "web.webinteraction.linkClicks",
    ]
