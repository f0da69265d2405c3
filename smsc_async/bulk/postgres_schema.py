"""The tables of the journal on PostgreSQL. They are public: an application may write into one."""

from __future__ import annotations

from typing import Final

__all__ = ["OUTBOX_FROM", "SCHEMA", "VERSION"]

VERSION: Final = 1

OUTBOX_FROM: Final = 1_000_000_000_000
"""Numbers of messages in the outbox begin here, so that none is that of a place in a source."""

SCHEMA: Final = """
CREATE TABLE smsc_schema (version integer PRIMARY KEY);
INSERT INTO smsc_schema VALUES (1);

-- Yours to insert into. What is taken from here is deleted here, and is in smsc_pack then.
CREATE TABLE smsc_outbox (
  number bigint GENERATED ALWAYS AS IDENTITY (START WITH 1000000000000) PRIMARY KEY,
  run    text NOT NULL DEFAULT 'default',
  phone  text NOT NULL,
  text   text NOT NULL,
  sender text
);
CREATE INDEX smsc_outbox_run ON smsc_outbox (run, number);

-- A run, who reads its source, how often he has read on, and how far.
CREATE TABLE smsc_run (
  name     text PRIMARY KEY,
  reader   text,
  portions bigint NOT NULL DEFAULT 0,
  read     bigint NOT NULL DEFAULT 0,
  digest   text NOT NULL DEFAULT ''
);

CREATE TABLE smsc_worker (
  name        text PRIMARY KEY,
  run         text NOT NULL REFERENCES smsc_run,
  alive_until timestamptz NOT NULL
);

-- State 0: for anybody to take, 1: claimed, 2: marked, 3: split into others.
CREATE TABLE smsc_pack (
  number     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run        text NOT NULL REFERENCES smsc_run,
  id         text NOT NULL,
  state      smallint NOT NULL,
  worker     text NOT NULL,
  claimed_at timestamptz NOT NULL DEFAULT now(),
  covers     text,
  size       integer NOT NULL,
  body       text,
  accepted   integer NOT NULL DEFAULT 0,
  in_doubt   integer NOT NULL DEFAULT 0,
  refused    text NOT NULL DEFAULT '{}',
  units      integer NOT NULL DEFAULT 0,
  cost       numeric NOT NULL DEFAULT 0,
  UNIQUE (run, id)
);
CREATE INDEX smsc_pack_open ON smsc_pack (run, state, number) WHERE state < 2;

-- Outcome 0: accepted, 1: refused, 2: in doubt. The status is the service's number of it.
CREATE TABLE smsc_result (
  run        text NOT NULL REFERENCES smsc_run,
  number     bigint NOT NULL,
  phone      text NOT NULL,
  pack       bigint REFERENCES smsc_pack,
  outcome    smallint NOT NULL,
  reason     text,
  cost       numeric,
  status     integer,
  error      bigint,
  changed_at bigint,
  PRIMARY KEY (run, number)
);
CREATE INDEX smsc_result_pack ON smsc_result (pack);
"""
"""What makes the tables, once in a database, for all runs; the first worker does it by itself."""
