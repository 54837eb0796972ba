/** What the host page says may be anything: what is no text is dropped, for the rest may be what we wait for. */

/** The fields that are texts. What JSON leaves out, such as a function, could not be posted either. */
export const textsOf = (given: unknown): Record<string, string> =>
  JSON.parse(
    JSON.stringify(Object(given), (name, value) => (name && typeof value !== "string" ? undefined : value)),
  );
