/** The initials of a name, for an avatar without a photo. */

/** The first letters of the first and the last word; for "Visitor 1051" its last two digits; "?" without a letter. */
export function initials(name: string): string {
  const digits = /\d{2}$/.exec(name);
  if (digits) return digits[0];
  const parts = name.trim().split(/\s+/u);
  const letters = [parts[0], parts.length > 1 ? parts.at(-1) : ""].map((part) => [...(part ?? "")][0]);
  return letters.join("").toLocaleUpperCase() || "?";
}
