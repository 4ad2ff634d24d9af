"""The API's own description: the OpenAPI document, and a page of it that needs no script and no other server."""

from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView

from accounts.permissions import DeclaredPermission, Perm, public, requires
from core.problems import problem

_METHODS = ("get", "post", "patch", "put", "delete")


@extend_schema(exclude=True)
class Schema(SpectacularAPIView):
    perm = Perm.SEE_NUMBERS
    permission_classes = [DeclaredPermission]
    renderer_classes = [OpenApiYamlRenderer, OpenApiJsonRenderer]


@require_safe
@requires(Perm.SEE_NUMBERS)
def docs(request):
    return render(request, "api/docs.html", describe(SchemaGenerator().get_schema(request=None, public=True)))


@csrf_exempt
@public
def nothing_here(request):
    hint = "" if request.path.endswith("/") else " Addresses end with a slash."
    return problem(404, "not_found", f"There is no such address.{hint}")


def describe(document: dict) -> dict:
    """The OpenAPI document as lists for the template."""
    components = document["components"]["schemas"]
    groups: dict[str, list[dict]] = {}
    for address, methods in sorted(document["paths"].items()):
        for method in (name for name in _METHODS if name in methods):
            operation = methods[method]
            group = address.removeprefix("/api/v1/").partition("/")[0]
            groups.setdefault(group, []).append(_operation(address, method, operation, components))
    return {"version": document["info"]["version"], "groups": [{"name": n, "operations": o} for n, o in groups.items()]}


def _operation(address: str, method: str, operation: dict, components: dict) -> dict:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    return {
        "id": operation["operationId"],
        "address": address,
        "method": method.upper(),
        "summary": operation.get("summary") or operation.get("description", ""),
        "parameters": [
            {
                "name": parameter["name"],
                "place": parameter["in"],
                "type": _type(parameter["schema"]),
                "text": parameter.get("description", ""),
            }
            for parameter in operation.get("parameters", [])
        ],
        "fields": _fields(body, components) if body else [],
        "answers": [
            {"status": status, "text": answer.get("description", "")}
            for status, answer in sorted(operation["responses"].items())
        ],
    }


def _fields(schema: dict, components: dict) -> list[dict]:
    """The fields of a body; of “one object or many” those of the one."""
    while "$ref" in schema or "oneOf" in schema:
        schema = components[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema["oneOf"][0]
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "type": _type(field),
            "required": name in required,
            "text": field.get("description", "").partition("\n")[0].removeprefix("*"),
        }
        for name, field in schema.get("properties", {}).items()
    ]


def _type(schema: dict) -> str:
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2]
    for word in ("oneOf", "allOf", "anyOf"):
        if word in schema:
            return " or ".join(dict.fromkeys(_type(part) for part in schema[word] if part))
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type", "any"))
