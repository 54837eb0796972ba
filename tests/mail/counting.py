"""Counts lines, to see whether folding lost one."""

from collections import Counter

from chat.mail.quoting import squeezed


def counted_lines(*texts: str | None) -> Counter[str]:
    """How often each line stands in these texts, without the "--" above a signature."""
    lines = (squeezed(line) for text in texts if text for line in text.split("\n"))
    return Counter(line for line in lines if line not in ("", "--"))
