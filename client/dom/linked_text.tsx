/** A text with its web addresses as links, drawn as text nodes and anchors only. */
import { linkify } from "../text/linkify";

export function LinkedText({ text }: { text: string }) {
  return linkify(text).map(({ text, href }) =>
    href ? (
      <a href={href} target="_blank" rel="noopener noreferrer nofollow ugc">
        {text}
      </a>
    ) : (
      text
    ),
  );
}
