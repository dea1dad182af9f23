"""The figures for monitoring, in Prometheus's text format."""

from __future__ import annotations

import hmac
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import web
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_1_0_0
from prometheus_client.registry import Collector

from bot.counts.figures import Messages, figures
from bot.errors import NotFound, Unauthenticated
from bot.group.desk import Groups
from bot.models import Author, DeliveryStatus
from bot.service.alerts import ALARMS
from handlers.keys import CLOCK, DATABASE, SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prometheus_client.metrics_core import Metric

    from bot.counts.figures import Figures

ROUTES = web.RouteTableDef()
MESSAGES = web.AppKey("MESSAGES", Messages)
# A proxy that hands a stranger's request on says so in one of these.
_FORWARDED = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP")


def prepare(app: web.Application) -> None:
    """Make what the figures are counted with."""
    app[MESSAGES] = Messages()


@ROUTES.get("/metrics")
async def metrics(request: web.Request) -> web.Response:
    """Return the figures, to whoever has the token; without one in the settings, to this machine."""
    _check(request)
    async with request.app[DATABASE].read() as session:
        groups = Groups.from_settings(request.app[SETTINGS])
        found = await figures(session, request.app[MESSAGES], request.app[CLOCK](), groups)
    registry = CollectorRegistry()
    registry.register(_Figures(found))
    ProcessCollector(registry=registry)
    return web.Response(
        body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_PLAIN_1_0_0}
    )


def _check(request: web.Request) -> None:
    """Let only those pass who may see the figures.

    Raises:
        Unauthenticated: A token is set, and the request has another or none.
        NotFound: None is set, and the request does not come from this machine.
    """
    token = request.app[SETTINGS].metrics_token
    if token:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        wanted = token.encode()
        right = hmac.compare_digest(given.strip().encode("utf-8", "backslashreplace"), wanted)
        if scheme.lower() != "bearer" or not right:
            raise Unauthenticated
    elif not _is_local(request):
        raise NotFound("metrics")


def _is_local(request: web.Request) -> bool:
    """Return whether the request begins and ends on this machine, with no proxy between."""
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        name = urlsplit(f"//{request.host}").hostname or ""
        named = name == "localhost" or ip_address(name).is_loopback
        return named and ip_address(request.remote or "").is_loopback
    except ValueError:
        return False


class _Figures(Collector):
    """Figures as Prometheus reads them."""

    def __init__(self, found: Figures) -> None:
        self._found = found

    def collect(self) -> Iterator[Metric]:
        """Yield each figure with its name, its meaning and its labels."""
        found = self._found
        tickets = GaugeMetricFamily(
            "neuvokas_tickets", "Tickets by queue and status.", labels=["queue", "status"]
        )
        for (queue, status), count in found.tickets.items():
            tickets.add_metric([queue, status], count)
        yield tickets
        yield _gauge(
            "neuvokas_tickets_overdue",
            "Live tickets without a reply whose promised moment has passed.",
            "queue",
            found.overdue,
        )
        yield _gauge(
            "neuvokas_tickets_unsettled",
            "Live tickets that should have been settled by now.",
            "queue",
            found.unsettled,
        )
        yield _gauge(
            "neuvokas_alerts_unanswered",
            "Unanswered tickets that somebody was told of, by rung of the ladder.",
            "rung",
            found.alerted,
        )
        yield _gauge(
            "neuvokas_alarm",
            "Tickets for which an alarm of /readyz is on; of desk-unreachable, groups.",
            "alarm",
            {**dict.fromkeys(ALARMS, 0), **found.alarms},
        )
        states = {DeliveryStatus.WAITING.value: 0, DeliveryStatus.FAILED.value: 0}
        yield _gauge(
            "neuvokas_outbox",
            "Messages on their way out.",
            "status",
            {**states, **found.deliveries},
        )
        yield GaugeMetricFamily(
            "neuvokas_outbox_oldest_seconds",
            "How long the oldest waiting message could have gone out.",
            value=found.oldest_waiting,
        )
        messages = CounterMetricFamily(
            "neuvokas_messages", "Messages by author.", labels=["author"]
        )
        for author in Author:
            messages.add_metric([author.value], found.messages.get(author, 0))
        yield messages


def _gauge(name: str, meaning: str, label: str, values: Mapping[str, int]) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, meaning, labels=[label])
    for value, count in values.items():
        gauge.add_metric([value], count)
    return gauge
