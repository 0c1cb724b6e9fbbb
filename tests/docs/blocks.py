"""Read a page: its fenced blocks, its links, its headings."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")
PICTURE = re.compile(r"!\[[^\]]*\]\((?P<target>[^)\s]+)\)|<img[^>]*\ssrc=\"(?P<source>[^\"]+)\"")
HEADING = re.compile(r"^#+ +(?P<text>.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, the words after it, and what it holds."""

    language: str
    words: tuple[str, ...]
    body: str
    line: int


def list_pages() -> list[Path]:
    """Every page of the documentation."""
    return [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def read_blocks(page: Path) -> list[Block]:
    """List the fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    blocks = []
    for found in FENCE.finditer(text):
        language, *words = found["info"].split() or [""]
        line = text.count("\n", 0, found.start()) + 1
        blocks.append(Block(language, tuple(words), found["body"], line))
    return blocks


def prose_of(page: Path) -> str:
    """Give a page without its fenced blocks."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def list_links(page: Path) -> list[str]:
    """List what a page links to or shows."""
    prose = prose_of(page)
    pictures = [found["target"] or found["source"] for found in PICTURE.finditer(prose)]
    return [found["target"] for found in LINK.finditer(prose)] + pictures


def list_anchors(page: Path) -> set[str]:
    """List the anchors that headings make: lower case, blanks as hyphens, no other signs."""
    headings = (found["text"].lower() for found in HEADING.finditer(prose_of(page)))
    return {re.sub(r"[^\w\- ]", "", text).strip().replace(" ", "-") for text in headings}
