"""Makes the documents of the renderer's tests importable when only the browser tests run."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
