"""CodeCarbon: every release's file, and what becomes of damaged ones."""

from __future__ import annotations
