/** An answer that is refused because all of Ada's places are taken: nothing of it is lost, and she may send it anyway. */
import { expect, test } from "vitest";
import { agentConsole, server } from "./console_of_ada";
import { ada, ben, settled } from "./fake_server";

/** A waiting chat is open in the console of Ada, who is at capacity. */
async function openAtCapacity(): Promise<void> {
  server.open("t2");
  server.full = true;
  server.up();
  agentConsole.actions.open("t2");
  await settled();
}

/** Ada answers it; returns the toast of the refusal. */
async function answerAtCapacity() {
  await openAtCapacity();
  agentConsole.outgoing.send("t2", "reply", "je réponds");
  await settled();
  return agentConsole.toasts.shown.value.at(-1);
}

const texts = () =>
  agentConsole.threads.find("t2")?.timeline.value.messages.map((one) => `${one.author.kind}: ${one.text}`);

test("an answer refused at capacity stays an answer, and is sent when Ada takes the chat anyway", async () => {
  const toast = await answerAtCapacity();
  expect(agentConsole.drafts.of("t2")).toEqual({ mode: "reply", reply: "je réponds", note: "" });
  toast?.action?.run();
  await settled();
  expect(server.tickets.get("t2")?.owner).toBe(ada);
  expect(texts()).toEqual(["agent: je réponds"]);
  expect(agentConsole.drafts.of("t2").reply).toBe("");
});

test("what Ada has typed after the refused answer stays in the composer", async () => {
  const toast = await answerAtCapacity();
  agentConsole.drafts.put("t2", { mode: "reply", reply: "je réponds\net encore", note: "" });
  toast?.action?.run();
  await settled();
  expect(texts()).toEqual(["agent: je réponds"]);
  expect(agentConsole.drafts.of("t2").reply).toBe("et encore");
});

test("a refused answer that Ada has changed is hers to send", async () => {
  const toast = await answerAtCapacity();
  agentConsole.drafts.put("t2", { mode: "reply", reply: "je ne réponds pas", note: "" });
  toast?.action?.run();
  await settled();
  expect(server.tickets.get("t2")?.owner).toBe(ada);
  expect([texts(), agentConsole.drafts.of("t2").reply]).toEqual([[], "je ne réponds pas"]);
});

test("a refused answer stays in the composer if Ben takes the chat first", async () => {
  const toast = await answerAtCapacity();
  server.open("t2", ben);
  toast?.action?.run();
  await settled();
  expect(agentConsole.toasts.shown.value.at(-1)?.text).toContain("Ben");
  expect(agentConsole.drafts.of("t2").reply).toBe("je réponds");
});

test("two answers refused at capacity keep their order and are sent together", async () => {
  await openAtCapacity();
  agentConsole.outgoing.send("t2", "reply", "un");
  agentConsole.outgoing.send("t2", "reply", "deux");
  agentConsole.drafts.put("t2", { mode: "reply", reply: "trois", note: "" });
  await settled();
  expect(agentConsole.drafts.of("t2").reply).toBe("un\ndeux\ntrois");
  for (const { action } of agentConsole.toasts.shown.value) action?.run();
  await settled();
  expect(texts()).toEqual(["agent: un\ndeux"]);
  expect(agentConsole.drafts.of("t2").reply).toBe("trois");
});
