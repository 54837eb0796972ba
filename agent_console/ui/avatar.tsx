/** A face or two letters; the dot says whether that person is there, always beside the same in words. */

const TINTS = 6;

export function initials(name: string): string {
  const parts = name.trim().split(/\s+/u);
  const number = /(\d{2})$/.exec(name);
  if (number?.[1]) return number[1];
  const letters = [parts[0], parts.length > 1 ? parts.at(-1) : undefined].map((word) => [...(word ?? "")][0]);
  return letters.join("").toLocaleUpperCase() || "?";
}

/** The same person always has the same tint. */
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
