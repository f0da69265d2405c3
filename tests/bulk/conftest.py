"""Journals of a test's own."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from .journals import Engine, OnFile, OnPostgres


@pytest.fixture
def database(postgres_url: str) -> Iterator[OnPostgres]:
    """A schema without tables, on the server that all tests share."""
    schema = f"t{secrets.token_hex(8)}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}".encode())
        yield OnPostgres(postgres_url, schema)
        connection.execute(f"DROP SCHEMA {schema} CASCADE".encode())


@pytest.fixture(params=["file", "PostgreSQL"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    """Keep a journal there, where none is yet."""
    if request.param == "file":
        return OnFile(tmp_path / "june.db")
    database: OnPostgres = request.getfixturevalue("database")
    return database
