"""Figures as drawings whose words the browser writes, in the language that the reader chose.

Words stay text: the reader's own fonts draw them, so that no font for Chinese is needed where a
model is trained. A word that has a Chinese one stands in the drawing twice, and the page shows
one of them.
"""

import io
import re
from collections.abc import Callable
from copy import deepcopy
from xml.etree import ElementTree

import matplotlib as mpl
from matplotlib.figure import Figure

SVG = "http://www.w3.org/2000/svg"
LINK = "http://www.w3.org/1999/xlink"
SUBTITLE = "subtitle"
"""Id of a text whose lines are one sentence: it is translated as a whole."""
_TEXT, _GROUP = f"{{{SVG}}}text", f"{{{SVG}}}g"
_FONT = re.compile(r"font: (?:(?P<weight>bold|\d+) )?(?P<size>[\d.]+)px [^;]*")
_FAMILY = re.compile(r"font-family: [^;]*;? ?")
_USED = re.compile(r"#([A-Za-z0-9_-]+)")

ElementTree.register_namespace("", SVG)
ElementTree.register_namespace("xlink", LINK)


def bilingual_svg(figure: Figure, name: str, words: Callable[[str], str]) -> str:
    """Return a figure as SVG with its words in English and, where they are known, in Chinese.

    Parameters
    ----------
    figure : Figure
    name : str
        Of the figure; ids of two figures on one page must differ.
    words : callable
        English words to Chinese ones; what it does not know it returns as it is.

    Returns
    -------
    str
        An ``svg`` element to stand in a page. ``lang`` says which words are which.
    """
    root = ElementTree.fromstring(_drawn(figure, name))
    parents = {child: parent for parent in root.iter() for child in parent}
    for group in list(root.iter(_GROUP)):
        if group.get("id") == SUBTITLE:
            lines = list(group.iter(_TEXT))
            _say(lines, words(" ".join(line.text or "" for line in lines)), parents)
    for text in list(root.iter(_TEXT)):
        if "lang" not in text.attrib:
            _say([text], words(text.text or ""), parents)
    _tidy(root, name)
    return ElementTree.tostring(root, encoding="unicode")


def _drawn(figure: Figure, name: str) -> str:
    """Return a figure as matplotlib draws it, the same bytes for the same figure."""
    buffer = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def _say(
    lines: list[ElementTree.Element],
    chinese: str,
    parents: dict[ElementTree.Element, ElementTree.Element],
) -> None:
    """Write the Chinese words in the places of the lines, where there are any."""
    if not lines or chinese == " ".join(line.text or "" for line in lines):
        return
    for line, piece in zip(lines, _broken(chinese, len(lines)), strict=True):
        line.set("lang", "en")
        other = deepcopy(line)
        other.set("lang", "zh")
        other.text = piece
        parents[line].append(other)


def _broken(text: str, n_lines: int) -> list[str]:
    """Return a text in as many lines as there are places, broken behind a mark or at a length."""
    out = []
    for left in range(n_lines, 1, -1):
        length = -(-len(text) // left)
        mark = max(text.rfind(one, 0, length + 8) for one in "，：）")
        end = mark + 1 if mark > length // 2 else length
        out.append(text[:end])
        text = text[end:]
    return [*out, text]


def _tidy(root: ElementTree.Element, name: str) -> None:
    """Take out fixed sizes, fonts and ids that nothing refers to; give the others a prefix."""
    for size in ("width", "height"):
        root.attrib.pop(size, None)
    for one in list(root):
        if one.tag == f"{{{SVG}}}metadata":
            root.remove(one)
    used = {found for one in root.iter() for value in one.attrib.values()
            for found in _USED.findall(value)}  # fmt: skip
    for one in root.iter():
        one.tail = None
        if one.tag != _TEXT and one.text and not one.text.strip():
            one.text = None
        if one.get("id") is not None and one.get("id") not in used:
            del one.attrib["id"]
        for key, value in one.attrib.items():
            if key == "id":
                one.set(key, f"{name}-{value}")
            elif key == "style" and "font:" in value:
                one.set(key, _FONT.sub(_plain_font, value))
            elif key == "style":
                one.set(key, _FAMILY.sub("", value))
            elif "#" in value and (key == f"{{{LINK}}}href" or "url(#" in value):
                one.set(key, _USED.sub(lambda found: f"#{name}-{found[1]}", value))


def _plain_font(found: re.Match[str]) -> str:
    """Return a font's size and weight; its family is the page's."""
    weight = f";font-weight:{found['weight']}" if found["weight"] else ""
    return f"font-size:{found['size']}px{weight}"
