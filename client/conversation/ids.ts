/** Makes client_ids: UUIDs of version 7, so that the ids of one sender sort by the time they were made. */

/** `now` in milliseconds since 1970. */
export function clientId(now: number = Date.now()): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  // Of a number, a Uint8Array keeps the lowest byte.
  for (let at = 0; at < 6; at++) bytes[at] = now / 2 ** (40 - 8 * at);
  bytes[6] = 0x70 | ((bytes[6] as number) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] as number) & 0x3f);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
