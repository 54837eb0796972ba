/** Shows the sign-in page or the console, depending on the session. */
import { useEffect, useState } from "preact/hooks";
import type { Agent } from "../../client/protocol/agent";
import { openSocket } from "../connection/socket";
import { type Alerts, createAlerts } from "../presence/alerts";
import { createSpeaker } from "../presence/sound";
import { currentAgent, signOut } from "../sign_in/session";
import { SignIn } from "../sign_in/sign_in";
import { type AgentConsole, ConsoleContext, createConsole } from "./console";
import { FEATURES } from "./features";
import { Layout } from "./layout";
import { createRouter } from "./router";
import { VIEWS } from "./views";

type SignInState =
  | { state: "asking" }
  | { state: "out"; expired: boolean }
  | { state: "in"; agentConsole: AgentConsole; alerts: Alerts };

function openConsole(agent: Agent): { agentConsole: AgentConsole; alerts: Alerts } {
  const agentConsole = createConsole(openSocket(), agent, createRouter(VIEWS), FEATURES);
  return { agentConsole, alerts: createAlerts(agentConsole, createSpeaker()) };
}

export function App() {
  const [signIn, setSignIn] = useState<SignInState>({ state: "asking" });
  const [refused, setRefused] = useState(false);

  function enterConsole(agent: Agent): void {
    const { agentConsole, alerts } = openConsole(agent);
    const leave = (expired: boolean) => {
      alerts.close();
      agentConsole.close();
      setSignIn({ state: "out", expired });
    };
    // If the server refuses the socket although the session is valid, the page was opened at a wrong address: show a
    // banner and keep trying.
    agentConsole.socket.onRefused(() => {
      currentAgent().then(
        (still) => (still ? setRefused(true) : leave(true)),
        () => undefined,
      );
    });
    agentConsole.socket.onConnected(() => setRefused(false));
    setSignIn({ state: "in", agentConsole, alerts });
  }

  useEffect(() => {
    currentAgent().then(
      (agent) => (agent ? enterConsole(agent) : setSignIn({ state: "out", expired: false })),
      () => setSignIn({ state: "out", expired: false }),
    );
  }, []);

  if (signIn.state === "asking") return null;
  if (signIn.state === "out") return <SignIn expired={signIn.expired} onSignedIn={enterConsole} />;
  const { agentConsole, alerts } = signIn;
  const leave = () => {
    // Before the session ends, or the server would refuse these commands.
    agentConsole.actions.delayedEnds.flush();
    void signOut().finally(() => {
      alerts.close();
      agentConsole.close();
      setSignIn({ state: "out", expired: false });
    });
  };
  return (
    <ConsoleContext.Provider value={agentConsole}>
      <Layout views={VIEWS} alerts={alerts} refused={refused} onSignOut={leave} />
    </ConsoleContext.Provider>
  );
}
