/** A photo or initials. The dot shows presence; the same always stands beside it as text. */
import { initials } from "../../client/text/initials";

const TINTS = 6;

/** The same name always has the same tint. */
export function tintOf(name: string): number {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 9973;
  return (sum % TINTS) + 1;
}

interface AvatarProps {
  name: string;
  photo?: string | null | undefined;
  dot?: "on" | "half" | "off" | undefined;
  size?: "small" | "large";
}

export function Avatar({ name, photo, dot, size }: AvatarProps) {
  const kind = ["avatar", `avatar--${tintOf(name)}`, size && `avatar--${size}`].filter(Boolean).join(" ");
  return (
    <span class={kind} aria-hidden="true">
      {photo ? <img src={photo} alt="" loading="lazy" /> : initials(name)}
      {dot && <i class={`dot dot--${dot}`} />}
    </span>
  );
}
