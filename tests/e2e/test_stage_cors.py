"""One setting of a stage lets browsers call it from pages of other origins, wherever Postern keeps its data."""

import botocore.exceptions
import pytest

from apis import Api, http_proxy, mock

PAGE = ("Origin", "https://pages.example")


def test_one_setting_of_the_stage_is_enough_for_a_browser(product, backend):
    api = Api(product, {"GET /pets": mock(), "ANY /proxied": http_proxy(f"{backend.url}/any")})
    api.settled(lambda: api.send("/pets").status == 200)
    assert api.send("/pets", headers=[PAGE]).header("access-control-allow-origin") is None

    changed = api.patch_stage(("replace", "/postern/cors/allowOrigins", "https://pages.example,https://*.example.org"),
                              ("replace", "/postern/cors/maxAge", "60"))
    assert changed["stageName"] == "test"  # An unmodified client passes over what it does not know.

    def spoken():
        for path, status in [("/pets", 200), ("/proxied", 200), ("/none", 403)]:
            answer = api.send(path, headers=[PAGE])
            assert (answer.status, answer.header("access-control-allow-origin")) == (status, "https://pages.example"), path
            assert "Origin" in answer.all("vary"), path
            asked = api.send(path, "OPTIONS", [PAGE, ("Access-Control-Request-Method", "PUT"), ("Access-Control-Request-Headers", "x-own")])
            told = tuple(asked.header(f"access-control-{name}") for name in ("allow-origin", "allow-methods", "allow-headers", "max-age"))
            assert (asked.status, asked.body, told) == (204, b"", ("https://pages.example", "PUT", "x-own", "60")), path
        return True

    assert api.settled(spoken)
    stranger = api.send("/pets", headers=[("Origin", "https://elsewhere.example")])
    assert (stranger.status, stranger.header("access-control-allow-origin")) == (200, None)

    with pytest.raises(botocore.exceptions.ClientError) as refused:
        api.patch_stage(("replace", "/postern/cors/allowOrigins", "pages.example"))
    assert refused.value.response["Error"]["Code"] == "BadRequestException"

    api.patch_stage(("remove", "/postern/cors", None)[:2])
    api.settled(lambda: api.send("/pets", headers=[PAGE]).header("access-control-allow-origin") is None)
