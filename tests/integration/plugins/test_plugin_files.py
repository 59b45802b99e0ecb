"""An engine of one file works as one of a distribution does, in its own process too."""

from __future__ import annotations

from pathlib import Path

from subtitled.config.load import load_config
from subtitled.config.plugin_paths import PluginPaths
from subtitled.plugin_kit.checking import CheckRequest, check_plugin
from subtitled.plugin_kit.describing import describe_plugin
from support.broken_plugins import ENGINE


def test_plugins_check_and_show_know_an_engine_of_one_file(tmp_path: Path) -> None:
    folder = tmp_path / "plugins"
    folder.mkdir(mode=0o755)
    file = folder / "my-ears.py"
    file.write_text(ENGINE + "from ._helper import NAME\n")
    (folder / "_helper.py").write_text("NAME = 'helper'\n")
    for path in folder.iterdir():
        path.chmod(0o644)
    config = tmp_path / "config.toml"
    config.write_text("[engines.my-ears]\n")
    try:
        assert not load_config(config).unavailable
        request = CheckRequest(plugin="my-ears", folder=tmp_path, models=tmp_path / "models")
        results = list(check_plugin(request))
        assert [result for result in results if not result.ok] == []
        assert "engines.my-ears transcribes silence" in {result.subject for result in results}
        described = describe_plugin("my-ears")
    finally:
        PluginPaths().apply()
    assert (described.distribution, described.file) == (str(file), str(file))
    assert described.section.startswith("[engines.my-ears]\n")
