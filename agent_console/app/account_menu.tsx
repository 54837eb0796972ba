/** The account menu: appearance, language, sound and shortcuts on this browser, the password, and signing out. */

import { LOCALES } from "../../client/protocol/vocabulary";
import { Avatar } from "../ui/avatar";
import { languageName } from "../ui/labels";
import { Menu, MenuGroup, MenuItem } from "../ui/menu";
import { useConsole } from "./console";
import { language, shortcuts, sound, type Theme, texts, theme } from "./preferences";

const THEMES: readonly Theme[] = ["auto", "light", "dark"];

/** A language's name stands alone here: "Français", not "français". */
const capitalized = (name: string) => name.charAt(0).toLocaleUpperCase() + name.slice(1);

export function AccountMenu({ onSignOut, up = false }: { onSignOut: () => void; up?: boolean }) {
  const { presence } = useConsole();
  const me = presence.me.value;
  const dot = presence.choice.value === "available" ? "on" : "off";
  const t = texts.value.nav;
  return (
    <Menu
      label={t.account(me.name)}
      kind="nav__account"
      up={up}
      side={up ? "start" : "end"}
      content={<Avatar id={me.id} name={me.name} photo={me.photo} dot={dot} />}
    >
      {() => (
        <>
          <MenuGroup label={t.theme}>
            {THEMES.map((one) => (
              <MenuItem key={one} chosen={theme.value === one} onPick={() => (theme.value = one)}>
                {t.themes[one]}
              </MenuItem>
            ))}
          </MenuGroup>
          <MenuGroup label={t.language}>
            {LOCALES.map((one) => (
              <MenuItem key={one} chosen={language.value === one} onPick={() => (language.value = one)}>
                <span lang={one}>{capitalized(languageName(one, one))}</span>
              </MenuItem>
            ))}
          </MenuGroup>
          <MenuItem checked={sound.value} onPick={() => (sound.value = !sound.value)}>
            {t.sound}
          </MenuItem>
          <MenuItem checked={shortcuts.value} onPick={() => (shortcuts.value = !shortcuts.value)}>
            {t.shortcutsOn}
          </MenuItem>
          <MenuItem onPick={() => location.assign(`/password?lang=${language.value}`)}>
            {t.changePassword}
          </MenuItem>
          <MenuItem onPick={onSignOut}>{t.signOut}</MenuItem>
        </>
      )}
    </Menu>
  );
}
