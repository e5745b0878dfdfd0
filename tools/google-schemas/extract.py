"""Writes offline/schemas/google.json: the parts of Google's discovery documents that planned resources are checked against.

The documents are shipped with the Python package google-api-python-client (Apache 2.0). Run from the root of the repository:

    pip download --no-deps --dest /tmp google-api-python-client==2.202.0
    python3 tools/google-schemas/extract.py /tmp/google_api_python_client-2.202.0-py3-none-any.whl > offline/schemas/google.json
"""

import json
import sys
import zipfile

ROOTS = {
    "artifactregistry.v1": ["Repository"],
    "compute.v1": ["Address", "Network", "Router", "SecurityPolicy", "SslPolicy", "Subnetwork"],
    "container.v1": ["Cluster", "NodePool"],
    "iam.v1": ["ServiceAccount"],
    "logging.v2": ["LogBucket", "LogExclusion", "LogSink"],
    "managedkafka.v1": ["Acl", "Cluster", "Topic"],
    "redis.v1": ["Instance"],
    "servicenetworking.v1": ["Connection"],
    "sqladmin.v1": ["Database", "DatabaseInstance", "User"],
    "storage.v1": ["Bucket"],
}
KEPT = ("$ref", "type", "enum", "format", "pattern", "minimum", "maximum")


def reduced(schema: dict) -> dict:
    result = {key: schema[key] for key in KEPT if key in schema}
    if "items" in schema:
        result["items"] = reduced(schema["items"])
    if "additionalProperties" in schema:
        result["additionalProperties"] = reduced(schema["additionalProperties"])
    if "properties" in schema:
        result["properties"] = {name: reduced(one) for name, one in sorted(schema["properties"].items())}
    return result


def references(schema: object) -> list[str]:
    if isinstance(schema, dict):
        own = [schema["$ref"]] if isinstance(schema.get("$ref"), str) else []
        return own + [name for one in schema.values() for name in references(one)]
    return []


def closure(schemas: dict, roots: list[str]) -> dict:
    found: dict = {}
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = reduced(schemas[name])
            waiting += references(found[name])
    return dict(sorted(found.items()))


def main(wheel: str) -> None:
    archive = zipfile.ZipFile(wheel)
    result = {}
    for document, roots in ROOTS.items():
        path = f"googleapiclient/discovery_cache/documents/{document}.json"
        content = json.loads(archive.read(path))
        result[document] = {"revision": content["revision"], "schemas": closure(content["schemas"], roots)}
    json.dump(result, sys.stdout, separators=(",", ":"), sort_keys=False)
    sys.stdout.write("\n")


main(sys.argv[1])
