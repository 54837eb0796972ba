/** Finds the web addresses in a text and splits it into parts; the caller draws them as text nodes and anchors. */

export interface TextPiece {
  text: string;
  href?: string;
}

const URL_PATTERN = /\bhttps?:\/\/[^\s<>"'`]+|\bwww\.[^\s<>"'`]+\.[^\s<>"'`]+/gi;
const TRAILING_PUNCTUATION = /[.,;:!?…»”’]+$/u;

/** Splits a text at its web addresses. Joined, the parts are the text. Only http and https become links. */
export function linkify(text: string): TextPiece[] {
  const found: TextPiece[] = [];
  let from = 0;
  for (const match of text.matchAll(URL_PATTERN)) {
    const shown = trimPunctuation(match[0]);
    const href = hrefOf(shown);
    if (!href) continue;
    if (match.index > from) found.push({ text: text.slice(from, match.index) });
    found.push({ text: shown, href });
    from = match.index + shown.length;
  }
  if (from < text.length) found.push({ text: text.slice(from) });
  return found;
}

/**
 * Punctuation at the end of a sentence does not belong to the address; a closing bracket does if one was opened in
 * it.
 */
function trimPunctuation(address: string): string {
  const cut = address.replace(TRAILING_PUNCTUATION, "");
  const unbalanced = cut.endsWith(")") && !cut.includes("(");
  return unbalanced ? trimPunctuation(cut.slice(0, -1)) : cut;
}

function hrefOf(address: string): string | undefined {
  try {
    const url = new URL(/^www\./i.test(address) ? `https://${address}` : address);
    // With user:password@ an address can pretend to be another one.
    return url.username || url.password ? undefined : url.href;
  } catch {
    return undefined;
  }
}
