# SPDX-License-Identifier: Apache-2.0
"""Reduces an answer of an API server to the facts that two servers must agree on.

Identities, versions and times differ between servers and runs and are dropped or replaced by marks; so are addresses and
ports that the server chose. What the request itself named is kept. Messages are free text: only that there is one counts.
"""
import json
import re

VOLATILE = {"uid", "resourceVersion", "creationTimestamp", "selfLink", "managedFields"}
TIMES = {"time", "startTime", "deletionTimestamp", "eventTime", "firstTimestamp", "lastTimestamp", "lastTransitionTime"}
PORTS = {"nodePort", "healthCheckNodePort"}
SERVICE_V4 = re.compile(r"10\.96\.\d+\.\d+")
SERVICE_V6 = re.compile(r"fd00:10:96:.*")
AGES = {"Age", "Last Seen"}
RESOURCE_FACTS = ("singularName", "namespaced", "kind", "verbs", "shortNames", "categories")


class Reducer:
    def __init__(self, request, namespace):
        self.request = request
        self.namespace = namespace
        self.given = json.dumps(request.get("body", "")) + request.get("raw", "")

    def text(self, value):
        if value not in self.given:
            if SERVICE_V4.fullmatch(value):
                return "<v4>"
            if SERVICE_V6.fullmatch(value):
                return "<v6>"
        return value.replace(self.namespace, "<ns>")

    def field(self, key, value, keep_managed):
        if key == "managedFields":
            shown = ("manager", "operation", "subresource", "fieldsV1")
            value = [{k: m[k] for k in shown if k in m} for m in value]
        elif key in TIMES and value:
            return "<time>"
        elif key in PORTS and value and str(value) not in self.given:
            return "<port>"
        elif key == "continue" and value:
            return "<token>"
        elif key in ("age", "Age"):
            return "<age>"
        return self.value(value, keep_managed)

    def value(self, value, keep_managed=False):
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(v, keep_managed) for v in value]
        if not isinstance(value, dict):
            return value
        out = {}
        for key, v in value.items():
            if key in VOLATILE and not (keep_managed and key == "managedFields"):
                continue
            out[key] = self.field(key, v, keep_managed)
        prefix = out.get("generateName")
        if prefix and out.get("name", "").startswith(prefix):
            out["name"] = prefix + "<suffix>"
        return out

    # --- the shapes that answers have ---------------------------------------------------------------------------

    def event(self, line):
        try:
            event = json.loads(line)
        except ValueError:
            return "unparsable"
        obj = event.get("object", {})
        if obj.get("kind") == "Status":
            return [event["type"], "Status", obj.get("code"), obj.get("reason")]
        if obj.get("kind") == "Table":
            names = [((r.get("object") or {}).get("metadata") or {}).get("name") for r in obj.get("rows", [])]
            columns = "columns" if obj.get("columnDefinitions") else "no columns"
            return [event["type"], "Table", columns, names]
        meta = obj.get("metadata", {})
        return [event.get("type"), obj.get("kind"), meta.get("name"), obj.get("data"), meta.get("labels"),
                meta.get("annotations")]

    def status(self, obj):
        details = obj.get("details") or {}
        name = (details.get("name") or "").replace(self.namespace, "<ns>")
        return {
            "status": obj.get("status"),
            "reason": obj.get("reason"),
            "kind": details.get("kind"),
            "group": details.get("group"),
            "name": re.sub(r"^(Bad_).*", r"\1<suffix>", name),
            "causes": sorted([c.get("reason"), c.get("field")] for c in details.get("causes", [])),
            "said": bool(obj.get("message")) or obj.get("status") == "Success",
        }

    def cell(self, cell):
        text = str(cell)
        return cell if ":31888" in text else re.sub(r":\d{5}/", ":<port>/", text)

    def table(self, obj):
        columns = obj.get("columnDefinitions", [])
        shown = [i for i, c in enumerate(columns) if c["name"] not in AGES]
        rows = obj.get("rows", [])
        return {
            "columns": [[c["name"], c["type"], c.get("format", ""), c.get("priority", 0)] for c in columns],
            "rows": self.value([[self.cell(r["cells"][i]) for i in shown] for r in rows]),
            "objects": [(r.get("object") or {}).get("kind") for r in rows],
        }

    def resources(self, obj):
        by_name = {r["name"]: r for r in obj["resources"]}
        wanted = [n for n in self.request["only"] if n in by_name]
        return {n: {k: by_name[n].get(k) for k in RESOURCE_FACTS} for n in wanted}

    def document(self, obj):
        kind = obj.get("kind", "") if isinstance(obj, dict) else ""
        if kind == "Status":
            return {"status": self.status(obj)}
        if kind == "Table":
            return self.table(obj)
        if kind == "APIResourceList":
            return {"resources": self.resources(obj)}
        if kind.endswith("List") and "items" in obj:
            names = [i["metadata"]["name"].replace(self.namespace, "<ns>") for i in obj["items"] or []]
            return {"kind": kind, "items": names, "meta": self.value(obj.get("metadata", {}))}
        if isinstance(obj, dict) and "gitVersion" in obj:
            return {"keys": [k for k in ("major", "minor", "gitVersion", "platform") if k in obj]}
        if kind in ("APIVersions", "APIGroup"):
            return {"discovery": {k: v for k, v in obj.items() if k != "serverAddressByClientCIDRs"}}
        return {"object": self.value(obj, self.request.get("keep_managed"))}

    def answer(self, code, headers, raw):
        facts = {"code": code}
        if self.request.get("read") == "watch" and code == 200:
            facts["events"] = self.value([self.event(line) for line in raw.decode("utf-8", "replace").splitlines()])
            return facts
        if headers.get("Warning"):
            facts["warned"] = True
        try:
            obj = json.loads(raw)
        except ValueError:
            facts["type"] = (headers.get("Content-Type") or "").split(";")[0]
            facts["body"] = bool(raw)
            return facts
        facts.update(self.document(obj))
        return facts


def differences(want, got, where=""):
    """Each place where the two differ, as text."""
    if isinstance(want, dict) and isinstance(got, dict):
        for key in sorted(set(want) | set(got)):
            at = f"{where}.{key}"
            if key not in want:
                yield f"{at}: not expected: {json.dumps(got[key])[:120]}"
            elif key not in got:
                yield f"{at}: missing: {json.dumps(want[key])[:120]}"
            else:
                yield from differences(want[key], got[key], at)
    elif isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
        for i, (w, g) in enumerate(zip(want, got)):
            yield from differences(w, g, f"{where}[{i}]")
    elif want != got:
        yield f"{where}: {json.dumps(want)[:160]} wanted, {json.dumps(got)[:160]} given"
