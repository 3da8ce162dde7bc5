"""Reads the worked requests of the vendors' documents, and says the same in our language.

The documents belong to others: they are read at test time, and nothing of them is kept here.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from forwardc.compile.vaults.facts import load

Json = Any
_PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z0-9_.-]+)\s*\}\}")
_JWE = re.compile(r"\{\{\s*jwe_encrypt\((.*?)\)\s*\}\}")
_NUMBERED = re.compile(r"""(?<=[{}\[\],"'e ])([0-9]+)(?=["{}\]])""")
_ATOMS = {fact["value"]: name for name, fact in load("checkout").section("atoms").items()}
# Slips of the documents: what the names stand for by the text around them.
_SLIPS = {
    "card_bin": "card.number",
    "expiry_month": "card.expiry.M",
    "expiry_year_yyyy": "card.expiry.YYYY",
}
_FRAGMENT = {
    "source": {"type": "id", "id": "src_" + "x" * 26},
    "destination_request": {
        "url": "https://api.example.com/v1/endpoint",
        "method": "POST",
        "headers": {"raw": {"Content-Type": "application/json"}},
        "body": "{}",
    },
}


@dataclass(frozen=True)
class Absent:
    """One side of a difference that is not there."""


ABSENT = Absent()


def forward_requests(data: Json) -> list[Json]:
    """The forward requests among the examples of `docs_examples.json`."""
    found = (example.get("json") for example in data["examples"])
    return [one for one in found if isinstance(one, dict) and "destination_request" in one]


def blocks(markdown: str) -> list[Json]:
    """The forward requests among the JSON blocks of a Markdown page."""
    texts = re.findall(r"```json\n(.*?)```", markdown, re.DOTALL)
    return [one for one in map(json.loads, filter(_is_json, texts)) if "destination_request" in one]


def numbered(page: str) -> list[Json]:
    """The forward requests of a page whose line numbers became part of the text."""
    found = []
    for line in page.splitlines():
        start = re.search(r"""(?:^1|--data '[0-9]+|--data '){""", line)
        if "destination_request" not in line or not start:
            continue
        text = _without_numbers(line[start.end() - 1 :], 1 if start.group().startswith("1") else 4)
        if _is_json(text):
            found.append(json.loads(text))
    return found


def complete(forward: Json, replaced: Mapping[str, str]) -> Json:
    """A request with what a fragment leaves out, and with made-up values for `<...>` texts."""
    request = _FRAGMENT["destination_request"] | forward["destination_request"]
    text = json.dumps(_FRAGMENT | forward | {"destination_request": request})
    for old, new in replaced.items():
        text = text.replace(json.dumps(old)[1:-1], json.dumps(new)[1:-1])
    return json.loads(text)


def _without_numbers(text: str, last: int) -> str:
    """The text without its line numbers: the ascending ones at the ends of tokens."""
    kept, position, expected = [], 0, last + 1
    for match in _NUMBERED.finditer(text):
        if int(match.group()) == expected:
            kept.append(text[position : match.start()])
            position, expected = match.end(), expected + 1
    return ("".join(kept) + text[position:]).rstrip().removesuffix("'")


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def seen(forward: Json) -> Json:
    """What a forward request asks for, with its variables put in and its texts parsed."""
    request = forward["destination_request"]
    variables = {pair["name"]: pair["value"] for pair in request.get("variables", ())}

    def expand(value: Json) -> Json:
        if isinstance(value, dict):
            return {key: expand(item) for key, item in value.items()}
        if isinstance(value, list):
            return [expand(item) for item in value]
        if not isinstance(value, str):
            return value
        if call := _JWE.fullmatch(value):
            return {"jwe": {k: expand(variables.get(v, v)) for k, v in _arguments(call.group(1))}}
        whole = _parsed(value)
        if whole is not value:
            return expand(whole)
        text = _PLACEHOLDER.sub(lambda m: variables.get(m[1], m[0]).replace("{{ ", "{{"), value)
        text = re.sub(r"\{\{ ?([^{}]*?) ?\}\}", r"{{\1}}", text)
        parsed = _parsed(text)
        return text if parsed is text else expand(parsed)

    kept = {key: forward[key] for key in ("source", "network_token", "reference") if key in forward}
    return kept | {
        "processing_channel_id": forward.get("processing_channel_id", ABSENT),
        "url": request["url"],
        "method": request["method"],
        "headers": expand(request["headers"]["raw"]),
        "encrypted": request["headers"].get("encrypted", ABSENT),
        "query": {pair["name"]: expand(pair["value"]) for pair in request.get("query", ())},
        "signature": expand(request.get("signature", {})),
        "body": expand(request["body"]),
    }


def _arguments(text: str) -> Iterator[tuple[str, str]]:
    for part in text.split(","):
        name, _, value = part.strip().partition("=")
        yield name, value.strip("'")


def _parsed(text: str) -> Json:
    """The value of a text that is JSON or a form; other text as it is."""
    if text.startswith("{") and not text.startswith("{{") and _is_json(text):
        return json.loads(text)
    if re.fullmatch(r"[A-Za-z_\[\]0-9]+=[^ ]*", text):
        return {"form": dict(pair.split("=", 1) for pair in text.split("&"))}
    return text


def differences(theirs: Json, ours: Json, at: str = "") -> dict[str, tuple[Json, Json]]:
    """Where two requests differ, by JSON Pointer."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        found: dict[str, tuple[Json, Json]] = {}
        for key in {**theirs, **ours}:
            left, right = theirs.get(key, ABSENT), ours.get(key, ABSENT)
            found |= differences(left, right, f"{at}/{key}")
        return found
    same = theirs == ours and type(theirs) is type(ours)
    return {} if same else {at: (theirs, ours)}


def as_destination(forward: Json) -> bytes:
    """A destination of ours that says what a forward request of the documents says.

    Without the header Host, and with a credential as a secret.
    """
    request = forward["destination_request"]
    variables = {pair["name"]: pair["value"] for pair in request.get("variables", ())}
    lets = {n: _expressions(_parsed(v), {}) for n, v in variables.items() if _is_json(v)}
    texts = {n: _expressions(v, {}) for n, v in variables.items() if n not in lets}
    body = _expressions(_parsed(request["body"]), texts | dict.fromkeys(lets))
    kind = "form" if isinstance(body, dict) and set(body) == {"form"} else "json"
    base_url, path = _address(request["url"])
    step = {
        "let": lets,
        "request": {
            request["method"]: path,
            "headers": _headers(request["headers"]["raw"], texts),
            "query": {p["name"]: _expressions(p["value"], texts) for p in request.get("query", ())},
            kind: _nested(body["form"]) if kind == "form" else body,
        },
    }
    for empty in [name for name in ("headers", "query") if not step["request"][name]]:
        del step["request"][empty]
    text = json.dumps(step)
    secrets = sorted(set(re.findall(r"\$\{(?:.*?)secrets\.([a-z_]+)", text)))
    merchant = forward.get("network_token", {}).get("request_cryptogram") is False
    step |= {"response": {"outcome": "by_status"}}
    document = {
        "forwardc": 1,
        "name": "documented",
        "title": "What a document shows",
        "environments": {"sandbox": {"base_url": base_url}},
        "secrets": {
            name: {"as_key": "jwk"} if f"key=secrets.{name}" in text else {} for name in secrets
        },
        "operations": {
            "pay": {
                "initiator": "merchant" if merchant else "customer",
                "steps": {"send": step},
            }
        },
    }
    return json.dumps(document).encode()


def _address(url: str) -> tuple[str, str]:
    host, slash, path = url.removeprefix("https://").partition("/")
    return (f"https://{host}", slash + path) if slash else ("https://api.example.com", "/")


def _headers(raw: Mapping[str, str], texts: Mapping[str, str | None]) -> dict[str, str]:
    kept = {name: _expressions(value, texts) for name, value in raw.items() if name != "Host"}
    if str(kept.get("Authorization", "")).startswith("Basic "):
        kept["Authorization"] = "Basic ${base64(secrets.account_code + ':')}"
    return kept


def _expressions(value: Json, names: Mapping[str, str | None]) -> Json:
    if isinstance(value, dict):
        return {key: _expressions(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_expressions(item, names) for item in value]
    if not isinstance(value, str):
        return value
    if call := _JWE.fullmatch(value):
        args = dict(_arguments(call.group(1)))
        named = [f"key={_key(args['key'], names)}", f"alg='{args['alg']}'", f"enc='{args['enc']}'"]
        named += [f"headers={args['headers']}"] if "headers" in args else []
        return f"${{jwe({args['data']}, {', '.join(named)})}}"
    return _PLACEHOLDER.sub(lambda match: _expression(match[1], names), value)


def _key(name: str, names: Mapping[str, str | None]) -> str:
    text = names.get(name)
    return text.removeprefix("${").removesuffix("}") if text else name


def _expression(name: str, names: Mapping[str, str | None]) -> str:
    if name in names:
        return names[name] or f"${{json({name})}}"
    if name.startswith(("secret_", "secret.")):
        return "${secrets." + name[7:].replace("-", "_") + "}"
    return "${" + (_ATOMS | _SLIPS)[name] + "}"


def _nested(form: Mapping[str, str]) -> Json:
    tree: dict[str, Json] = {}
    for name, value in form.items():
        outer, bracket, inner = name.partition("[")
        inner = inner.removesuffix("]")
        if not bracket:
            tree[outer] = value
        elif inner:
            tree.setdefault(outer, {})[inner] = value
        else:
            tree.setdefault(outer, []).append(value)
    return tree
