"""How every chart looks: sizes, colours, and the style sheet that an SVG carries. Lengths are in units of the view box."""

from __future__ import annotations

WIDTH = 720
SHOWN = 640  # pixels, where the page sets no other width
MARGIN = 24
LEFT, RIGHT = MARGIN, WIDTH - MARGIN
TITLE, LABEL, SMALL = 28, 21, 19  # letters; at 320 pixels wide the smallest are 8 pixels high
LEADING = 1.32
GAP = 10  # between words of different looks
HEIGHTS = {"bar": 20, "thin": 10}
RADII = {"dot": 9, "small": 6, "diamond": 12}
INSET = 14  # so that a mark at the end of a log axis stays inside
FAMILY = "system-ui, sans-serif"

MARKS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")  # 3:1 and more on both pages
LIGHT = {"page": "#ffffff", "ink": "#1f2328", "muted": "#57606a", "grid": "#c4ccd4"}
DARK = {"page": "#0d1117", "ink": "#e6edf3", "muted": "#9da7b3", "grid": "#434b55"}
FORCED = {"page": "Canvas", "ink": "CanvasText", "muted": "CanvasText", "grid": "GrayText"}
BAND = 0.2  # opacity


def colour(role: str) -> str:
    """Return the light colour of a role: page, ink, muted, grid, or mark0 to mark3."""
    return MARKS[int(role[4:])] if role.startswith("mark") else LIGHT[role]


def sheet(scope: str) -> str:
    """Return the style sheet of the SVG with an id. A page that has its own theme sets ``--chart-page``, ``-ink``, ``-muted``, ``-grid``.

    The attributes beside the classes carry the light colours, for programs that do not know custom properties.
    """
    own = "".join(f"--{role}:var(--chart-{role},{value});" for role, value in LIGHT.items())
    marks = "".join(f"--mark{i}:{value};" for i, value in enumerate(MARKS))
    dark = "".join(f"--{role}:var(--chart-{role},{value});" for role, value in DARK.items())
    forced = "".join(f"--{role}:{value};" for role, value in FORCED.items())
    forced += "".join(f"--mark{i}:CanvasText;" for i in range(len(MARKS)))
    roles = [*LIGHT, *(f"mark{i}" for i in range(len(MARKS)))]
    rules = "".join(f"#{scope} .f-{role}{{fill:var(--{role})}}#{scope} .s-{role}{{stroke:var(--{role})}}" for role in roles)
    return (
        f"#{scope}{{max-width:100%;height:auto;{own}{marks}}}{rules}"
        f"@media (prefers-color-scheme:dark){{#{scope}{{{dark}}}}}"
        f"@media (forced-colors:active){{#{scope}{{forced-color-adjust:none;{forced}}}}}"
    )
