"""What every picture of the shop's figures shares: fonts that have Chinese, and its file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import DataError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Fonts that have Chinese characters; the first that is installed is taken.
_CHINESE = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei", "Microsoft YaHei", "PingFang SC", "SimHei",
)  # fmt: skip


@contextmanager
def picture(path: Path, width: float, height: float) -> Iterator[Figure]:
    """A figure of so many inches, written when it is drawn; its kind is that of the file's name
    (png, svg, pdf). Raises `DataError` where it cannot be written."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    if path.suffix[1:].lower() not in Figure().canvas.get_supported_filetypes():
        raise DataError(f"{path} is no picture that can be written; name one .png, .svg or .pdf.")
    settings = {"font.family": [*_there(), "DejaVu Sans"], "axes.unicode_minus": False}
    with mpl.rc_context(settings):  # type: ignore[arg-type]
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            figure.savefig(path, dpi=110)
        except OSError as error:
            raise DataError(f"{path} cannot be written ({error.strerror or error}).") from None


def has_chinese() -> bool:
    """Whether a font is installed that has Chinese characters."""
    return bool(_there())


def _there() -> list[str]:
    from matplotlib import font_manager

    there = {font.name for font in font_manager.fontManager.ttflist}
    return [name for name in _CHINESE if name in there]
