/** Links in a text: found, judged safe, and returned as pieces; drawing them is the caller's, by text nodes. */

export interface TextPiece {
  text: string;
  href?: string;
}

const ADDRESS = /\bhttps?:\/\/[^\s<>"'`]+|\bwww\.[^\s<>"'`]+\.[^\s<>"'`]+/gi;
const TRAILING = /[.,;:!?…»”’]+$/u;

/** Cuts a text at its web addresses; joined, the pieces' texts are the text. Only http and https become links. */
export function linkify(text: string): TextPiece[] {
  const found: TextPiece[] = [];
  let from = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const shown = withoutTail(match[0]);
    const href = hrefOf(shown);
    if (!href) continue;
    if (match.index > from) found.push({ text: text.slice(from, match.index) });
    found.push({ text: shown, href });
    from = match.index + shown.length;
  }
  if (from < text.length) found.push({ text: text.slice(from) });
  return found;
}

/** Punctuation that ends the sentence is not the address's; a bracket is, when the address opened it. */
function withoutTail(address: string): string {
  const cut = address.replace(TRAILING, "");
  const unbalanced = cut.endsWith(")") && !cut.includes("(");
  return unbalanced ? withoutTail(cut.slice(0, -1)) : cut;
}

function hrefOf(address: string): string | undefined {
  try {
    const url = new URL(/^www\./i.test(address) ? `https://${address}` : address);
    // user:password@ is how an address pretends to be another one.
    return url.username || url.password ? undefined : url.href;
  } catch {
    return undefined;
  }
}
