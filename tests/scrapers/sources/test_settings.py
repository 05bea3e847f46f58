"""Settings of one source: given beside the others, or read from the environment or a secret file."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from config.settings import Settings
from scrapers.spiders import find_spiders
from scrapers.spiders.meta.settings import MetaSettings
from scrapers.spiders.tiktok_commercial_content.settings import TikTokSettings


def test_the_variables_of_every_source_keep_their_names() -> None:
    kinds = {spider.settings_type for spider in find_spiders().values() if spider.settings_type}
    names = {
        kind.model_config["env_prefix"] + field.upper()
        for kind in kinds
        for field in kind.model_fields
    }
    assert names >= {
        *("PAIDFORBY_META_ACCESS_TOKEN", "PAIDFORBY_META_COUNTRIES", "PAIDFORBY_META_REPORT_URLS"),
        *("PAIDFORBY_MICROSOFT_SEARCHES", "PAIDFORBY_TIKTOK_SEARCHES"),
        *("PAIDFORBY_TIKTOK_CLIENT_KEY", "PAIDFORBY_TIKTOK_CLIENT_SECRET"),
    }


def test_what_is_given_wins_and_other_sources_are_read_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PAIDFORBY_META_COUNTRIES", '["FR"]')
    monkeypatch.setenv("PAIDFORBY_TIKTOK_SEARCHES", '["IT referendum"]')
    settings = Settings(of_sources=(MetaSettings(countries=["GR"]),))
    assert settings.of(MetaSettings).countries == ["GR"]
    assert settings.of(TikTokSettings).searches == ["IT referendum"]
    assert Settings().of(MetaSettings).countries == ["FR"]


def test_a_secret_may_stand_in_a_file_and_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "paidforby_tiktok_client_secret").write_text("FICTIONAL-SECRET")
    own = TikTokSettings(_secrets_dir=tmp_path)
    assert own.client_secret == SecretStr("FICTIONAL-SECRET")
    assert "FICTIONAL-SECRET" not in repr(Settings(of_sources=(own,)))
