"""A service's REST documentation: its OpenAPI document as it really answers, and a page for it.

The page is Swagger UI 5.35.0 (npm `swagger-ui-dist`, Apache-2.0), vendored with its SHA-256 sums
in `static/swagger-ui`; nothing is loaded from elsewhere.
"""

import json
import sys
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import FileResponse, HTMLResponse, Response

from shared.http import NotFound, public

_FOLDER: Final = Path(__file__).parent / "static" / "swagger-ui"
_FILES: Final = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "start.js": "text/javascript",
}
_POLICY: Final = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; frame-ancestors 'none'"
}
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""


def serve(app: FastAPI) -> None:
    """Add `/docs` and make `/openapi.json` say that problems are `application/problem+json`."""

    @app.get("/docs", include_in_schema=False)
    @public
    async def page() -> Response:
        """The documentation's page."""
        return HTMLResponse(_PAGE.format(title=app.title), headers=_POLICY)

    @app.get("/docs/{name}", include_in_schema=False)
    @public
    async def asset(name: str) -> Response:
        """A file of the page."""
        if name not in _FILES:
            raise NotFound("No such address.")
        return FileResponse(
            _FOLDER / name, media_type=_FILES[name], headers={"Cache-Control": "max-age=86400"}
        )

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def text(app: FastAPI) -> str:
    """The document as it is committed."""
    return json.dumps(app.openapi(), ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
    )
    for path in document["paths"].values():
        for operation in path.values():
            for status, answer in operation["responses"].items():
                if int(status) >= 400 and "content" in answer:  # noqa: PLR2004 - HTTP errors
                    answer["content"] = {
                        "application/problem+json": answer["content"]["application/json"]
                    }
    return document


def command(file: Path, app: FastAPI, *, check: bool, write: bool) -> None:
    """Print the document, or check or write the committed file; exit with what to do."""
    document = text(app)
    if write:
        file.write_text(document, encoding="utf-8")
    elif not check:
        sys.stdout.write(document)
    elif not file.exists() or file.read_text(encoding="utf-8") != document:
        service = file.parent.name
        sys.exit(f"{file} differs: python -m services.{service} openapi --write")
