"""Studies that draw every form of figure, as TOML, and what is counted in the figures."""

from pathlib import Path

from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.text import Text

from harness.report.figures import draw_study, style
from harness.report.study_frames import Frames

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
ARMS = """
[baseline]
hidden = [32, 32]
epochs = 4
diagnostics = true
[[blocks]]
name = "rates"
[blocks.arms]
"one" = {}
"two" = { learning_rate = 0.003 }
"three" = { learning_rate = 0.01 }
[seeds]
count = 4
[tune]
learning_rate = [0.001, 0.01]
"""
PARTS = """
[[blocks]]
name = "parts"
[blocks.ablate]
dropout = [0.0, 0.2]
activation = ["tanh", "relu"]
skip = [{}, { residual = true }]
"""
FIGURES = {
    "strip": "",
    "response": 'x = "learning_rate"\nphase = "default"',
    "curves": 'phase = "default"',
    "layers": 'phase = "default"\ny = "gradient_norm"',
    "heatmap": 'x = "arm"\ny = "activation"\nphase = "default"',
    "sensitivity": "",
    "time": 'target = 0.8\nphase = "default"',
    "forest": '[[claims]]\nid = "c"\nmetric = "test_error"\nbetter = "two"\nthan = "one"\nphase = "default"',
    "effects": 'y = ["test_error", "time_to_target"]\ntarget = 0.8',
    "images": "",
}


def study(*forms: str, arms: str = ARMS) -> str:
    """Return a study file that draws these forms."""
    ablates = "effects" in forms
    blocks = {form: f'where = {{ block = "{"parts" if form == "effects" else "rates"}" }}' for form in forms}
    figures = [f'[[figures]]\nform = "{form}"\n{FIGURES[form]}\n{blocks[form] * ablates}\n' for form in forms]
    return arms + PARTS * ablates + "".join(figures)


def drawings(frames: Frames) -> list[Figure]:
    figures = [drawing.figure for drawing in draw_study(frames)]
    for figure in figures:
        style.png_bytes(figure)
    return figures


def words(figure: Figure) -> set[str]:
    """Return every text that a figure shows."""
    return {text.get_text() for text in figure.findobj(Text) if text.get_text() and text.get_visible()}


def dots(figure: Figure) -> int:
    return sum(
        len(artist.get_offsets())
        for ax in figure.axes
        for artist in ax.collections
        if isinstance(artist, PathCollection)
    )
