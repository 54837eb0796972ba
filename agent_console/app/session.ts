/** Who is signed in on this browser: the cookie is the server's, we only ask. */
import type { Agent } from "../../client/protocol";

export type SignInTrouble =
  | { kind: "wrong" }
  | { kind: "elsewhere" }
  | { kind: "too_many"; minutes: number }
  | { kind: "away" };

export type SignInResult = { agent: Agent } | SignInTrouble;

const ROUTE = "/api/session";

async function agentIn(answer: Response): Promise<Agent> {
  return ((await answer.json()) as { agent: Agent }).agent;
}

/** Null: nobody. Rejects when the server can't be reached, which is not the same as being signed out. */
export async function whoIsHere(): Promise<Agent | null> {
  const answer = await fetch(ROUTE, { headers: { accept: "application/json" } });
  if (answer.status === 401) return null;
  if (!answer.ok) throw new Error(`session ${answer.status}`);
  return agentIn(answer);
}

function waitIn(answer: Response, body: { error?: { retry_after?: number } } | null): number {
  const seconds = body?.error?.retry_after ?? Number(answer.headers.get("retry-after") ?? 60);
  return Math.max(1, Math.ceil(seconds / 60));
}

export async function signIn(email: string, password: string): Promise<SignInResult> {
  try {
    const answer = await fetch(ROUTE, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ email, password }),
    });
    if (answer.ok) return { agent: await agentIn(answer) };
    if (answer.status === 429)
      return { kind: "too_many", minutes: waitIn(answer, await answer.json().catch(() => null)) };
    if (answer.status === 403) return { kind: "elsewhere" };
    return answer.status < 500 ? { kind: "wrong" } : { kind: "away" };
  } catch {
    return { kind: "away" };
  }
}

export async function signOut(): Promise<void> {
  await fetch(ROUTE, { method: "DELETE" });
}
