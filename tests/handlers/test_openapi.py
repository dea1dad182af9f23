"""The OpenAPI document says what the running application does: no more, no less."""

from __future__ import annotations

import json
import re
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from bot.cleaning import LONGEST_TEXT
from bot.models import OUTCOMES, Author, Status
from bot.texts import LOCALES
from bot.tickets import LONGEST_REPLY
from handlers import resident_api, staff_api
from handlers.openapi import document
from tests import samples
from tests.handlers.conftest import Browser, escalated, lead, listening
from tests.handlers.test_files import form

if TYPE_CHECKING:
    from tests.conftest import House

HEALTH = ("/healthz", "/readyz")
# What each act on a ticket is sent with.
BODIES = {
    "claim": None,
    "release": None,
    "reply": {"text": "Hei!"},
    "close": {"outcome": "solved"},
    "notes": {"text": "Hei!"},
    "transfer": {"queue": "general", "to": "Maija", "reason": "Sovittu."},
    "merge": {"into": "N-1001"},
    "tags": {"add": ["kirjasto"]},
}
METHODS = {"get", "post", "put", "patch", "delete"}
DOCUMENT = document()


@pytest.fixture(scope="module")
def registry():
    """Where `$ref` in the document leads."""
    resource = Resource(contents=DOCUMENT, specification=DRAFT202012)
    return Registry().with_resource("urn:openapi", resource)


def operations():
    """Every described operation as ((method, path), operation, parameters)."""
    for path, item in DOCUMENT["paths"].items():
        for method in METHODS & set(item):
            operation = item[method]
            parameters = [
                resolved(parameter)
                for parameter in (*item.get("parameters", ()), *operation.get("parameters", ()))
            ]
            yield (method.upper(), path), operation, parameters


def resolved(part):
    """What a part of the document refers to."""
    while "$ref" in part:
        target = DOCUMENT
        for step in part["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        part = target
    return part


def absolute(schema):
    """A schema whose references name the document, so that it can be used by itself."""
    return json.loads(json.dumps(schema).replace('"#/', '"urn:openapi#/'))


def test_document_is_valid():
    """The document is OpenAPI 3.1 and carries the package's version."""
    validate(DOCUMENT)
    assert DOCUMENT["openapi"].startswith("3.1")
    assert DOCUMENT["info"]["version"] == version("neuvokas")


async def test_document_is_served(browser):
    """The document can be read by anybody, as JSON."""
    answer = await browser.opens("/api/openapi.json")
    assert (answer.status, answer.json) == (200, DOCUMENT)
    assert answer.headers["Content-Type"].startswith("application/json")


async def test_every_route_is_described(house):
    """Each /api route, method and path parameter of the running application is described, none else."""
    running = {
        (route.method, route.resource.canonical)
        for route in house.app.router.routes()
        if route.resource
        and route.method != "HEAD"
        and (route.resource.canonical.startswith("/api/") or route.resource.canonical in HEALTH)
    }
    assert {name for name, _operation, _parameters in operations()} == running
    for (_method, path), _operation, parameters in operations():
        named = {parameter["name"] for parameter in parameters if parameter["in"] == "path"}
        assert named == set(re.findall(r"{(\w+)}", path)), path


def test_every_operation_is_complete():
    """Each operation has a name, a summary, its security, and says how every error looks."""
    names = [operation["operationId"] for _name, operation, _parameters in operations()]
    assert len(names) == len(set(names))
    for (method, path), operation, _parameters in operations():
        assert operation["summary"]
        assert "security" in operation
        statuses = set(operation["responses"])
        if operation["security"]:
            assert "401" in statuses, path
        if path.startswith("/api/v1"):
            assert {"500", "503"} <= statuses, path
            if method == "POST":
                # A foreign page may not send anything anywhere.
                assert "403" in statuses, path
        if "{" in path:
            assert "404" in statuses, path
        if "requestBody" in operation:
            assert {"400", "413", "422"} <= statuses, path
        for status, response in operation["responses"].items():
            content = resolved(response)["content"]
            if path.startswith("/api/") and int(status) >= 400:
                assert set(content) == {"application/problem+json"}, (path, status)


def test_every_part_is_used():
    """No schema, answer or parameter is described that nothing refers to."""
    text = json.dumps(DOCUMENT)
    for kind in ("schemas", "responses", "parameters"):
        for name in DOCUMENT["components"][kind]:
            assert f'"#/components/{kind}/{name}"' in text, name


def test_examples_fit_their_schemas(registry):
    """Every example in the document is one."""

    def walk(part):
        if isinstance(part, list):
            for item in part:
                yield from walk(item)
        if not isinstance(part, dict):
            return
        schema = part.get("schema", part if "type" in part else None)
        if isinstance(schema, dict):
            if "example" in part:
                yield schema, part["example"]
            if isinstance(part.get("examples"), dict):
                yield from ((schema, example["value"]) for example in part["examples"].values())
            if isinstance(part.get("examples"), list):
                yield from ((schema, example) for example in part["examples"])
        for item in part.values():
            yield from walk(item)

    checked = 0
    for schema, example in walk(DOCUMENT):
        Draft202012Validator(absolute(schema), registry=registry).validate(example)
        checked += 1
    assert checked >= 18


def test_limits_and_words_are_the_codes_own():
    """Lengths, languages, states and the cookie's name are those in the code."""
    parts = DOCUMENT["components"]
    schemas = parts["schemas"]
    assert schemas["Saying"]["properties"]["text"]["maxLength"] == LONGEST_TEXT
    reply = DOCUMENT["paths"]["/api/v1/staff/tickets/{number}/reply"]["post"]
    text = reply["requestBody"]["content"]["application/json"]["schema"]["properties"]["text"]
    assert text["maxLength"] == LONGEST_REPLY
    assert tuple(schemas["Locale"]["enum"]) == LOCALES
    assert schemas["Status"]["enum"] == list(Status)
    assert schemas["Outcome"]["enum"] == list(OUTCOMES)
    assert schemas["Message"]["properties"]["author"]["enum"] == list(Author)
    assert parts["securitySchemes"]["page"]["name"] == resident_api.COOKIE
    keys = parts["parameters"]
    assert keys["IdempotencyKey"]["schema"]["maxLength"] == resident_api._LONGEST_KEY
    assert keys["StaffIdempotencyKey"]["schema"]["maxLength"] == staff_api._LONGEST_KEY


class Checked:
    """Calls the running application and holds every answer against the document."""

    def __init__(self, house: House, registry: Registry) -> None:
        self.house = house
        self.registry = registry
        self.seen: set[tuple[str, str, str]] = set()

    async def call(self, method: str, path: str, token: str = "", **kwargs):
        """The answer's JSON, once it has been found to be as described."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= kwargs.pop("headers", {})
        answer = await Browser(self.house).asks(method, path, headers=headers, **kwargs)
        pattern, operation = self.operation(method, path.partition("?")[0])
        status = str(answer.status)
        assert status in operation["responses"], (method, path, status)
        response = resolved(operation["responses"][status])
        content_type = answer.headers["Content-Type"].partition(";")[0]
        # A file may be of any type; its content is nothing to describe.
        is_file = "*/*" in response["content"]
        schema = absolute(response["content"]["*/*" if is_file else content_type]["schema"])
        said = None if is_file else answer.json
        Draft202012Validator(
            schema, registry=self.registry, format_checker=Draft202012Validator.FORMAT_CHECKER
        ).validate(answer.text if is_file else said)
        for name, header in response.get("headers", {}).items():
            Draft202012Validator(header["schema"]).validate(answer.headers[name])
        self.seen.add((method, pattern, status))
        return said

    @staticmethod
    def operation(method, path):
        """The described operation that a path belongs to."""
        for (described, pattern), operation, _parameters in operations():
            if described == method and re.fullmatch(re.sub(r"{\w+}", "[^/]+", pattern), path):
                return pattern, operation
        raise AssertionError(path)


async def do_everything(check, house, ticket, maija, pekka):
    """Each act on a ticket, where it can be done and where it cannot."""
    staff_api_ = "/api/v1/staff"
    await check.call("POST", f"{ticket}/notes", maija.token, json={"text": "Muistiin."})
    tagging = {"add": ["tulostus", "kirjasto"], "remove": ["muu"]}
    await check.call("POST", f"{ticket}/tags", maija.token, json=tagging)
    too_many = {"add": [f"t{number}" for number in range(21)]}
    assert (await check.call("POST", f"{ticket}/tags", maija.token, json=too_many))["status"] == 409
    await check.call("GET", f"{staff_api_}/tickets?q=muisti&tag=tulostus&sort=due", maija.token)
    for act, body in BODIES.items():
        if act not in {"notes", "tags"}:
            await check.call("POST", f"{ticket}/{act}", pekka.token, json=body)
    await check.call("POST", f"{ticket}/reopen", maija.token)
    passed_on = {"to": "Pekka", "reason": "Sovittu."}
    await check.call("POST", f"{ticket}/transfer", maija.token, json=passed_on)
    await check.call("POST", f"{ticket}/release", pekka.token)
    await check.call("POST", f"{ticket}/close", maija.token, json={"outcome": "referred"})
    await check.call(
        "POST", f"{ticket}/close", maija.token, json={"outcome": "referred", "anyway": True}
    )
    await check.call("POST", f"{ticket}/reopen", maija.token)
    await check.call("POST", f"{ticket}/close", maija.token)
    _resident, second = await escalated(house, "sama asia", locale="sv")
    _resident, third = await escalated(house, "sama asia", locale="sv")
    path = f"{staff_api_}/tickets/{third}/merge"
    await check.call("POST", path, maija.token, json={"into": second})
    await check.call("GET", f"{staff_api_}/tickets/{third}", maija.token)


async def test_real_answers_are_as_described(house, registry):  # noqa: PLR0915 - a call a line
    """What the running application really answers, well and badly, fits the schemas."""
    check = Checked(house, registry)
    api, staff_api_ = "/api/v1/conversations", "/api/v1/staff"
    begun = await check.call("POST", api, json={"locale": "sv"})
    mine, token = f"{api}/{begun['id']}", begun["token"]
    other = await check.call("POST", api)
    for body in ({"text": "Paljonko digituki maksaa?"}, {"choice": "human"}, {"text": "lisäys"}):
        await check.call("POST", f"{mine}/messages", token, json=body)
    await check.call("GET", f"{mine}/messages?after=1", token)
    paper = form(("lupa.pdf", samples.PDF), text="tässä")
    sent = await check.call("POST", f"{mine}/messages", token, data=paper)
    [file] = sent["messages"][0]["files"]
    await check.call("GET", file["href"], token)
    await check.call("GET", file["href"])
    await check.call("GET", file["href"], other["token"])

    maija, pekka = await house.staff(), await house.staff("Pekka")
    [number] = await maija.queue()
    ticket = f"{staff_api_}/tickets/{number}"
    events = (await house.staff("Eeva", queues=["events"])).token
    await check.call("GET", f"{staff_api_}/queues", maija.token)
    await check.call("GET", f"{staff_api_}/tickets?status=open", maija.token)
    await check.call("POST", f"{ticket}/claim", maija.token)
    await check.call("POST", f"{ticket}/release", maija.token)
    await check.call("POST", f"{ticket}/reply", maija.token, json={"text": "Hei!"})
    paper = form(("ohje.pdf", samples.PDF), text="Katso ohje.")
    await check.call("POST", f"{ticket}/reply", maija.token, data=paper)
    seen = await check.call("GET", ticket, maija.token)
    file = seen["messages"][-1]["files"][0]["href"]
    for reader in (maija.token, events, ""):
        await check.call("GET", file, reader)
    await do_everything(check, house, ticket, maija, pekka)
    await check.call("GET", f"{mine}/messages", token)
    await check.call("GET", ticket, maija.token)
    await check.call("GET", f"{staff_api_}/tickets?status=closed", maija.token)

    # And badly: every operation without a token, with a foreign one, and with nonsense.
    for body in (b"{", b"{}", b'{"locale": "xx", "text": " "}', b"x" * 300_000):
        await check.call("POST", api, data=body)
        await check.call("POST", f"{mine}/messages", token, data=body)
        for act in BODIES:
            await check.call("POST", f"{ticket}/{act}", maija.token, data=body)
    await check.call("POST", f"{ticket}/close", maija.token, json={"outcome": "lost"})
    await check.call("POST", f"{ticket}/tags", maija.token, json={"add": "kirjasto"})
    foreign = {"Origin": "https://evil.example"}
    await check.call("POST", api, headers=foreign)
    await check.call("POST", f"{mine}/messages", token, headers=foreign)
    for path in (f"{mine}/messages", f"{mine}/events"):
        await check.call("GET", path)
        await check.call("GET", f"{path}?after=x", token)
        await check.call("GET", path, other["token"])
    await check.call("POST", f"{mine}/messages", json={})
    await check.call("POST", f"{mine}/messages", other["token"], json={"text": "hei"})
    for path in (f"{staff_api_}/queues", f"{staff_api_}/tickets", ticket):
        await check.call("GET", path)
    await check.call("GET", f"{staff_api_}/tickets?status=x", maija.token)
    await check.call("GET", f"{staff_api_}/tickets?queue=general", events)
    await check.call("GET", ticket, events)
    for act, body in {**BODIES, "claim": None, "release": None, "reopen": None}.items():
        await check.call("POST", f"{ticket}/{act}", json=body)
        await check.call("POST", f"{ticket}/{act}", events, json=body)
        await check.call("POST", f"{ticket}/{act}", maija.token, headers=foreign)
    await numbers_asked_for(check, maija.token)
    for path in ("/api/openapi.json", *HEALTH):
        await check.call("GET", path)

    described = {
        (method, path, status)
        for (method, path), operation, _parameters in operations()
        for status in operation["responses"]
    }
    # Streams are checked below; our own faults and an unready service by tests of their own.
    untried = {one for one in described - check.seen if one[2] not in {"500", "503"}}
    assert untried == {("GET", "/api/v1/conversations/{id}/events", "200")}


async def numbers_asked_for(check, token_of_staff):
    """Ask for the numbers as a lead, as staff, as anybody, and for periods that are none."""
    numbers, liisa = "/api/v1/staff/numbers", await lead(check.house)
    await check.call("GET", numbers, liisa.token)
    await check.call("GET", f"{numbers}?period=x", liisa.token)
    await check.call("GET", numbers, token_of_staff)
    await check.call("GET", numbers)
    for path in ("/api/v1/open/statistics", "/api/v1/open/ai-register"):
        await check.call("GET", path)
        await check.call("GET", f"{path}?month=x")


async def test_streamed_messages_are_as_described(house, registry):
    """What the stream carries is the same message as elsewhere."""
    resident, number = await escalated(house, "Paljonko digituki maksaa?")
    await (await lead(house)).replies(number, "Hei!")
    schema = {"$ref": "urn:openapi#/components/schemas/Message"}
    validator = Draft202012Validator(schema, registry=registry)
    path = f"/api/v1/conversations/{resident.id}/events"
    headers = {"Authorization": f"Bearer {resident.token}"}
    async with listening(house, path, headers=headers) as stream:
        for _ in range(6):
            event = await stream.event()
            message = json.loads(event["data"])
            validator.validate(message)
            assert int(event["id"]) == message["id"]


async def test_unready_and_failing_are_as_described(house, registry, monkeypatch):
    """An unready service, a database out of reach and an error of ours are as described as well."""
    check = Checked(house, registry)
    faults: list[type[Exception]] = []

    async def fails(*_args, **_kwargs):
        raise faults[-1]

    resident, number = await escalated(house)
    maija = await lead(house)
    broken = ("resident_api.of_token", "resident_api.begin", "staff_api.staff_behind")
    for name in (
        *broken,
        "access.gate._who",
        "staff.numbers.staff_behind",
        "staff.numbers._open_report",
    ):
        monkeypatch.setattr(f"handlers.{name}", fails)
    for fault, status in ((RuntimeError, 500), (OSError, 503)):
        faults.append(fault)
        for (method, pattern), operation, _parameters in operations():
            if str(status) not in operation["responses"] or pattern in HEALTH:
                continue
            path = pattern.replace("{id}", resident.id).replace("{number}", number)
            path = path.replace("{key}", "0" * 32)
            token = maija.token if "/staff/" in path else resident.token
            body = BODIES.get(pattern.rpartition("/")[2], {"text": "hei"})
            body = body if method == "POST" and "{" in pattern else None
            assert (await check.call(method, path, token, json=body))["status"] == status

    async def behind(_database):
        return False

    monkeypatch.setattr("handlers.health.is_current", behind)
    assert (await check.call("GET", "/readyz"))["status"] == "unavailable"
