"""Probes and figures."""

from prometheus_client.parser import text_string_to_metric_families

from gateway.observability.health import Finding
from tests.support.api import Api


async def test_live_says_only_that_the_console_answers(api: Api) -> None:
    api.ledger.path.unlink()
    answer = await api.get("/livez")
    assert answer.json() == {"status": "live", "checks": {}}


async def test_ready_when_all_checks_hold(api: Api) -> None:
    api.findings = [Finding("ingest", ok=True, detail="running")]
    answer = await api.get("/readyz")
    assert answer.status_code == 200
    checks = {"ingest": {"ok": True, "detail": "running"}}
    assert answer.json() == {"status": "ready", "checks": checks}


async def test_one_failed_check_is_503_with_its_reason(api: Api) -> None:
    down = Finding("ingest", ok=False, detail="ingest is not running")
    api.findings = [Finding("process", ok=True, detail="running"), down]
    answer = await api.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["status"] == "not_ready"
    assert answer.json()["checks"]["ingest"]["detail"] == "ingest is not running"


async def test_head_is_answered_as_get_without_a_body(api: Api) -> None:
    whole = await api.get("/api/v1/devices/export")
    head = await api.ask("HEAD", "/api/v1/devices/export")
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-type", "content-length"):
        assert head.headers[name] == whole.headers[name]
    endless = await api.ask("HEAD", "/api/v1/events")
    assert endless.status_code == 405


async def scrape(api: Api) -> dict[tuple[str, ...], float]:
    text = (await api.get("/metrics")).text
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_the_accounting_identity_can_be_scraped(api: Api) -> None:
    api.ledger.state(block=40, messages=12)
    api.ledger.fate("accepted", 9)
    api.ledger.fate("ignored", 3)
    api.ledger.sink("main", "influxdb")
    api.ledger.addressed("main", 5)
    api.deliveries.sink("main", "influxdb", 40, 1, 4, 1, "ok", None)
    figures = await scrape(api)
    fates = [v for name, v in figures.items() if name[0] == "evalgate_elements"]
    assert figures["evalgate_elements_received",] == sum(fates) == 12
    assert figures["evalgate_sink_events", "main", "addressed"] == 5
    assert figures["evalgate_sink_events", "main", "owed"] == 0
    assert figures["evalgate_stores_readable",] == 1


async def test_the_roles_figures_are_served_even_without_stores(api: Api) -> None:
    api.ledger.path.unlink()
    exported = "# TYPE evalgate_link_up gauge\nevalgate_link_up 1.0\n"
    (api.run_dir / "ingest.prom").write_text(exported)
    figures = await scrape(api)
    assert figures["evalgate_link_up",] == 1
    assert figures["evalgate_stores_readable",] == 0
