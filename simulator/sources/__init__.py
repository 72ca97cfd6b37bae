"""Systems besides the app that know the people: the till, the loyalty programme, the web shop.

They send from servers and browsers: their events don't wait on phones, don't have the app's ECID, and come some time
after the fact. Knows nothing of phones.
"""

from simulator.sources.customers import Customer, card_number, item_facts
from simulator.sources.loyalty import Programme, members
from simulator.sources.sending import Outbox
from simulator.sources.till import TillSystem
from simulator.sources.web import WebShop

__all__ = ["Customer", "Outbox", "Programme", "TillSystem", "WebShop", "card_number", "item_facts", "members"]
