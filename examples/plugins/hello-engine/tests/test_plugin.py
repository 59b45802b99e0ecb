from subtitled.plugin.testing import EngineSuite


class TestHelloEngine(EngineSuite):
    plugin = "hello-engine"
    settings = {"greeting": "Ahoy."}
