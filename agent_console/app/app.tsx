/** The gate: nobody, somebody, or not known yet. */
import { useEffect, useState } from "preact/hooks";
import type { Agent } from "../../client/protocol";
import { openLink } from "../connection/socket";
import { createNotifier, type Notifier } from "../presence/alerts";
import { createSpeaker } from "../presence/sound";
import { type Desk, DeskContext, openDesk } from "./console";
import { DeskView } from "./layout";
import { signOut, whoIsHere } from "./session";
import { SignIn } from "./sign_in";

type Gate =
  | { state: "asking" }
  | { state: "out"; expired: boolean }
  | { state: "in"; desk: Desk; notifier: Notifier };

function enter(agent: Agent): { desk: Desk; notifier: Notifier } {
  const desk = openDesk(openLink(), agent);
  return { desk, notifier: createNotifier(desk, createSpeaker()) };
}

export function App() {
  const [gate, setGate] = useState<Gate>({ state: "asking" });
  const [unwanted, setUnwanted] = useState(false);

  function letIn(agent: Agent): void {
    const { desk, notifier } = enter(agent);
    const leave = (expired: boolean) => {
      notifier.close();
      desk.close();
      setGate({ state: "out", expired });
    };
    // Turned away while still signed in means a wrong address, not a lost session: say so and go on knocking.
    desk.link.onTurnedAway(() => {
      whoIsHere().then(
        (still) => (still ? setUnwanted(true) : leave(true)),
        () => undefined,
      );
    });
    desk.link.onUp(() => setUnwanted(false));
    setGate({ state: "in", desk, notifier });
  }

  useEffect(() => {
    whoIsHere().then(
      (agent) => (agent ? letIn(agent) : setGate({ state: "out", expired: false })),
      () => setGate({ state: "out", expired: false }),
    );
  }, []);

  if (gate.state === "asking") return null;
  if (gate.state === "out") return <SignIn expired={gate.expired} onSignedIn={letIn} />;
  const { desk, notifier } = gate;
  const leave = () => {
    // While the session still stands.
    desk.actions.goodbyes.flush();
    void signOut().finally(() => {
      notifier.close();
      desk.close();
      setGate({ state: "out", expired: false });
    });
  };
  return (
    <DeskContext.Provider value={desk}>
      <DeskView notifier={notifier} unwanted={unwanted} onSignOut={leave} />
    </DeskContext.Provider>
  );
}
