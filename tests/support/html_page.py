"""What stands in a page of HTML: its tags, its texts by section, and the rows of its tables."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Page(HTMLParser):
    """A page, parsed by `feed`. A section is what follows an `h2`, by the heading's id."""

    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    rows: dict[str, list[list[str]]] = field(default_factory=dict)
    section: str = ""
    open: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag == "h2":
            self.section = dict(attrs).get("id") or ""
        if tag in {"h1", "h2", "h3"}:
            self.headings.append("")
            self.open = tag
        if tag == "tr":
            self.rows.setdefault(self.section, []).append([])
        if tag in {"td", "th"}:
            self.rows[self.section][-1].append("")
            self.open = "cell"

    def handle_endtag(self, tag: str) -> None:
        if tag in {"h1", "h2", "h3", "td", "th"}:
            self.open = ""

    def handle_data(self, data: str) -> None:
        self.texts[self.section] = self.texts.get(self.section, "") + data
        if self.open == "cell":
            self.rows[self.section][-1][-1] += data
        elif self.open:
            self.headings[-1] += data


def parsed(text: str) -> Page:
    page = Page()
    page.feed(text)
    page.close()
    return page
