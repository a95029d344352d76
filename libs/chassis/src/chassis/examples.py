"""A body that an endpoint takes, shown in its OpenAPI document and tried by the tests of every service.

@router.post("/v1/notes", openapi_extra=example({"name": "Call back"}))
"""

from typing import Any


def example(body: Any) -> dict[str, Any]:
    """``openapi_extra=`` of an endpoint with a body."""
    return {"requestBody": {"content": {"application/json": {"example": body}}}}
