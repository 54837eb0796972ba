/** A photo or initials. The dot shows presence; the same always stands beside it as text. */
import { initials } from "../../client/text/initials";

const TINTS = 6;

/** The same id always has the same tint; a name may change, as that of a visitor without one does with the language. */
export function tintOf(id: string): number {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 9973;
  return (sum % TINTS) + 1;
}

interface AvatarProps {
  /** The agent's id, or of a visitor the ticket's. */
  id: string;
  name: string;
  photo?: string | null | undefined;
  dot?: "on" | "half" | "off" | undefined;
  size?: "small" | "large";
}

export function Avatar({ id, name, photo, dot, size }: AvatarProps) {
  const kind = ["avatar", `avatar--${tintOf(id)}`, size && `avatar--${size}`].filter(Boolean).join(" ");
  return (
    <span class={kind} aria-hidden="true">
      {photo ? <img src={photo} alt="" loading="lazy" /> : initials(name)}
      {dot && <i class={`dot dot--${dot}`} />}
    </span>
  );
}
