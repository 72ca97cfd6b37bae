"""The platform's own APIs: Schema Registry, Catalog, Flow Service, Data Prep and identity namespaces.

``platform.py`` joins them and tells the receiver what they mean for it; ``app.py`` puts them on HTTP; each service
lists its operations in one table (``calls.Operation``), from which the OpenAPI document is made as well.
"""

from simulator.receiver.platform.app import platform_router
from simulator.receiver.platform.platform import TENANT, Platform

__all__ = ["TENANT", "Platform", "platform_router"]
