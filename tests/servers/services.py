"""Slack, Microsoft Teams and PagerDuty as their documentation describes them: what breaks a published rule is refused.

usage: services.py PORT FOLDER

POST /services/…    Slack's incoming webhooks (Block Kit reference; api.slack.com/messaging/webhooks)
POST /workflows/…   a Teams workflow's webhook (Adaptive Card in a message; learn.microsoft.com, webhooks and connectors)
POST /v2/enqueue    PagerDuty's Events API v2 (developer.pagerduty.com/docs/events-api-v2)

What is taken is written to FOLDER/NAME-N.json, what is refused to FOLDER/refused-N.txt. PagerDuty's incidents stand in
FOLDER/incidents.json by their dedup_key. A path that ends in /busy answers 429 with Retry-After: 3, as all three do.
"""

import http.server
import json
import pathlib
import re
import signal
import sys
import threading

PORT, FOLDER = int(sys.argv[1]), pathlib.Path(sys.argv[2])
WRITTEN_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


class Refusal(Exception):
    pass


def need(true, words):
    if not true:
        raise Refusal(words)


def only(table, known, place):
    need(isinstance(table, dict), f"{place} is no object")
    unknown = set(table) - set(known)
    need(not unknown, f"{place} has {sorted(unknown)}")


def text(value, most, place, least=1):
    need(isinstance(value, str), f"{place} is no text")
    need(least <= len(value) <= most, f"{place} has {len(value)} characters, {least} to {most} may be")
    return value


def slack(message):
    only(message, ["text", "blocks", "unfurl_links", "unfurl_media"], "message")
    text(message.get("text"), 40_000, "text")
    blocks = message.get("blocks")
    need(isinstance(blocks, list) and 1 <= len(blocks) <= 50, "invalid_blocks: 1 to 50")
    for block in blocks:
        kind = block.get("type")
        if kind == "header":
            only(block, ["type", "text", "block_id"], kind)
            need(block["text"].get("type") == "plain_text", "a header is plain_text")
            text(block["text"]["text"], 150, "header")
        elif kind == "section":
            only(block, ["type", "text", "fields", "block_id"], kind)
            mrkdwn(block["text"], 3_000)
        elif kind == "context":
            only(block, ["type", "elements", "block_id"], kind)
            need(1 <= len(block["elements"]) <= 10, "1 to 10 elements")
            for element in block["elements"]:
                mrkdwn(element, 3_000)
        else:
            raise Refusal(f"invalid_blocks: {kind}")
    return "ok", 200, "text/plain"


def mrkdwn(element, most):
    only(element, ["type", "text", "verbatim"], "text object")
    need(element["type"] in ("mrkdwn", "plain_text"), "invalid text object")
    words = text(element["text"], most, "text object")
    # What is not escaped would be a mention or a link.
    need(re.search(r"<(?!https?://)", words) is None, f"control sequence in {words!r}")
    need(re.search(r"&(?!amp;|lt;|gt;)", words) is None, f"bare & in {words!r}")


def teams(message, size):
    need(size <= 28 * 1024, f"{size} bytes, 28 KB may be")
    need(message.get("type") == "message", "type is message")
    need(len(message["attachments"]) == 1, "one attachment")
    attachment = message["attachments"][0]
    need(attachment["contentType"] == "application/vnd.microsoft.card.adaptive", "contentType")
    card = attachment["content"]
    need(card["type"] == "AdaptiveCard", "type is AdaptiveCard")
    need(card["version"] in ("1.0", "1.1", "1.2", "1.3", "1.4", "1.5"), "version")
    need(isinstance(card["body"], list) and card["body"], "body")
    for element in card["body"]:
        card_element(element)
    return "", 202, "text/plain"


def card_element(element):
    kind = element.get("type")
    spacing = element.get("spacing", "default")
    need(spacing in ("default", "none", "small", "medium", "large", "extraLarge", "padding"), f"spacing {spacing}")
    if kind == "Container":
        only(element, ["type", "style", "bleed", "items", "spacing"], kind)
        need(element["style"] in ("default", "emphasis", "good", "attention", "warning", "accent"), "style")
        for item in element["items"]:
            card_element(item)
    elif kind == "RichTextBlock":
        only(element, ["type", "inlines", "spacing"], kind)
        need(element["inlines"], "inlines")
        for run in element["inlines"]:
            only(run, ["type", "text", "weight", "size", "isSubtle", "color"], "TextRun")
            need(run["type"] == "TextRun", "TextRun")
            text(run["text"], 28_000, "TextRun")
            need(run.get("weight", "default") in ("default", "lighter", "bolder"), "weight")
            need(run.get("size", "default") in ("default", "small", "medium", "large", "extraLarge"), "size")
    else:
        raise Refusal(f"element {kind}")


INCIDENTS = {}


def pagerduty(event, size):
    need(size <= 512 * 1024, f"{size} bytes, 512 KB may be")
    only(event, ["routing_key", "event_action", "dedup_key", "payload", "client", "client_url", "links", "images"], "event")
    need(re.fullmatch(r"[0-9a-zA-Z]{32}", event.get("routing_key", "")), "Invalid routing key")
    action = event.get("event_action")
    need(action in ("trigger", "acknowledge", "resolve"), f"event_action {action}")
    key = text(event.get("dedup_key"), 255, "dedup_key")
    if action == "trigger":
        payload = event.get("payload")
        known = ["summary", "source", "severity", "timestamp", "component", "group", "class", "custom_details"]
        only(payload, known, "payload")
        text(payload.get("summary"), 1024, "summary")
        text(payload.get("source"), 1024, "source")
        need(payload.get("severity") in ("critical", "error", "warning", "info"), f"severity {payload.get('severity')}")
        need(WRITTEN_TIME.fullmatch(payload.get("timestamp", "2026-01-01T00:00:00Z")), "timestamp")
        for link in event.get("links", []):
            need(link["href"].startswith("http"), "href")
    if action == "trigger":
        INCIDENTS[key] = {"state": "triggered", "severity": event["payload"]["severity"]}
    elif key in INCIDENTS and INCIDENTS[key]["state"] != "resolved":
        INCIDENTS[key]["state"] = action + "d" if action == "acknowledge" or action == "resolve" else action
    (FOLDER / "incidents.json").write_text(json.dumps(INCIDENTS, indent=1))
    answer = {"status": "success", "message": "Event processed", "dedup_key": key}
    return json.dumps(answer), 202, "application/json"


class Services(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    lock = threading.Lock()
    count = 0

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        with Services.lock:
            Services.count += 1
            answer, status, kind = self.judge(Services.count, body)
        self.send_response(status)
        if status == 429:
            self.send_header("retry-after", "3")
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(answer.encode())))
        self.end_headers()
        self.wfile.write(answer.encode())

    def judge(self, number, body):
        if self.path.endswith("/busy"):
            return "rate_limited", 429, "text/plain"
        try:
            need(self.headers.get("content-type", "").split(";")[0] == "application/json", "content-type")
            document = json.loads(body)
            if self.path.startswith("/services/"):
                name, answer = "slack", slack(document)
            elif self.path.startswith("/workflows/"):
                name, answer = "teams", teams(document, len(body))
            elif self.path == "/v2/enqueue":
                name, answer = "pagerduty", pagerduty(document, len(body))
            else:
                return "no such service", 404, "text/plain"
        except Exception as error:
            (FOLDER / f"refused-{number}.txt").write_text(f"{self.path}\n{error!r}\n{body.decode(errors='replace')}\n")
            return f"invalid_payload: {error}", 400, "text/plain"
        part = FOLDER / f"{name}-{number}.part"
        part.write_bytes(body)
        part.rename(FOLDER / f"{name}-{number}.json")
        return answer

    def log_message(self, *_):
        pass


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Services)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
