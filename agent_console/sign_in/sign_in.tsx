/** The sign-in page. After an error it says why and keeps the typed address. */
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { Agent } from "../../client/protocol/agent";
import { texts } from "../app/preferences";
import { type SignInError, signIn } from "./session";

function errorMessage(error: SignInError): string {
  const t = texts.value.signIn;
  if (error.kind === "too_many") return t.tooMany(error.minutes);
  if (error.kind === "elsewhere") return texts.value.banners.refused;
  return error.kind === "wrong" ? t.wrong : t.away;
}

/** Over plain http browsers drop the session cookie, except on this machine. */
export function isUnsafe({ protocol, hostname }: Pick<Location, "protocol" | "hostname">): boolean {
  const loopback = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
  return protocol === "http:" && !loopback;
}

interface SignInProps {
  expired: boolean;
  onSignedIn: (agent: Agent) => void;
}

export function SignIn({ expired, onSignedIn }: SignInProps) {
  const [error, setError] = useState<SignInError | null>(null);
  const [working, setWorking] = useState(false);
  const first = useRef<HTMLInputElement>(null);
  const id = useId();
  const t = texts.value.signIn;
  useEffect(() => {
    first.current?.focus();
    document.title = texts.value.product;
  }, []);

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const entries = new FormData(event.currentTarget as HTMLFormElement);
    setWorking(true);
    const result = await signIn(String(entries.get("email")), String(entries.get("password")));
    setWorking(false);
    if ("agent" in result) onSignedIn(result.agent);
    else setError(result);
  }

  return (
    <main class="sign-in">
      <form class="sign-in__card" onSubmit={submit} aria-labelledby={`${id}-title`}>
        <p class="sign-in__product">{texts.value.product}</p>
        <h1 id={`${id}-title`}>{t.title}</h1>
        {isUnsafe(location) && <p class="sign-in__message sign-in__message--bad">{t.unsafe}</p>}
        {expired && !error && <p class="sign-in__message">{t.expired}</p>}
        <p class="sign-in__message sign-in__message--bad" role="alert" hidden={!error}>
          {error && errorMessage(error)}
        </p>
        <label>
          <span>{t.email}</span>
          <input ref={first} class="field" type="email" name="email" autocomplete="username" required />
        </label>
        <label>
          <span>{t.password}</span>
          <input class="field" type="password" name="password" autocomplete="current-password" required />
        </label>
        <button type="submit" class="button button--primary" disabled={working}>
          {working ? t.working : t.submit}
        </button>
        <p class="sign-in__hint">{t.forgotten}</p>
      </form>
    </main>
  );
}
