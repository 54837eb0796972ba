import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { texts } from "../locales/en";
import { aTicket, closed, Page, Server } from "./fake_server";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const runPending = () => vi.advanceTimersByTimeAsync(1);

/** Answers one form after the other, and records what was sent. */
function formServer(...answers: (() => Response)[]) {
  const sent: Record<string, unknown>[] = [];
  const post = ((_url: string, { body }: RequestInit) => {
    sent.push(JSON.parse(String(body)));
    const answer = answers.shift();
    return answer ? Promise.resolve(answer()) : Promise.reject(new TypeError("offline"));
  }) as unknown as typeof fetch;
  return { sent, post };
}

const stored = (token: string) => () => {
  const ticket = aTicket("t7", {
    status: "open",
    channel: "form",
    reachable: true,
    promise: closed.promise,
    queue: null,
  });
  return Response.json({ ticket, token, link: "https://chat.example/t/link" }, { status: 201 });
};

async function zoe(post: typeof fetch, page = new Page()) {
  const server = new Server();
  server.service = closed;
  const store = page.frame(server, {}, post);
  await runPending();
  store.write("I can’t sign in");
  const submit = async (email: string) => {
    await store.formClient?.submit({ email });
    await runPending();
  };
  return { store, server, page, submit };
}

describe("the form", () => {
  test("shows its number, promise and link; only then is the token stored", async () => {
    const { post, sent } = formServer(stored("token-1"));
    const { store, page, submit } = await zoe(post);
    expect(page.stored.token).toBeUndefined();
    await submit("zoe@example.com");
    expect(sent[0]).toMatchObject({
      site: "demo",
      token: "token-1",
      text: "I can’t sign in",
      email: "zoe@example.com",
    });
    expect(store.state.ticket).toMatchObject({ number: 7, link: "https://chat.example/t/link" });
    expect([store.state.form, store.state.draft, store.state.announcement]).toEqual([
      false,
      "",
      texts.formSent(7),
    ]);
    expect(page.stored).toEqual({ token: "token-1", live: true, open: true });
  });

  test("shows every invalid field without asking the server", async () => {
    const { post, sent } = formServer();
    const { store, submit } = await zoe(post);
    store.write("  ");
    await submit("zoe@");
    expect([store.state.errors, sent]).toEqual([{ text: "empty", email: "bad_request" }, []]);
  });

  test("shows the server's errors, and sends a corrected form under a new client_id", async () => {
    const bad = () => Response.json({ errors: { email: "bad_request" } }, { status: 422 });
    const { post, sent } = formServer(bad, stored("token-1"));
    const { store, submit } = await zoe(post);
    await submit("zoe@example.c");
    expect(store.state.errors).toEqual({ email: "bad_request" });
    await submit("zoe@example.com");
    expect(sent[0]?.client_id).not.toBe(sent[1]?.client_id);
    expect(store.state.errors).toEqual({});
  });

  test("is sent without an invalid value that the host page prefilled and the visitor cannot see", async () => {
    const bad = () => Response.json({ errors: { name: "too_long" } }, { status: 422 });
    const { post, sent } = formServer(bad, stored("token-1"));
    const { store, submit } = await zoe(post);
    store.state.prefill = { name: "Z".repeat(101) };
    await submit("zoe@example.com");
    expect(sent.map(({ name }) => name)).toEqual(["Z".repeat(101), undefined]);
    expect(store.state.ticket?.number).toBe(7);
  });

  test("without an answer the text stays, and the retry is the same form, even after a reload", async () => {
    const { post, sent } = formServer();
    const { store, page, submit } = await zoe(post);
    await submit("zoe@example.com");
    expect([store.state.notice, store.state.draft]).toEqual([texts.noAnswer, "I can’t sign in"]);
    const again = formServer(stored("token-1"));
    const later = await zoe(again.post, page);
    await later.submit("zoe@example.com");
    expect(again.sent[0]).toEqual(sent[0]);
    expect(page.stored.form).toBeUndefined();
  });

  test("is sent with an id of its own where a script of the host page has spoiled the stored one", async () => {
    const { post, sent } = formServer(stored("token-1"));
    const page = new Page();
    page.stored.form = "x";
    const { submit } = await zoe(post, page);
    await submit("zoe@example.com");
    expect(sent[0]?.client_id).toMatch(/^[\w-]{36}$/);
  });

  test("too_many: the wait is shown and nothing is lost", async () => {
    const { post } = formServer(() => new Response("{}", { status: 429, headers: { "retry-after": "12" } }));
    const { store, submit } = await zoe(post);
    await submit("zoe@example.com");
    expect([store.state.notice, store.state.draft]).toEqual([texts.tooMany(12), "I can’t sign in"]);
  });

  test("sent before and changed since: the first form stands, and the new text stays in the field", async () => {
    const { post } = formServer(() => new Response("{}", { status: 409 }));
    const { store, server, page, submit } = await zoe(post);
    server.owner = "token-1";
    server.ticket = aTicket("t7", { status: "open", channel: "form", reachable: true });
    await submit("zoe@example.com");
    expect([page.stored.token, page.stored.form, store.state.draft]).toEqual([
      "token-1",
      undefined,
      "I can’t sign in",
    ]);
  });
});

describe("a contact address", () => {
  async function waiting() {
    const server = new Server();
    const store = new Page().frame(server);
    await runPending();
    store.write("Hello");
    store.send();
    await runPending();
    store.state.askingAddress = true;
    await runPending();
    return { server, store };
  }

  test("leaves the queue with a promise", async () => {
    const { store, server } = await waiting();
    await store.formClient?.giveContact("vic@example.com");
    expect(server.commands.at(-1)).toEqual([
      "give_contact",
      { ticket: "t1", email: "vic@example.com", wait: false },
    ]);
    expect(store.state.ticket).toMatchObject({ status: "open", reachable: true, promise: closed.promise });
  });

  test("that is invalid is shown before anything is sent", async () => {
    const { store, server } = await waiting();
    const before = server.commands.length;
    await store.formClient?.giveContact("vic");
    expect([store.state.errors, server.commands.length]).toEqual([{ email: "bad_request" }, before]);
  });
});
