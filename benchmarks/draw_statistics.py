"""Makes what ``docs`` shows of the code: one picture per statistic, the table of rules, the worked example.

python benchmarks/draw_statistics.py                       # every picture, into docs/images/statistics
python benchmarks/draw_statistics.py season roc-auc        # these
python benchmarks/draw_statistics.py --rules               # the table of rules in docs/decision.md
python benchmarks/draw_statistics.py --example             # the worked example in docs/decision.md, half a minute
"""

import argparse
import re
from io import BytesIO
from pathlib import Path

from matplotlib.figure import Figure
from pictures import concept, drift, labels, learning, operating, probation, quality
from pictures.example import render_example
from pictures.frame import ROOT, read_policy
from PIL import Image
from threadpoolctl import threadpool_limits

from churn_monitoring.decision.rules import render_rules

IMAGES = ROOT / "docs/images/statistics"
COLOURS = 48
DECISION = ROOT / "docs/decision.md"
PICTURES = drift.PICTURES | quality.PICTURES | labels.PICTURES | concept.PICTURES | learning.PICTURES
PICTURES |= operating.PICTURES | probation.PICTURES


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw the statistics, or write what docs/decision.md has of the code.")
    parser.add_argument("pictures", nargs="*", choices=[*PICTURES, []], help="Names; all where none is given.")
    parser.add_argument("--rules", action="store_true", help="Write the table of rules.")
    parser.add_argument("--example", action="store_true", help="Write the worked example.")
    asked = parser.parse_args()
    if asked.rules:
        write_between(DECISION, "rules", render_rules())
    if asked.example:
        write_between(DECISION, "example", render_example())
    if not asked.rules and not asked.example:
        draw(asked.pictures or list(PICTURES))


def draw(names: list[str]) -> None:
    policy = read_policy()
    IMAGES.mkdir(parents=True, exist_ok=True)
    for name in names:
        path = IMAGES / f"{name}.png"
        with threadpool_limits(1):  # thousands of tiny fits: threads only get in each other's way
            save_small(PICTURES[name](policy), path)
        print(f"{path.relative_to(ROOT)}  {path.stat().st_size / 1024:.0f} kB")


def save_small(figure: Figure, path: Path) -> None:
    """A few colours are enough, and half the size."""
    figure.set_layout_engine("tight")
    whole = BytesIO()
    figure.savefig(whole, format="png")
    with Image.open(whole) as image:
        image.convert("RGB").quantize(COLOURS).save(path, optimize=True)


def write_between(path: Path, marker: str, text: str) -> None:
    page = path.read_text(encoding="utf-8")
    opened, closed = f"<!-- {marker} -->", f"<!-- /{marker} -->"
    block = re.compile(f"{re.escape(opened)}.*{re.escape(closed)}", re.DOTALL)
    if not block.search(page):
        raise SystemExit(f"{path} has no {opened} ... {closed}")
    path.write_text(block.sub(lambda _: f"{opened}\n{text}\n{closed}", page), encoding="utf-8")
    print(f"{path.relative_to(ROOT)}: {marker} written.")


if __name__ == "__main__":
    main()
