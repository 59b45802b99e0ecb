"""What the application of an endpoint may send."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from subtitled.config.plugin_endpoints import EndpointRequest, EndpointRunner
from subtitled.config.plugin_faults import PluginFaultError
from subtitled.plugin import EndpointCaller, EndpointCapabilities, EndpointRole


@pytest.mark.parametrize("name", [b"x-mine", b"set-cookie"])
def test_headers_without_end_are_refused_also_if_they_are_not_passed_on(name: bytes) -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        headers = zip(itertools.repeat(name), itertools.repeat(b"y"))
        await send({"type": "http.response.start", "status": 200, "headers": headers})

    runner = EndpointRunner(
        plugin="mine", application=application, capabilities=EndpointCapabilities()
    )
    caller = EndpointCaller(name="ana", role=EndpointRole.ADMIN)
    request = EndpointRequest(method="GET", root_path="/x/mine", path="/x/mine/", caller=caller)
    with pytest.raises(PluginFaultError, match="its headers have more than"):
        runner.ask(request)
