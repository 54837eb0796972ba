/** Signing in; says what is wrong in words, and keeps the address that was typed. */
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { Agent } from "../../client/protocol";
import { words } from "./preferences";
import { type SignInTrouble, signIn } from "./session";

function troubleText(trouble: SignInTrouble): string {
  const say = words.value.signIn;
  if (trouble.kind === "too_many") return say.tooMany(trouble.minutes);
  if (trouble.kind === "elsewhere") return words.value.banners.refused;
  return trouble.kind === "wrong" ? say.wrong : say.away;
}

/** Over plain http from elsewhere than this machine the session's cookie is not kept. */
export function isUnsafe({ protocol, hostname }: Pick<Location, "protocol" | "hostname">): boolean {
  const loopback = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
  return protocol === "http:" && !loopback;
}

interface SignInProps {
  expired: boolean;
  onSignedIn: (agent: Agent) => void;
}

export function SignIn({ expired, onSignedIn }: SignInProps) {
  const [trouble, setTrouble] = useState<SignInTrouble | null>(null);
  const [working, setWorking] = useState(false);
  const first = useRef<HTMLInputElement>(null);
  const id = useId();
  const say = words.value.signIn;
  useEffect(() => {
    first.current?.focus();
    document.title = words.value.product;
  }, []);

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const entries = new FormData(event.currentTarget as HTMLFormElement);
    setWorking(true);
    const result = await signIn(String(entries.get("email")), String(entries.get("password")));
    setWorking(false);
    if ("agent" in result) onSignedIn(result.agent);
    else setTrouble(result);
  }

  return (
    <main class="sign-in">
      <form class="sign-in__card" onSubmit={submit} aria-labelledby={`${id}-title`}>
        <p class="sign-in__product">{words.value.product}</p>
        <h1 id={`${id}-title`}>{say.title}</h1>
        {isUnsafe(location) && <p class="sign-in__word sign-in__word--bad">{say.unsafe}</p>}
        {expired && !trouble && <p class="sign-in__word">{say.expired}</p>}
        <p class="sign-in__word sign-in__word--bad" role="alert" hidden={!trouble}>
          {trouble && troubleText(trouble)}
        </p>
        <label>
          <span>{say.email}</span>
          <input ref={first} class="field" type="email" name="email" autocomplete="username" required />
        </label>
        <label>
          <span>{say.password}</span>
          <input class="field" type="password" name="password" autocomplete="current-password" required />
        </label>
        <button type="submit" class="button button--primary" disabled={working}>
          {working ? say.working : say.submit}
        </button>
        <p class="sign-in__hint">{say.forgotten}</p>
      </form>
    </main>
  );
}
