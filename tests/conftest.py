"""What all tests share: golden files are rewritten with ``pytest --update-golden``."""

from __future__ import annotations

import pytest


def pytest_addoption(parser):
    parser.addoption("--update-golden", action="store_true", help="rewrite the generated output of the examples")


@pytest.fixture
def update_golden(request) -> bool:
    return request.config.getoption("--update-golden")
