/** The agent's session: the server sets the cookie, this file calls its routes. */
import type { Agent } from "../../client/protocol/agent";

export type SignInError =
  | { kind: "wrong" }
  | { kind: "elsewhere" }
  | { kind: "too_many"; minutes: number }
  | { kind: "away" };

export type SignInResult = { agent: Agent } | SignInError;

const ROUTE = "/api/session";

async function readAgent(response: Response): Promise<Agent> {
  return ((await response.json()) as { agent: Agent }).agent;
}

/** Null if nobody is signed in. Rejects if the server can't be reached, for the session may still be valid. */
export async function currentAgent(): Promise<Agent | null> {
  const response = await fetch(ROUTE, { headers: { accept: "application/json" } });
  if (response.status === 401) return null;
  if (!response.ok) throw new Error(`session ${response.status}`);
  return readAgent(response);
}

function retryAfterMinutes(response: Response, body: { error?: { retry_after?: number } } | null): number {
  const seconds = body?.error?.retry_after ?? Number(response.headers.get("retry-after") ?? 60);
  return Math.max(1, Math.ceil(seconds / 60));
}

export async function signIn(email: string, password: string): Promise<SignInResult> {
  try {
    const response = await fetch(ROUTE, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ email, password }),
    });
    if (response.ok) return { agent: await readAgent(response) };
    if (response.status === 429)
      return {
        kind: "too_many",
        minutes: retryAfterMinutes(response, await response.json().catch(() => null)),
      };
    if (response.status === 403) return { kind: "elsewhere" };
    return response.status < 500 ? { kind: "wrong" } : { kind: "away" };
  } catch {
    return { kind: "away" };
  }
}

export async function signOut(): Promise<void> {
  await fetch(ROUTE, { method: "DELETE" });
}
