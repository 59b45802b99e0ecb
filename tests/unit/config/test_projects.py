"""Projects and watch folders in the configuration."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from subtitled.config.egress_settings import BudgetSettings
from subtitled.config.load import ConfigurationError, load_config
from subtitled.costs.budgets import budgets_for
from subtitled.plugin import Language

CONFIG = """
[libraries.films]
path = "/srv/films"
languages = ["de"]
glossaries = ["/g/all.csv"]
project = "news"
[projects.news]
languages = ["fr"]
glossaries = ["/g/news.csv"]
"""
ROUTE = """
[[libraries.films.routes]]
engines = ["other"]
destinations = ["local"]
max_price_per_hour = 1.0
[engines.whisper]
[engines.other]
plugin = "whisper"
"""


def load(tmp_path: Path, text: str) -> object:
    file = tmp_path / "config.toml"
    file.write_text(text)
    return load_config(file)


def test_a_library_has_the_settings_of_the_project_that_it_names(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(CONFIG)
    library = load_config(file).settings.libraries["films"]
    assert library.languages == (Language("fr"),)
    assert library.formats == ("srt",)
    assert library.glossaries == (Path("/g/all.csv"), Path("/g/news.csv"))


def test_engines_of_a_project_stay_within_the_limits_of_the_routes(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        CONFIG.replace("[projects.news]", ROUTE + '[projects.news]\nengines = ["whisper"]')
    )
    library = load_config(file).settings.libraries["films"]
    assert library.engines == ("whisper",)
    (route,) = library.routes
    assert (route.engines, route.destinations, route.max_price_per_hour) == ((), ("local",), 1.0)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (('project = "news"', 'project = "nwes"'), "'nwes' is not configured"),
        (('languages = ["fr"]', 'engines = ["none"]'), "'none' is not configured"),
        (('languages = ["fr"]', 'formats = ["pdf2"]'), "pdf2|srt"),
        (("[projects.news]", '[budgets.b]\nmax_cost=1\nprojects=["x"]\n[projects.news]'), "'x'"),
        (
            ("[projects.news]", '[libraries.films.ingest]\ndone_folder = "done"\n[projects.news]'),
            "relative",
        ),
        (
            (
                "[projects.news]",
                '[libraries.films.ingest]\nfailed_folder = "/srv/films/bad"\n[projects.news]',
            ),
            "inside a library",
        ),
    ],
)
def test_a_mistake_is_told_with_its_cure(
    tmp_path: Path, change: tuple[str, str], problem: str
) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        load(tmp_path, CONFIG.replace(*change))


def test_a_budget_of_a_project_covers_its_files_alone() -> None:
    budgets = {
        "news": BudgetSettings(max_audio_hours=1, projects=("news",)),
        "all": BudgetSettings(max_audio_hours=2),
    }
    now = datetime.now(UTC)

    def names(project: str) -> list[str]:
        found = budgets_for(budgets, "films", "qwen", None, now, project)
        return [cap.budget for cap, _ in found]

    assert names("news") == ["news", "all"]
    assert names("sport") == ["all"]
    assert names("") == ["all"]
